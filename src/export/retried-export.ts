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

/** The export of one batch: its attempts, the waits between them, and its result. */
export class RetriedExport {
  /** Resolves when the result was reported, whatever it is. Never rejects. */
  readonly settled: Promise<void>;
  readonly #options: ResolvedRetryOptions;
  readonly #warnings: RateLimitedWarnings;
  readonly #context = context.active();
  #records: unknown[];
  #resultCallback: ((result: ExportResultLike) => void) | undefined;
  #markSettled: () => void = () => {};
  #attempts = 0;
  readonly #backoff: Backoff;
  /** Set during a wait: ends the wait, and whether the server requested it. */
  #waiting: { readonly end: () => void; readonly requestedByServer: boolean } | undefined;
  #cancelTimer: () => void = () => {};
  #isLast = false;
  // Elapsed time is the sum of phases (attempt, wait, attempt …), each clamped to its own bounds, so that a
  // suspended process or a clock change does not end the retries early or late.
  #elapsedMillis = 0;
  #phaseStartedAt = 0;

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

  /** Starts the first attempt. @throws the error that the exporter throws */
  start(): void {
    try {
      this.#attempt();
    } catch (error) {
      this.#resultCallback = undefined;
      this.#markSettled();
      throw error;
    }
  }

  /** Retries at once, unless the server requested the current wait. */
  retryNow(): void {
    if (this.#waiting?.requestedByServer === false) this.#waiting.end();
  }

  /** Makes the current attempt the last one, or starts a last attempt at once. */
  conclude(): void {
    this.#isLast = true;
    this.#waiting?.end();
  }

  fail(message: string, cause?: unknown): void {
    this.#settle({ code: EXPORT_FAILED, error: new Error(message, { cause }) });
  }

  #attempt(): void {
    const { clock, exporter, attemptTimeoutMillis } = this.#options;
    let state: 'open' | 'overdue' | 'answered' = 'open';
    this.#attempts += 1;
    this.#phaseStartedAt = clock.monotonicNow();
    const cancelTimer = clock.after(attemptTimeoutMillis, () => {
      state = 'overdue';
      this.#retry(new Error(`the exporter did not call back within ${attemptTimeoutMillis} ms`), 0);
    });
    this.#cancelTimer = cancelTimer;
    const answer = (answered: ExportResultLike | undefined) => {
      const wasOpen = state === 'open';
      if (state === 'answered') return;
      state = 'answered';
      cancelTimer();
      const result = readResult(answered);
      if (result.code === EXPORT_SUCCESS) this.#settle(result);
      else if (wasOpen) this.#retryOrSettle(result);
    };
    try {
      // The context of `export()` is restored, because it may suppress tracing. A retry itself runs in the
      // root context or in that of a flush.
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

  #retryOrSettle(result: ExportResultLike): void {
    // A late success of an earlier attempt may have settled the export.
    if (this.#resultCallback === undefined) return;
    const afterMillis = this.#retryAfterMillis(result.error);
    if (afterMillis === undefined) this.#settle(result);
    else this.#retry(result.error, afterMillis);
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
      this.#warnings.warn('isRetryable', `isRetryable threw ${errorText(thrown)}; the OTLP rules apply`);
      return byRules;
    }
  }

  #retry(error: unknown, afterMillis: number): void {
    this.#endPhase(0, this.#options.attemptTimeoutMillis);
    const leftMillis = this.#options.maxElapsedMillis - this.#elapsedMillis;
    const what = `export of ${this.#records.length} records failed (attempt ${this.#attempts}, ${exportErrorText(error)})`;
    const reason = this.#reasonToStop(afterMillis, leftMillis);
    if (reason !== undefined) {
      this.fail(`${what}; no further attempt: ${reason}`, error);
      return;
    }
    const delay = Math.min(this.#backoff.nextMillis(afterMillis), leftMillis);
    this.#cancelTimer = this.#options.clock.after(delay, () => this.#endWait(delay, delay));
    this.#waiting = { end: () => this.#endWait(0, delay), requestedByServer: afterMillis > 0 };
    this.#warnings.warn('retry', `${what}; next attempt in ${Math.ceil(delay)} ms`);
  }

  #reasonToStop(afterMillis: number, leftMillis: number): string | undefined {
    if (this.#isLast) return 'the exporter was shut down';
    if (leftMillis < 1) return `maxElapsedMillis (${this.#options.maxElapsedMillis}) has elapsed`;
    if (afterMillis <= leftMillis) return undefined;
    return `the server requested a wait of ${afterMillis} ms, but only ${Math.floor(leftMillis)} ms remain`;
  }

  #endWait(minMillis: number, maxMillis: number): void {
    this.#cancelTimer();
    this.#waiting = undefined;
    this.#endPhase(minMillis, maxMillis);
    try {
      this.#attempt();
    } catch (error) {
      this.#retryOrSettle(failure(error));
    }
  }

  #endPhase(minMillis: number, maxMillis: number): void {
    const tookMillis = this.#options.clock.monotonicNow() - this.#phaseStartedAt;
    this.#elapsedMillis += Math.min(Math.max(tookMillis, minMillis), maxMillis);
    this.#phaseStartedAt += tookMillis;
  }

  #settle(result: ExportResultLike): void {
    const resultCallback = this.#resultCallback;
    if (resultCallback === undefined) return;
    this.#resultCallback = undefined;
    this.#waiting = undefined;
    this.#cancelTimer();
    // An exporter that never calls back may keep this object alive, but must not keep the records.
    this.#records = [];
    try {
      resultCallback(result);
    } catch (error) {
      this.#warnings.warn('callback', `the result callback threw ${errorText(error)}; ignored`);
    }
    this.#markSettled();
  }
}

/**
 * Reads a result that may be undefined or have getters that throw. Never throws: it runs inside the exporter.
 */
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
