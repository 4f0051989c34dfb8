import { context } from '@opentelemetry/api';
import {
  Backoff,
  EXPORT_FAILED,
  EXPORT_SUCCESS,
  type ExportResultLike,
  errorText,
  type RateLimitedWarnings,
} from '../record/index.ts';
import { exportErrorText, retryAfterMillis } from './export-error.ts';
import type { ResolvedRetryOptions } from './retry-options.ts';

/** One batch on its way: its attempts, the waits between them, its one result. */
export class RetriedExport {
  /** Resolves when the result is out, whatever it is. Never rejects. */
  readonly settled: Promise<void>;
  readonly #options: ResolvedRetryOptions;
  readonly #warnings: RateLimitedWarnings;
  readonly #context = context.active();
  #records: unknown[];
  #resultCallback: ((result: ExportResultLike) => void) | undefined;
  #markSettled: () => void = () => {};
  #attempts = 0;
  readonly #backoff: Backoff;
  /** While it waits: what ends the wait, and whether the server asked for it. */
  #waiting: { readonly cut: () => void; readonly askedByServer: boolean } | undefined;
  #cancelTimer: () => void = () => {};
  #isLast = false;
  // Elapsed time is added up stretch by stretch (attempt, wait, attempt …), each within its own bounds, so
  // that neither a clock that is set nor a process that was suspended ends the retries early or late.
  #elapsedMillis = 0;
  #stretchBegan = 0;

  constructor(
    options: ResolvedRetryOptions,
    warnings: RateLimitedWarnings,
    records: unknown[],
    resultCallback: (result: ExportResultLike) => void,
  ) {
    this.#options = options;
    this.#warnings = warnings;
    this.#records = records;
    this.#resultCallback = resultCallback;
    this.#backoff = new Backoff({
      initialMillis: options.initialBackoffMillis,
      maxMillis: options.maxBackoffMillis,
      multiplier: options.backoffMultiplier,
      jitter: options.jitter,
      random: options.random,
    });
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

  /** Ends a wait that the server did not ask for. */
  hurry(): void {
    if (this.#waiting?.askedByServer === false) this.#waiting.cut();
  }

  /** Makes the attempt under way the last one, or makes a last one at once. */
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
    this.#stretchBegan = clock.monotonicNow();
    const cancelTimer = clock.after(attemptTimeoutMillis, () => {
      state = 'overdue';
      this.#tryAgain(new Error(`the exporter did not call back within ${attemptTimeoutMillis} ms`), 0);
    });
    this.#cancelTimer = cancelTimer;
    const answer = (answered: ExportResultLike | undefined) => {
      const wasOpen = state === 'open';
      if (state === 'answered') return;
      state = 'answered';
      cancelTimer();
      const result = readResult(answered);
      if (result.code === EXPORT_SUCCESS) this.#settle(result);
      else if (wasOpen) this.#judge(result);
    };
    try {
      // A retry runs in no context, or in that of a flush. The context of the caller may suppress tracing for
      // what the exporter does.
      const returned: unknown = context.with(this.#context, () => exporter.export(this.#records, answer));
      // An exporter whose export() is async may reject instead of calling back.
      Promise.resolve(returned).catch((error: unknown) => answer(failure(error)));
    } catch (error) {
      if (state !== 'open') {
        this.#warnings.warn('throw', `the exporter called back and then threw ${errorText(error)}; ignored`);
        return;
      }
      state = 'answered';
      cancelTimer();
      throw error;
    }
  }

  #judge(result: ExportResultLike): void {
    const afterMillis = this.#retryAfterMillis(result.error);
    if (afterMillis === undefined) this.#settle(result);
    else this.#tryAgain(result.error, afterMillis);
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
      this.#warnings.warn('isRetryable', `isRetryable threw ${errorText(thrown)}; the rules of OTLP decide`);
      return byRules;
    }
  }

  #tryAgain(error: unknown, afterMillis: number): void {
    this.#endStretch(0, this.#options.attemptTimeoutMillis);
    const leftMillis = this.#options.maxElapsedMillis - this.#elapsedMillis;
    const what = `export of ${this.#records.length} records failed (attempt ${this.#attempts}, ${exportErrorText(error)})`;
    const reason = this.#reasonToStop(afterMillis, leftMillis);
    if (reason !== undefined) {
      this.fail(`${what}; no further attempt: ${reason}`, error);
      return;
    }
    const delay = Math.min(this.#backoff.nextMillis(afterMillis), leftMillis);
    this.#cancelTimer = this.#options.clock.after(delay, () => this.#goOn(delay, delay));
    this.#waiting = { cut: () => this.#goOn(0, delay), askedByServer: afterMillis > 0 };
    this.#warnings.warn('retry', `${what}; the next attempt follows in ${Math.ceil(delay)} ms`);
  }

  #reasonToStop(afterMillis: number, leftMillis: number): string | undefined {
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
      this.#judge(failure(error));
    }
  }

  #endStretch(leastMillis: number, mostMillis: number): void {
    const tookMillis = this.#options.clock.monotonicNow() - this.#stretchBegan;
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
      this.#warnings.warn('callback', `the result callback threw ${errorText(error)}; ignored`);
    }
    this.#markSettled();
  }
}

/** Reads a result that may be nothing, or an object whose getters throw: it runs inside of the exporter. */
function readResult(result: ExportResultLike | undefined): ExportResultLike {
  try {
    const { code = EXPORT_FAILED, error } = result ?? {};
    return error === undefined ? { code } : { code, error };
  } catch (error) {
    return failure(error);
  }
}

function failure(error: unknown): ExportResultLike {
  return { code: EXPORT_FAILED, error: error instanceof Error ? error : new Error(errorText(error)) };
}
