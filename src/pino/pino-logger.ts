/** A logger of pino, as far as it is looked at. */
export interface PinoLoggerLike {
  readonly levels: { readonly labels: Readonly<Record<number, string>> };
}

/** A log method of pino. */
export type PinoMethod = (this: PinoLoggerLike, ...args: unknown[]) => void;

/** What pino keeps behind symbols that its copies do not share; they are found by what they are called. */
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
/** What a line has that a record has elsewhere, or its resource. */
export const ELSEWHERE: readonly string[] = [
  'time',
  'level',
  'pid',
  'hostname',
  'trace_id',
  'span_id',
  'trace_flags',
];
/** The key by which a line carries the name of an event. Source: OpenTelemetry's instrumentation of pino */
export const EVENT_NAME = 'otel.event.name';

/** The keys that pino gives a meaning. */
export interface PinoKeys {
  readonly message: string;
  readonly error: string;
}

type Symbols = Record<keyof typeof NAMES, symbol | undefined>;
type Kept = PinoLoggerLike & Record<symbol, unknown>;

/** What a logger, or a child of it, adds to its lines. */
export interface PinoLines {
  /** Its bindings, without those that the resource has. */
  readonly bindings: Readonly<Record<string, unknown>>;
  readonly hasBindings: boolean;
  readonly prefix: string;
  /** Keys of an object that only pino can write: with a serializer, or with a meaning of their own. */
  readonly special: ReadonlySet<string>;
  /** Whether only pino itself can say what a line holds: redaction, formatters, a serializer of whole objects. */
  readonly isOpaque: boolean;
}

/** Reads loggers of one `pino()` call and their children. */
export class PinoLoggers {
  readonly #known = new WeakMap<object, { readonly bindings: unknown; readonly lines: PinoLines }>();
  readonly #keys: PinoKeys;
  #symbols: Symbols | undefined;

  constructor(keys: PinoKeys) {
    this.#keys = keys;
  }

  /** What this logger adds to its lines; looked up again after `setBindings()`. */
  linesOf(logger: PinoLoggerLike): PinoLines {
    const symbols = this.#symbolsOf(logger);
    const bindings = at(logger, symbols.bindings);
    const known = this.#known.get(logger);
    if (known !== undefined && known.bindings === bindings) return known.lines;
    const lines = read(logger, symbols, this.#keys);
    this.#known.set(logger, { bindings, lines });
    return lines;
  }

  /** The line that pino itself would write, without writing it. */
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

  /** Whether the official instrumentation already sends what this logger writes. */
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
      // A line has them twice, or they take the place of what is not given.
      [keys.message, keys.error, EVENT_NAME].some((key) => Object.hasOwn(bindings, key)) ||
      redaction.length > 0 ||
      typeof formatters?.log === 'function' ||
      ANY_VALUE.some((key) => key in serializers),
  };
}
