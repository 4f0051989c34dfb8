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
 * Retries a failed export if its error is transient, so that the restart of a Collector loses nothing.
 *
 * OpenTelemetry's OTLP/gRPC exporter never retries, and OTLP/HTTP for 10 seconds only. Here an export whose
 * error is transient by the OTLP specification (UNAVAILABLE, 503, a network error …) is attempted again, with
 * growing waits, until it succeeds or `maxElapsedMillis` are over; a wait that the server asks for
 * (`RetryInfo`) is observed; if it is longer than the time that is left, the export fails at once. All other
 * errors, and partial success, come back as they are. An exporter that does not call back counts as failed;
 * should its success arrive after all, it is taken. A retry can deliver a batch twice where the answer was
 * lost on the way.
 *
 * - May be called at the same time as often as the wrapped exporter allows (`maxConcurrentExports`). It keeps
 *   no queue: an export that waits holds its batch and one timer, which never keeps the process alive.
 * - The result callback is called exactly once, within `worstCaseMillis`; the caller's time-out must lie
 *   above.
 * - A synchronous throw of the exporter at the first attempt is rethrown: a record is its cause.
 */
export class RetryingLogRecordExporter implements LogRecordExporterLike {
  /** For how long one batch is tried, in milliseconds; see the option. */
  readonly maxElapsedMillis: number;
  /** How many exports at once the wrapped exporter allows, if it says so. */
  readonly maxConcurrentExports?: number;
  readonly #options: ResolvedRetryOptions;
  readonly #warnings: RateLimitedWarnings;
  readonly #exports = new Set<RetriedExport>();
  #shutdown: Promise<void> | undefined;

  /** @throws RangeError or TypeError for a wrong or unknown option */
  constructor(options: RetryingLogRecordExporterOptions) {
    this.#options = resolveRetryOptions(options);
    this.#warnings = new RateLimitedWarnings('RetryingLogRecordExporter', this.#options.clock);
    this.maxElapsedMillis = this.#options.maxElapsedMillis;
    const { maxConcurrentExports } = this.#options.exporter;
    if (maxConcurrentExports !== undefined) this.maxConcurrentExports = maxConcurrentExports;
  }

  /**
   * The longest time from `export()` to its result, in milliseconds: the last attempt begins at the bound.
   */
  get worstCaseMillis(): number {
    return this.maxElapsedMillis + this.#options.attemptTimeoutMillis;
  }

  /** @throws what the exporter throws in the call itself; then there is no result */
  export(records: unknown[], resultCallback: (result: ExportResultLike) => void): void {
    const retried = new RetriedExport(this.#options, this.#warnings, records, resultCallback);
    if (this.#shutdown !== undefined) {
      retried.fail(`not exported: ${records.length} records came after shutdown()`);
      return;
    }
    this.#exports.add(retried);
    retried.settled.then(() => this.#exports.delete(retried));
    retried.start();
  }

  /**
   * Attempts at once what waits to be retried (except where the server asked for the wait), flushes the
   * exporter, and resolves when every export that was under way has its result, good or bad, at the latest
   * after `timeoutMillis` (default `flushTimeoutMillis`). Keeps the process alive meanwhile.
   * @throws what the exporter's own `forceFlush()` rejects with
   */
  async forceFlush(options?: ExporterFlushOptionsLike): Promise<void> {
    const { clock, flushTimeoutMillis } = this.#options;
    const millis = flushMillis(options, flushTimeoutMillis);
    const { inTime, error } = await within(this.#flush(millis), millis, clock, options?.keepsAlive !== false);
    if (error !== undefined) throw error;
    if (inTime) return;
    const underWay = `${this.#exports.size} exports are still under way`;
    this.#warnings.warn('flush', `forceFlush() ended after ${millis} ms; ${underWay}`);
  }

  /**
   * Attempts what waits once more at once, fails what that does not deliver, and shuts the exporter down.
   * Takes at most `attemptTimeoutMillis` beside the exporter's own shutdown. A second call returns the same
   * promise.
   */
  shutdown(options?: ExporterFlushOptionsLike): Promise<void> {
    this.#shutdown ??= Promise.resolve().then(() => this.#end(options?.keepsAlive !== false));
    return this.#shutdown;
  }

  async #flush(timeoutMillis: number): Promise<void> {
    const underWay = [...this.#exports];
    for (const retried of underWay) retried.hurry();
    // At once, for an exporter that calls back only when flushed; and again, for what it took in since.
    const flushed = this.#flushExporter(timeoutMillis);
    await Promise.allSettled([flushed, ...underWay.map((retried) => retried.settled)]);
    await (underWay.length === 0 ? flushed : this.#flushExporter(timeoutMillis));
  }

  async #end(keepsAlive: boolean): Promise<void> {
    const underWay = [...this.#exports];
    for (const retried of underWay) retried.conclude();
    const { attemptTimeoutMillis, clock, exporter } = this.#options;
    const settled = Promise.all(underWay.map((retried) => retried.settled));
    await within(settled, attemptTimeoutMillis, clock, keepsAlive);
    await exporter.shutdown({ keepsAlive });
  }

  async #flushExporter(timeoutMillis: number): Promise<void> {
    await this.#options.exporter.forceFlush?.({ timeoutMillis, keepsAlive: false });
  }
}
