import { context } from '@opentelemetry/api';
import {
  type Clock,
  checkKnown,
  duration,
  EXPORT_FAILED,
  EXPORT_SUCCESS,
  type ExportResultLike,
  errorText,
  type LogRecordExporterLike,
  shown,
  systemClock,
  Teller,
  withDefaults,
  withMethods,
} from '../record/index.ts';
import { retryAfterMillis } from './retry-info.ts';

/** How failed exports are tried again. */
export interface RetryOptions {
  /** The wait after the first failed attempt, in milliseconds from 1. Default 1000. */
  readonly initialBackoffMillis?: number;
  /** The longest wait, before jitter, in milliseconds from `initialBackoffMillis`. Default 30,000. */
  readonly maxBackoffMillis?: number;
  /** By how much each wait is longer than the one before, from 1. Default 1.5. */
  readonly backoffMultiplier?: number;
  /**
   * How far a wait is moved at random, 0 to 1: 0.2 makes 10 s anything from 8 to 12 s, so that the clients of a
   * server that comes back do not come back together. Default 0.2.
   */
  readonly jitter?: number;
  /**
   * How long one batch is tried for, in milliseconds from 0, attempts and waits together; the last attempt
   * begins when it is over. 0 tries once, Infinity never gives up. Default 300,000, as in the Collector: time
   * for a restart or a rollout. OTLP/gRPC needs up to 1.6 times an outage, for its channel backs off by itself.
   */
  readonly maxElapsedMillis?: number;
  /**
   * When an exporter that has not called back counts as failed, in milliseconds from 1. Keep it above the
   * exporter's own time-out (OTLP: 10 s), else a slow delivery is sent twice. Default 30,000.
   */
  readonly attemptTimeoutMillis?: number;
  /**
   * Judges the errors of an exporter that is not OTLP: whether, or after how many milliseconds at the earliest,
   * to try again; undefined leaves it to the rules of OTLP, and so does a throw. Default: always undefined.
   */
  readonly isRetryable?: (error: unknown) => boolean | { readonly afterMillis: number } | undefined;
  /** Time and timers. Default: the machine's. */
  readonly clock?: Clock;
  /** Random numbers from 0 to 1 for the jitter. Default: Math.random. */
  readonly random?: () => number;
}

/** The exporter that does the work, and how it is retried. */
export interface RetryingLogRecordExporterOptions extends RetryOptions {
  readonly exporter: LogRecordExporterLike;
}

const defaults: Required<RetryOptions> = {
  initialBackoffMillis: 1000,
  maxBackoffMillis: 30_000,
  backoffMultiplier: 1.5,
  jitter: 0.2,
  maxElapsedMillis: 300_000,
  attemptTimeoutMillis: 30_000,
  isRetryable: () => undefined,
  clock: systemClock,
  random: Math.random,
};

type Resolved = Required<RetryingLogRecordExporterOptions>;

function resolve(given: RetryingLogRecordExporterOptions): Resolved {
  checkKnown('RetryingLogRecordExporter', given, ['exporter', ...Object.keys(defaults)]);
  const options = withDefaults<Resolved>({ ...defaults, exporter: given.exporter }, given);
  withMethods('exporter', options.exporter, ['export', 'shutdown']);
  withMethods('clock', options.clock, ['now', 'after']);
  for (const name of ['isRetryable', 'random'] as const) {
    if (typeof options[name] === 'function') continue;
    throw new TypeError(`${name} must be a function, got ${shown(options[name])}`);
  }
  duration('initialBackoffMillis', options.initialBackoffMillis, 1);
  duration('maxBackoffMillis', options.maxBackoffMillis, 1);
  duration('maxElapsedMillis', options.maxElapsedMillis);
  duration('attemptTimeoutMillis', options.attemptTimeoutMillis, 1);
  between('backoffMultiplier', options.backoffMultiplier, 1, Number.MAX_VALUE);
  between('jitter', options.jitter, 0, 1);
  if (options.initialBackoffMillis <= options.maxBackoffMillis) return options;
  throw new RangeError(
    `maxBackoffMillis must be a number from initialBackoffMillis (${options.initialBackoffMillis}), got ${options.maxBackoffMillis}`,
  );
}

