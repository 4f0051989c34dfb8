import { context } from '@opentelemetry/api';
import {
  EXPORT_FAILED,
  EXPORT_SUCCESS,
  type ExportResultLike,
  errorText,
  type Teller,
} from '../record/index.ts';
import { retryAfterMillis } from './retry-info.ts';
import type { ResolvedRetryOptions } from './retry-options.ts';

/** One batch on its way: its attempts, the waits between them, its one result. */
export class RetriedExport {
  /** Resolves when the result is out, whatever it is. Never rejects. */
  readonly settled: Promise<void>;
  readonly #options: ResolvedRetryOptions;
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
    options: ResolvedRetryOptions,
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
      const returned: unknown = context.with(this.#context, () => exporter.export(this.#records, answer));
      // An exporter whose export() is async may reject instead of calling back.
      Promise.resolve(returned).catch((error: unknown) =>
        answer({ code: EXPORT_FAILED, error: error instanceof Error ? error : new Error(errorText(error)) }),
      );
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
