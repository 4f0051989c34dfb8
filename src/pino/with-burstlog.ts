import {
  errorText,
  globalLoggerProvider,
  type LoggerLike,
  type LoggerProviderLike,
  markHooked,
  RateLimitedWarnings,
  Severity,
  systemClock,
} from '../record/index.ts';
import { type PinoKeys, type PinoLoggerLike, PinoLoggers, type PinoMethod } from './pino-logger.ts';
import { directRecord, parsedRecord } from './pino-record.ts';

/** The hooks of pino that are used here. */
export interface PinoHooksLike {
  /** Called instead of each log method, with that method. */
  // biome-ignore lint/suspicious/noExplicitAny: the type depends on the version of pino.
  logMethod?: ((this: any, args: any, method: any, level: number) => void) | undefined;
}

/** The options of pino that are used here. */
export interface PinoOptionsLike {
  /** The minimum level of the lines that pino writes. */
  readonly level?: string | undefined;
  /** The name of the logger: `name` in lines, the scope of records. */
  readonly name?: string | undefined;
  /** Custom levels, by name. */
  readonly customLevels?: Readonly<Record<string, number>> | undefined;
  /** Whether only the custom levels exist. */
  readonly useOnlyCustomLevels?: boolean | undefined;
  /** Only `'ASC'`, the default of pino, is supported. */
  // biome-ignore lint/suspicious/noExplicitAny: a name or a function.
  readonly levelComparison?: any;
  /** The key of the message in a line. */
  readonly messageKey?: string | undefined;
  /** The key of an error in a line. */
  readonly errorKey?: string | undefined;
  /** The key of the call's object in a line. */
  readonly nestedKey?: string | undefined;
  /** Adds fields to each line. Calls with it are serialized by pino. */
  readonly mixin?: unknown;
  /** Hooks of pino; `logMethod` is called first. */
  readonly hooks?: PinoHooksLike | undefined;
}

/** The hooks of pino, including ours. */
export interface PinoHooks extends PinoHooksLike {
  /** Creates log records from calls, and passes those at or above pino's level on. */
  // biome-ignore lint/suspicious/noExplicitAny: the type depends on the version of pino.
  logMethod: (this: any, args: any, method: any, level: number) => void;
}

/** How the calls of a logger become log records. */
export interface WithBurstlogOptions {
  /**
   * The minimum pino level of calls that become log records. Default: `'debug'`, or the lowest level without
   * it.
   */
  readonly level?: string | undefined;
  /** The provider of the log records. Default: the global LoggerProvider at the time of the call. */
  readonly loggerProvider?: LoggerProviderLike | undefined;
}

/** Source: https://github.com/pinojs/pino/blob/main/docs/api.md#loggerlevels-object */
const LEVELS: Readonly<Record<string, number>> = {
  trace: 10,
  debug: 20,
  info: 30,
  warn: 40,
  error: 50,
  fatal: 60,
  silent: Number.POSITIVE_INFINITY,
};
const SEVERITIES = [
  Severity.TRACE,
  Severity.DEBUG,
  Severity.INFO,
  Severity.WARN,
  Severity.ERROR,
  Severity.FATAL,
];

/**
 * Returns options for pino that turn calls into log records, without serializing the quiet ones. The lines
 * that pino writes do not change: those from `options.level` on.
 *
 * ```js
 * const logger = pino(withBurstlog({ level: 'info' }));
 * ```
 *
 * - Every call from `level` on becomes a log record of the logger `options.name` (default `'pino'`). The
 *   level becomes the severity, the message the body, bindings and object the attributes, and an error
 *   `exception.*`; other fields of an error, such as a code, stay under its key. If the official
 *   instrumentation of pino is also active, it sends the written lines, and only the other calls become
 *   records here.
 * - `redact`, serializers, `formatters.log`, `mixin` and `nestedKey` also apply to held calls. A call that
 *   needs one of them is serialized by pino and parsed again, which costs as much as writing it.
 * - Your `hooks.logMethod` is called first.
 * - pino's level becomes the lower of both levels, including for `isLevelEnabled()` and children. Setting
 *   `logger.level = 'warn'` at run time stops all calls below it.
 *
 * @param options the options for `pino()`; not changed
 * @throws RangeError if `levelComparison` is not ascending, or a level is unknown
 */