function between(name: string, value: unknown, min: number, max: number): void {
  if (typeof value === 'number' && value >= min && value <= max) return;
  const upTo = max === Number.MAX_VALUE ? '' : ` to ${max}`;
  throw new RangeError(`${name} must be a number from ${min}${upTo}, got ${shown(value)}`);
}

/**
 * Tries a failed export again where that is worth it, so that the restart of a Collector loses nothing.
 *
 * OpenTelemetry's OTLP/gRPC exporter never retries, and OTLP/HTTP for 10 seconds only. Here an export whose
 * error is transient by the OTLP specification (UNAVAILABLE, 503, a network error …) is attempted again, with
 * growing waits, until it succeeds or `maxElapsedMillis` are over; a wait that the server asks for (`RetryInfo`)
 * is observed, and where it is longer than what is left the export fails at once. All other errors, and partial
 * success, come back as they are. An exporter that does not call back counts as failed; should its success
 * arrive after all, it is taken. A retry can deliver a batch twice where the answer was lost on the way.
 *
 * - May be called at the same time as often as the exporter inside bears (`maxConcurrentExports`). It keeps no
 *   queue: an export that waits holds its batch and one timer, which never keeps the process alive.
 * - The result callback is called exactly once, within `worstCaseMillis`; the caller's time-out must lie above.
 * - A synchronous throw of the exporter at the first attempt is thrown on: it is the fault of a record.
 */
export class RetryingLogRecordExporter implements LogRecordExporterLike {
  /** For how long one batch is tried, in milliseconds; see the option. */
  readonly maxElapsedMillis: number;
  /** How many exports at once the exporter inside bears, if it says so. */
  readonly maxConcurrentExports?: number;
  readonly #options: Resolved;
  readonly #teller: Teller;
  readonly #exports = new Set<RetriedExport>();
  #shutdown: Promise<void> | undefined;

  /** @throws RangeError or TypeError for a wrong or unknown option */
  constructor(options: RetryingLogRecordExporterOptions) {
    this.#options = resolve(options);
    this.#teller = new Teller('RetryingLogRecordExporter', this.#options.clock);
    this.maxElapsedMillis = this.#options.maxElapsedMillis;
    const { maxConcurrentExports } = this.#options.exporter;
    if (maxConcurrentExports !== undefined) this.maxConcurrentExports = maxConcurrentExports;
  }

  /** The longest time from `export()` to its result, in milliseconds: the last attempt begins at the bound. */
  get worstCaseMillis(): number {
    return this.maxElapsedMillis + this.#options.attemptTimeoutMillis;
  }

