import {
  type ExporterFlushOptionsLike,
  type ExportResultLike,
  flushMillis,
  type LogRecordExporterLike,
  RateLimitedWarnings,
  within,
} from '../record/index.ts';
import { RetriedExport } from './retried-export.ts';
import {
  type ResolvedRetryOptions,
  type RetryingLogRecordExporterOptions,
  resolveRetryOptions,
} from './retry-options.ts';

/**
 * Retries failed exports if their error is transient, so that no record is lost when a Collector restarts.
 *
 * OpenTelemetry's OTLP/gRPC exporter never retries, and OTLP/HTTP retries for 10 seconds only. Here an export
 * whose error is transient by the OTLP specification (UNAVAILABLE, 503, a network error …) is retried with
 * increasing waits, until it succeeds or `maxElapsedMillis` has elapsed. A wait that the server requests
 * (`RetryInfo`) is honoured; if it exceeds the remaining time, the export fails at once. All other errors,
 * and partial success, are reported unchanged. An attempt that does not call back in time counts as failed,
 * but a success that arrives later is accepted. A retry can deliver a batch twice if the server's response
 * was lost.
 *
 * - It supports as many concurrent exports as the wrapped exporter (`maxConcurrentExports`). It has no queue:
 *   an export that waits holds its batch and one timer, which does not keep the process alive.
 * - The result callback is called exactly once, within `worstCaseMillis`; the caller's timeout must exceed
 *   that.
 * - If the exporter throws synchronously in the first attempt, the error is rethrown, because it is caused by
 *   a record.
 */
export class RetryingLogRecordExporter implements LogRecordExporterLike {
  /** How long one batch is retried, in milliseconds; see the option. */
  readonly maxElapsedMillis: number;
  /** The `maxConcurrentExports` of the wrapped exporter, if it has that property. */
  readonly maxConcurrentExports?: number;
  readonly #options: ResolvedRetryOptions;
  readonly #warnings: RateLimitedWarnings;
  readonly #exports = new Set<RetriedExport>();
  #shutdown: Promise<void> | undefined;

  /** @throws RangeError or TypeError if an option is invalid or unknown */
  constructor(options: RetryingLogRecordExporterOptions) {
    this.#options = resolveRetryOptions(options);
    this.#warnings = new RateLimitedWarnings('RetryingLogRecordExporter', this.#options.clock);
    this.maxElapsedMillis = this.#options.maxElapsedMillis;
    const { maxConcurrentExports } = this.#options.exporter;
    if (maxConcurrentExports !== undefined) this.maxConcurrentExports = maxConcurrentExports;
  }

  /**
   * The longest time from `export()` to its result, in milliseconds, including an attempt that starts last.
   */
  get worstCaseMillis(): number {
    return this.maxElapsedMillis + this.#options.attemptTimeoutMillis;
  }

  /** @throws the error that the exporter throws synchronously; the callback is then not called */
  export(records: unknown[], resultCallback: (result: ExportResultLike) => void): void {
    const retried = new RetriedExport(this.#options, this.#warnings, records, resultCallback);
    if (this.#shutdown !== undefined) {
      retried.fail(`${records.length} records were not exported: the exporter was shut down`);
      return;
    }
    this.#exports.add(retried);
    retried.settled.then(() => this.#exports.delete(retried));
    retried.start();
  }

  /**
   * Retries waiting exports at once (unless the server requested the wait), flushes the exporter, and
   * resolves when every export in progress has its result, success or failure, at the latest after
   * `timeoutMillis` (default `flushTimeoutMillis`). Keeps the process alive in the meantime.
   * @throws the error with which the exporter's own `forceFlush()` rejects
   */
  async forceFlush(options?: ExporterFlushOptionsLike): Promise<void> {
    const { clock, flushTimeoutMillis } = this.#options;
    const millis = flushMillis(options, flushTimeoutMillis);
    const { inTime, error } = await within(this.#flush(millis), millis, clock, options?.keepsAlive !== false);
    if (error !== undefined) throw error;
    if (inTime) return;
    const inProgress = `${this.#exports.size} exports are still in progress`;
    this.#warnings.warn('flush', `forceFlush() ended after ${millis} ms; ${inProgress}`);
  }

  /**
   * Makes one last attempt for waiting exports, and shuts down the exporter. Takes at most
   * `attemptTimeoutMillis` in addition to the exporter's own shutdown. A second call returns the same
   * promise.
   */
  shutdown(options?: ExporterFlushOptionsLike): Promise<void> {
    this.#shutdown ??= Promise.resolve().then(() => this.#end(options?.keepsAlive !== false));
    return this.#shutdown;
  }

  async #flush(timeoutMillis: number): Promise<void> {
    const inProgress = [...this.#exports];
    for (const retried of inProgress) retried.retryNow();
    // At once, for an exporter that calls back only when it is flushed; and again, for later attempts.
    const flushed = this.#flushExporter(timeoutMillis);
    await Promise.allSettled([flushed, ...inProgress.map((retried) => retried.settled)]);
    await (inProgress.length === 0 ? flushed : this.#flushExporter(timeoutMillis));
  }

  async #end(keepsAlive: boolean): Promise<void> {
    const inProgress = [...this.#exports];
    for (const retried of inProgress) retried.conclude();
    const { attemptTimeoutMillis, clock, exporter } = this.#options;
    const settled = Promise.all(inProgress.map((retried) => retried.settled));
    await within(settled, attemptTimeoutMillis, clock, keepsAlive);
    await exporter.shutdown({ keepsAlive });
  }

  async #flushExporter(timeoutMillis: number): Promise<void> {
    await this.#options.exporter.forceFlush?.({ timeoutMillis, keepsAlive: false });
  }
}
