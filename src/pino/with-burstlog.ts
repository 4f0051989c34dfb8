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

/** The hooks of pino, as far as they are looked at. */
export interface PinoHooksLike {
  /** Called in place of each log method, with the method to call. */
  // biome-ignore lint/suspicious/noExplicitAny: whatever version of pino declares.
  logMethod?: ((this: any, args: any, method: any, level: number) => void) | undefined;
}

/** The options of pino, as far as they are looked at. */
export interface PinoOptionsLike {
  /** From this level on pino writes. */
  readonly level?: string | undefined;
  /** The name of the logger: `name` in lines, the scope of records. */
  readonly name?: string | undefined;
  /** Levels by their names. */
  readonly customLevels?: Readonly<Record<string, number>> | undefined;
  /** Whether pino has no other levels. */
  readonly useOnlyCustomLevels?: boolean | undefined;
  /** Only `'ASC'`, the default of pino, is supported. */
  // biome-ignore lint/suspicious/noExplicitAny: a name, or a function of the application.
  readonly levelComparison?: any;
  /** Where pino writes the message. */
  readonly messageKey?: string | undefined;
  /** Where pino writes an error. */
  readonly errorKey?: string | undefined;
  /** Where pino writes the object of a call. */
  readonly nestedKey?: string | undefined;
  /** Adds to each line. Such calls are serialized by pino. */
  readonly mixin?: unknown;
  /** Hooks of pino; `logMethod` is called first. */
  readonly hooks?: PinoHooksLike | undefined;
}

/** The hooks of pino with ours among them. */
export interface PinoHooks extends PinoHooksLike {
  /** Holds quiet calls, and passes the others on. */
  // biome-ignore lint/suspicious/noExplicitAny: whatever version of pino declares.
  logMethod: (this: any, args: any, method: any, level: number) => void;
}

/** What is done with the calls of a logger. */
export interface WithBurstlogOptions {
  /** From this level of pino on, calls become log records. Default: `'debug'`, or the lowest if there is no such one. */
  readonly level?: string | undefined;
  /** Where they go. Default: the global LoggerProvider, as it is when pino is called. */
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
 * Options for pino with which quiet calls are held as log records and nothing is serialized for them. What pino writes
 * stays as it was: lines from `options.level` on.
 *
 * ```js
 * const logger = pino(withBurstlog({ level: 'info' }));
 * ```
 *
 * - Every call from `level` on becomes a log record of the logger `options.name` (`'pino'` if there is none): severity
 *   by level, the message as body, bindings and the object as attributes, an error as `exception.*`, and what else it
 *   has, such as a code, under its key. If the official
 *   instrumentation of pino runs too, it sends what is written, and only the other calls become records here.
 * - `redact`, serializers, `formatters.log`, `mixin` and `nestedKey` apply to held calls as well. A call that needs one
 *   of them is serialized by pino, and read again, which costs as much as writing it.
 * - `hooks.logMethod` of yours is called first.
 * - pino's level is then the lower of both, for `isLevelEnabled()` and children too. `logger.level = 'warn'` at run time
 *   stops calls below it altogether.
 *
 * @param options what you would pass to `pino()`; not changed
 * @throws RangeError if `levelComparison` is not ascending, or a level is not known
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

/** Sends calls of pino to a logger of OpenTelemetry. */
class Sender {
  readonly #loggers: PinoLoggers;
  readonly #warnings = new RateLimitedWarnings('burstlog/pino', systemClock);
  readonly #name: string;
  readonly #keys: PinoKeys;
  /** Whether the options leave it to pino what a line holds. */
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
      // As the logs API has it, every field may be undefined.
      logger.emit({ severityNumber, severityText, body, attributes, eventName } as LogRecordOf<LoggerLike>);
    } catch (error) {
      this.#warnings.warn('failed', `a call of pino did not become a log record: ${errorText(error)}`);
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

/** pino has a level for every ten, OpenTelemetry four severities for each. */
function severityOf(level: number): number {
  const ten = Math.min(Math.max(Math.floor(level / 10), 1), SEVERITIES.length);
  const above = Math.min(Math.max(level - ten * 10, 0), 10);
  return SEVERITIES[ten - 1]! + Math.min(Math.ceil((above / 10) * 4), 3);
}

/** The level from which on calls are held if nothing says which. */
function quietest(levels: Readonly<Record<string, number>>): string {
  if (Object.hasOwn(levels, 'debug')) return 'debug';
  const names = Object.keys(levels);
  return names.reduce((one, other) => (levels[other]! < levels[one]! ? other : one));
}

function levelOf(name: string, levels: Readonly<Record<string, number>>): number {
  const level = Object.hasOwn(levels, name) ? levels[name] : undefined;
  if (level === undefined) {
    throw new RangeError(
      `${JSON.stringify(name)} is not a level of pino; known are ${Object.keys(levels).join(', ')}`,
    );
  }
  return level;
}