export function withBurstlog<O extends PinoOptionsLike>(
  options?: O,
  settings: WithBurstlogOptions = {},
): O & { level: string; hooks: PinoHooks } {
  const given: PinoOptionsLike = options ?? {};
  const { level: writtenFrom = 'info' } = given;
  if (given.levelComparison !== undefined && given.levelComparison !== 'ASC') {
    throw new RangeError("withBurstlog() needs levelComparison 'ASC', pino's default");
  }
  const { silent, ...standard } = LEVELS;
  const levels = { ...(given.useOnlyCustomLevels ? {} : standard), silent: silent!, ...given.customLevels };
  const { level: heldFrom = quietest(levels), loggerProvider } = settings;
  const written = levelOf(writtenFrom, levels);
  const sender = new Sender(given, loggerProvider);
  const own = given.hooks?.logMethod;

  function logMethod(this: PinoLoggerLike, args: unknown[], method: PinoMethod, level: number): void {
    const isWritten = level >= written;
    if (own === undefined) {
      if (isWritten) method.apply(this, args);
      sender.send(this, args, method, level, isWritten);
      return;
    }
    const both = function (this: PinoLoggerLike, ...changed: unknown[]) {
      if (isWritten) method.apply(this, changed);
      sender.send(this, changed, method, level, isWritten);
    };
    own.call(this, args, both, level);
  }

  const level = levelOf(heldFrom, levels) < written ? heldFrom : writtenFrom;
  markHooked('pino');
  return { ...(options as O), level, hooks: { ...given.hooks, logMethod } };
}

type LogRecordOf<L extends LoggerLike> = Parameters<L['emit']>[0];

/** Sends calls of pino to an OpenTelemetry logger. */
class Sender {
  readonly #loggers: PinoLoggers;
  readonly #warnings = new RateLimitedWarnings('burstlog/pino', systemClock);
  readonly #name: string;
  readonly #keys: PinoKeys;
  /** Whether the options require pino to serialize every line. */
  readonly #isOpaque: boolean;
  readonly #given: LoggerProviderLike | undefined;
  #provider: LoggerProviderLike | undefined;
  #logger: LoggerLike | undefined;

  constructor(options: PinoOptionsLike, provider: LoggerProviderLike | undefined) {
    this.#name = options.name ?? 'pino';
    this.#keys = { message: options.messageKey ?? 'msg', error: options.errorKey ?? 'err' };
    this.#loggers = new PinoLoggers(this.#keys);
    this.#isOpaque = options.mixin !== undefined || Boolean(options.nestedKey);
    this.#given = provider;
  }

  /** Never throws. */
  send(
    pino: PinoLoggerLike,
    args: readonly unknown[],
    method: PinoMethod,
    level: number,
    isWritten: boolean,
  ): void {
    try {
      if (isWritten && this.#loggers.isInstrumented(pino)) return;
      const logger = this.#current();
      if (logger === undefined) return;
      const record = this.#record(pino, args, method);
      if (record === undefined) return;
      const severityNumber = severityOf(level);
      const severityText = pino.levels.labels[level];
      const { body, eventName, attributes } = record;
      // The logs API allows undefined in every field.
      logger.emit({ severityNumber, severityText, body, attributes, eventName } as LogRecordOf<LoggerLike>);
    } catch (error) {
      this.#warnings.warn(
        'failed',
        `a call of pino could not be converted to a log record: ${errorText(error)}`,
      );
    }
  }

  #record(pino: PinoLoggerLike, args: readonly unknown[], method: PinoMethod) {
    const direct = this.#isOpaque ? undefined : directRecord(this.#loggers.linesOf(pino), args);
    if (direct !== undefined) return direct;
    const line = this.#loggers.lineOf(pino, method, args);
    return line === undefined ? undefined : parsedRecord(line, this.#keys);
  }

  #current(): LoggerLike | undefined {
    const provider = this.#given ?? globalLoggerProvider();
    if (provider !== this.#provider) {
      this.#provider = provider;
      this.#logger = provider?.getLogger(this.#name);
    }
    return this.#logger;
  }
}

/** pino has one level per ten, OpenTelemetry four severities for each of them. */
function severityOf(level: number): number {
  const ten = Math.min(Math.max(Math.floor(level / 10), 1), SEVERITIES.length);
  const above = Math.min(Math.max(level - ten * 10, 0), 10);
  return SEVERITIES[ten - 1]! + Math.min(Math.ceil((above / 10) * 4), 3);
}

/** Returns the default level from which on calls are held. */
function quietest(levels: Readonly<Record<string, number>>): string {
  if (Object.hasOwn(levels, 'debug')) return 'debug';
  const names = Object.keys(levels);
  return names.reduce((one, other) => (levels[other]! < levels[one]! ? other : one));
}

function levelOf(name: string, levels: Readonly<Record<string, number>>): number {
  const level = Object.hasOwn(levels, name) ? levels[name] : undefined;
  if (level === undefined) {
    throw new RangeError(
      `${JSON.stringify(name)} is not a level of pino; expected one of ${Object.keys(levels).join(', ')}`,
    );
  }
  return level;
}