  /** @throws what the exporter throws in the call itself; then there is no result */
  export(records: unknown[], resultCallback: (result: ExportResultLike) => void): void {
    const retried = new RetriedExport(this.#options, this.#teller, records, resultCallback);
    if (this.#shutdown !== undefined) {
      retried.fail(`not exported: ${records.length} records came after shutdown()`);
      return;
    }
    this.#exports.add(retried);
    retried.settled.then(() => this.#exports.delete(retried));
    retried.start();
  }

  /**
   * Attempts at once, and once, what waits to be retried (except where the server asked for the wait), flushes
   * the exporter, and resolves when every export that was under way has its result, good or bad.
   */
  async forceFlush(): Promise<void> {
    const underWay = [...this.#exports];
    for (const retried of underWay) retried.hurry();
    // At once, for an exporter that calls back only when flushed; and again, for what it took in since.
    const flushed = this.#flushExporter();
    await Promise.allSettled([flushed, ...underWay.map((retried) => retried.settled)]);
    await (underWay.length === 0 ? flushed : this.#flushExporter());
  }

  /**
   * Attempts what waits once more at once, fails what that does not deliver, and shuts the exporter down. Takes
   * at most `attemptTimeoutMillis` beside the exporter's own shutdown. A second call returns the same promise.
   */
  shutdown(): Promise<void> {
    this.#shutdown ??= Promise.resolve().then(() => this.#end());
    return this.#shutdown;
  }

  async #end(): Promise<void> {
    const underWay = [...this.#exports];
    for (const retried of underWay) retried.conclude();
    await Promise.all(underWay.map((retried) => retried.settled));
    await this.#options.exporter.shutdown();
  }

  async #flushExporter(): Promise<void> {
    await this.#options.exporter.forceFlush?.();
  }
}

/** One batch on its way: its attempts, the waits between them, its one result. */
class RetriedExport {
  /** Resolves when the result is out, whatever it is. Never rejects. */
  readonly settled: Promise<void>;
  readonly #options: Resolved;
  readonly #teller: Teller;
  readonly #context = context.active();
  #records: unknown[];
  #resultCallback: ((result: ExportResultLike) => void) | undefined;
  #markSettled: () => void = () => {};
  #attempts = 0;
  #backoffMillis: number;
  /** While it waits: what ends the wait, and whether the server asked for it. */
  #waiting: { readonly cut: () => void; readonly askedByServer: boolean } | undefined;
  #cancelTimer: () => void = () => {};
  #isLast = false;
  // Elapsed time is added up stretch by stretch (attempt, wait, attempt …), each within its own bounds, so that
  // neither a clock that is set nor a process that was suspended ends the retries early or late.
  #elapsedMillis = 0;
  #stretchBegan = 0;

  constructor(
    options: Resolved,
    teller: Teller,
    records: unknown[],
    resultCallback: (result: ExportResultLike) => void,
  ) {
    this.#options = options;
    this.#teller = teller;
    this.#records = records;
    this.#resultCallback = resultCallback;
    this.#backoffMillis = options.initialBackoffMillis;
    this.settled = new Promise((resolve) => {
      this.#markSettled = resolve;
    });
  }

  /** @throws what the exporter throws */
  start(): void {
    try {
      this.#attempt();
    } catch (error) {
      this.#resultCallback = undefined;
      this.#markSettled();
      throw error;
    }
  }

  /** Ends a wait of our own choosing. */
  hurry(): void {
    if (this.#waiting?.askedByServer === false) this.#waiting.cut();
  }

  /** Makes the attempt under way, or else one more at once, the last. */
  conclude(): void {
    this.#isLast = true;
    this.#waiting?.cut();
  }

  fail(message: string, cause?: unknown): void {
    this.#settle({ code: EXPORT_FAILED, error: new Error(message, { cause }) });
  }

  #attempt(): void {
    const { clock, exporter, attemptTimeoutMillis } = this.#options;
    let state: 'open' | 'overdue' | 'answered' = 'open';
    this.#attempts += 1;
    this.#stretchBegan = clock.now();
    const cancelTimer = clock.after(attemptTimeoutMillis, () => {
      state = 'overdue';
      this.#tryAgain(new Error(`the exporter did not call back within ${attemptTimeoutMillis} ms`), 0);
    });
    this.#cancelTimer = cancelTimer;
    const answer = (result: ExportResultLike) => {
      const wasOpen = state === 'open';
      if (state === 'answered') return;
      state = 'answered';
      cancelTimer();
      if (result?.code === EXPORT_SUCCESS) this.#settle(result);
      else if (wasOpen) this.#judge(result);
    };
    try {
      // A retry runs in nobody's context, or in that of whoever flushes: neither is the caller's, who may have
      // suppressed tracing for what the exporter does.
      context.with(this.#context, () => exporter.export(this.#records, answer));
    } catch (error) {
      if (state !== 'open') {
        this.#teller.warn('throw', `the exporter called back and then threw ${errorText(error)}; ignored`);
        return;
      }
      state = 'answered';
      cancelTimer();
      throw error;
    }
  }

  #judge(result: ExportResultLike | undefined): void {
    const afterMillis = this.#retryAfterMillis(result?.error);
    if (afterMillis === undefined) this.#settle(result ?? { code: EXPORT_FAILED });
    else this.#tryAgain(result?.error, afterMillis);
  }

  #retryAfterMillis(error: unknown): number | undefined {
    const byRules = retryAfterMillis(error);
    try {
      const verdict = this.#options.isRetryable(error);
      if (verdict === undefined) return byRules;
      if (verdict === false) return undefined;
      if (verdict === true) return byRules ?? 0;
      return verdict.afterMillis > 0 ? verdict.afterMillis : 0;
    } catch (thrown) {
      this.#teller.warn('isRetryable', `isRetryable threw ${errorText(thrown)}; the rules of OTLP decide`);
      return byRules;
    }
  }

  #tryAgain(error: unknown, afterMillis: number): void {
    const { backoffMultiplier, clock, jitter, maxBackoffMillis, random } = this.#options;
    this.#endStretch(0, this.#options.attemptTimeoutMillis);
    const leftMillis = this.#options.maxElapsedMillis - this.#elapsedMillis;
    const what = `export of ${this.#records.length} records failed (attempt ${this.#attempts}, ${errorText(error)})`;
    const reason = this.#reasonToGiveUp(afterMillis, leftMillis);
    if (reason !== undefined) {
      this.fail(`${what}; given up: ${reason}`, error);
      return;
    }
    const luck = random();
    const backoff = this.#backoffMillis * (1 + jitter * (2 * luck - 1));
    // Never earlier than asked, but not all clients in the same moment.
    const asked = afterMillis * (1 + jitter * luck);
    const delay = Math.min(Math.ceil(Math.max(backoff, asked)), leftMillis);
    this.#backoffMillis = Math.min(this.#backoffMillis * backoffMultiplier, maxBackoffMillis);
    this.#cancelTimer = clock.after(delay, () => this.#goOn(delay, delay));
    this.#waiting = { cut: () => this.#goOn(0, delay), askedByServer: afterMillis > 0 };
    this.#teller.warn('retry', `${what}; the next attempt follows in ${Math.ceil(delay)} ms`);
  }

  #reasonToGiveUp(afterMillis: number, leftMillis: number): string | undefined {
    if (this.#isLast) return 'the exporter was shut down';
    if (leftMillis < 1) return `${this.#options.maxElapsedMillis} ms are over`;
    if (afterMillis <= leftMillis) return undefined;
    return `the server asked for ${afterMillis} ms, but only ${Math.floor(leftMillis)} ms are left`;
  }

  #goOn(leastMillis: number, mostMillis: number): void {
    this.#cancelTimer();
    this.#waiting = undefined;
    this.#endStretch(leastMillis, mostMillis);
    try {
      this.#attempt();
    } catch (error) {
      this.#judge({
        code: EXPORT_FAILED,
        error: error instanceof Error ? error : new Error(errorText(error)),
      });
    }
  }

  #endStretch(leastMillis: number, mostMillis: number): void {
    const tookMillis = this.#options.clock.now() - this.#stretchBegan;
    this.#elapsedMillis += Math.min(Math.max(tookMillis, leastMillis), mostMillis);
    this.#stretchBegan += tookMillis;
  }

  #settle(result: ExportResultLike): void {
    const resultCallback = this.#resultCallback;
    if (resultCallback === undefined) return;
    this.#resultCallback = undefined;
    this.#waiting = undefined;
    this.#cancelTimer();
    // An exporter that never calls back may hold on to us, but not to the records.
    this.#records = [];
    try {
      resultCallback(result);
    } catch (error) {
      this.#teller.warn('callback', `the result callback threw ${errorText(error)}; ignored`);
    }
    this.#markSettled();
  }
}
