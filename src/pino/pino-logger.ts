/** The parts of a pino logger that are used here. */
export interface PinoLoggerLike {
  readonly levels: { readonly labels: Readonly<Record<number, string>> };
}

/** A log method of pino. */
export type PinoMethod = (this: PinoLoggerLike, ...args: unknown[]) => void;

/**
 * Descriptions of pino's symbols. Copies of pino do not share the symbols, so they are found by description.
 */
const NAMES = {
  bindings: 'pino.chindings',
  prefix: 'pino.msgPrefix',
  redaction: 'pino.stringifiers',
  stream: 'pino.stream',
  mixin: 'pino.mixin',
} as const;
/** Symbols that all copies of pino share. */
const SERIALIZERS = Symbol.for('pino.serializers');
const FORMATTERS = Symbol.for('pino.formatters');
const ANY_VALUE = [Symbol.for('pino.*'), '*'];
/** Fields of a line that a record, or its resource, has in other fields. */
export const ELSEWHERE: readonly string[] = [
  'time',
  'level',
  'pid',
  'hostname',
  'trace_id',
  'span_id',
  'trace_flags',
];
/** The key of the event name in a line. Source: OpenTelemetry's instrumentation of pino */
export const EVENT_NAME = 'otel.event.name';

/** The configurable keys of pino. */
export interface PinoKeys {
  readonly message: string;
  readonly error: string;
}

type Symbols = Record<keyof typeof NAMES, symbol | undefined>;
type Kept = PinoLoggerLike & Record<symbol, unknown>;

/** What a logger, or a child of it, adds to its lines. */
export interface PinoLines {
  /** Its bindings, without the fields in `ELSEWHERE`. */
  readonly bindings: Readonly<Record<string, unknown>>;
  readonly hasBindings: boolean;
  readonly prefix: string;
  /** Keys of an object that need pino: those with a serializer or a special meaning. */
  readonly special: ReadonlySet<string>;
  /** Whether only pino can serialize a line: with redaction, formatters, or a serializer of whole objects. */
  readonly isOpaque: boolean;
}

/** Reads the loggers of one `pino()` call and their children. */
export class PinoLoggers {
  readonly #known = new WeakMap<object, { readonly bindings: unknown; readonly lines: PinoLines }>();
  readonly #keys: PinoKeys;
  #symbols: Symbols | undefined;

  constructor(keys: PinoKeys) {
    this.#keys = keys;
  }

  /** Returns what this logger adds to its lines; read again after `setBindings()`. */
  linesOf(logger: PinoLoggerLike): PinoLines {
    const symbols = this.#symbolsOf(logger);
    const bindings = at(logger, symbols.bindings);
    const known = this.#known.get(logger);
    if (known !== undefined && known.bindings === bindings) return known.lines;
    const lines = read(logger, symbols, this.#keys);
    this.#known.set(logger, { bindings, lines });
    return lines;
  }

  /** Returns the line that pino would write, without writing it. */
  lineOf(logger: PinoLoggerLike, method: PinoMethod, args: readonly unknown[]): string | undefined {
    const { stream } = this.#symbolsOf(logger);
    if (stream === undefined) return undefined;
    let line: string | undefined;
    const target = {
      write(text: string) {
        line = text;
      },
    };
    const capturing = Object.create(logger, { [stream]: { value: target } }) as PinoLoggerLike;
    method.apply(capturing, [...args]);
    return line;
  }

  /** Whether the official instrumentation already sends the lines that this logger writes. */
  isInstrumented(logger: PinoLoggerLike): boolean {
    const { stream } = this.#symbolsOf(logger);
    const target = at(logger, stream) as { readonly streams?: readonly { stream?: object }[] } | undefined;
    return Boolean(target?.streams?.some((each) => each.stream?.constructor.name === 'OTelPinoStream'));
  }

  #symbolsOf(logger: PinoLoggerLike): Symbols {
    this.#symbols ??= symbolsOf(logger);
    return this.#symbols;
  }
}

function symbolsOf(logger: object): Symbols {
  const found = new Map<string | undefined, symbol>();
  for (
    let level: object | null = logger;
    level !== null;
    level = Object.getPrototypeOf(level) as object | null
  ) {
    for (const symbol of Object.getOwnPropertySymbols(level)) found.set(symbol.description, symbol);
  }
  const entries = Object.entries(NAMES).map(([key, name]) => [key, found.get(name)]);
  return Object.fromEntries(entries) as Symbols;
}

function at(logger: object, symbol: symbol | undefined): unknown {
  return symbol === undefined ? undefined : (logger as Kept)[symbol];
}

function read(logger: PinoLoggerLike, symbols: Symbols, keys: PinoKeys): PinoLines {
  const kept = at(logger, symbols.bindings);
  const bindings: Record<string, unknown> =
    typeof kept === 'string' && kept !== '' ? JSON.parse(`{${kept.slice(1)}}`) : {};
  for (const key of ELSEWHERE) delete bindings[key];
  const prefix = at(logger, symbols.prefix);
  const serializers = (at(logger, SERIALIZERS) ?? Object.create(null)) as object;
  const formatters = at(logger, FORMATTERS) as { readonly log?: unknown } | undefined;
  const redaction = Reflect.ownKeys((at(logger, symbols.redaction) ?? {}) as object);
  return {
    bindings,
    hasBindings: Object.keys(bindings).length > 0,
    prefix: typeof prefix === 'string' ? prefix : '',
    special: new Set([...Object.keys(serializers), ...Object.values(keys), ...ELSEWHERE, EVENT_NAME]),
    isOpaque:
      symbols.bindings === undefined ||
      // Such a key would occur twice in a line, or would replace a missing value.
      [keys.message, keys.error, EVENT_NAME].some((key) => Object.hasOwn(bindings, key)) ||
      redaction.length > 0 ||
      typeof formatters?.log === 'function' ||
      ANY_VALUE.some((key) => key in serializers),
  };
}
