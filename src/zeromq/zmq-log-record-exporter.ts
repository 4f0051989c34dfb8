import {
  type ComponentMetrics,
  EXPORT_FAILED,
  EXPORT_SUCCESS,
  type ExporterFlushOptionsLike,
  type ExportResultLike,
  errorText,
  flushMillis,
  type LogRecordExporterLike,
  RateLimitedWarnings,
  type ReadableLogRecordLike,
  within,
} from '../record/index.ts';
import { AckSender } from './ack-sender.ts';
import { ExportError, type ExportErrorCause } from './export-error.ts';
import {
  type ResolvedExporterOptions,
  resolveExporterOptions,
  type ZmqLogRecordExporterOptions,
} from './exporter-options.ts';
import { exporterMetrics, type ZmqExporterStats } from './exporter-stats.ts';
import { PushSender } from './push-sender.ts';
import type { Sender } from './sender.ts';

/**
 * Sends log records to `distlogd` over ZeroMQ. Put it behind a `PriorityBatchLogRecordProcessor` or a
 * `BurstLogRecordProcessor`, which keep the queue; it has none but what is under way.
 *
 * - Mode `'ack'`: `export()` calls back with success when the daemon has the batch on its disk. Success: the
 *   batch is there exactly once. Failure: once, or not at all. It repeats batches by itself, over restarts
 *   and broken connections, until `exportTimeoutMillis`. Do not wrap it in a retrying exporter: the daemon
 *   would take a retried batch for a new one.
 * - Mode `'push'`: success means queued. What arrives, arrives once; what does not is not reported.
 * - It may be called up to `windowBatches` times at once, and says so to its processor
 *   (`maxConcurrentExports`).
 * - It keeps no process alive, whatever waits. Await `shutdown()`, or what is under way is lost.
 */
export class ZmqLogRecordExporter implements LogRecordExporterLike {
  /** How many exports may be in flight; absent in push mode, where each ends at once. */
  readonly maxConcurrentExports?: number;
  /** How long one export may take; a processor's own time-out must be above it. Absent in push mode. */
  readonly worstCaseMillis?: number;
  readonly #options: ResolvedExporterOptions;
  readonly #warnings: RateLimitedWarnings;
  readonly #sender: Sender;
  readonly #failed: Record<ExportErrorCause, number> = {
    timeout: 0,
    rejected: 0,
    too_large: 0,
    window_full: 0,
    queue_full: 0,
    compression: 0,
    send: 0,
    shutdown: 0,
  };
  readonly #metrics: ComponentMetrics | undefined;
  #received = 0;
  #shutdown: Promise<void> | undefined;

  /** @throws RangeError or TypeError for wrong options */
  constructor(options: ZmqLogRecordExporterOptions) {
    this.#options = resolveExporterOptions(options);
    const { clock, mode, meterProvider, componentName } = this.#options;
    this.#warnings = new RateLimitedWarnings('ZmqLogRecordExporter', clock);
    this.#sender =
      mode === 'ack'
        ? new AckSender(this.#options, this.#warnings)
        : new PushSender(this.#options, this.#warnings, (fault, records, why) =>
            this.#fail(fault, records, why),
          );
    if (mode === 'ack') {
      this.maxConcurrentExports = this.#options.windowBatches;
      this.worstCaseMillis = this.#options.exportTimeoutMillis;
    }
    this.#metrics = meterProvider && exporterMetrics(meterProvider, componentName, () => this.stats());
  }

  /**
   * Sends records. The outcome comes by the callback, once.
   * @throws only what a serializer throws, before anything was sent, so that the processor can set the record
   * aside that caused it
   */
  export(records: ReadableLogRecordLike[], resultCallback: (result: ExportResultLike) => void): void {
    const count = records.length;
    if (count === 0) return this.#respond(resultCallback, undefined);
    if (this.#shutdown !== undefined) {
      this.#received += count;
      const failure = new ExportError('shutdown', 'the exporter has been shut down');
      this.#fail('shutdown', count, failure.message);
      return this.#respond(resultCallback, failure);
    }
    this.#received += count;
    try {
      this.#sender.send(records, (failure) => {
        if (failure !== undefined) this.#fail(failure.code, count, failure.message);
        this.#respond(resultCallback, failure);
      });
    } catch (error) {
      this.#received -= count;
      throw error;
    }
  }

  /**
   * Resolves when all that was given to `export()` before has its result (in push mode: has left), at the
   * latest after `timeoutMillis` (default `flushTimeoutMillis`); the rest is still pending then, see
   * `stats()`. Keeps the process alive meanwhile; never rejects.
   */
  async forceFlush(options?: ExporterFlushOptionsLike): Promise<void> {
    const { clock, flushTimeoutMillis } = this.#options;
    const done = this.#shutdown ?? this.#sender.idle();
    const millis = flushMillis(options, flushTimeoutMillis);
    await within(done, millis, clock, options?.keepsAlive !== false);
  }

  /**
   * Waits for what is under way, at most `shutdownTimeoutMillis`; what is left then failed. Closes the
   * socket. May be called twice; never rejects.
   */
  shutdown(options?: ExporterFlushOptionsLike): Promise<void> {
    this.#shutdown ??= this.#end(options?.keepsAlive !== false);
    return this.#shutdown;
  }

  /** Counts since the beginning. */
  stats(): ZmqExporterStats {
    const { batches, records, bytes, resent, journalChanges } = this.#sender.state();
    const failed = Object.values(this.#failed).reduce((sum, count) => sum + count, 0);
    return {
      received: this.#received,
      exported: this.#received - failed - records,
      failed: { ...this.#failed },
      pending: records,
      pendingBatches: batches,
      pendingBytes: bytes,
      resent,
      journalChanges,
    };
  }

  async #end(keepsAlive: boolean): Promise<void> {
    const { clock, shutdownTimeoutMillis } = this.#options;
    await within(this.#sender.idle(), shutdownTimeoutMillis, clock, keepsAlive);
    this.#sender.close('shutdown');
    this.#metrics?.end();
  }

  #respond(callback: (result: ExportResultLike) => void, failure: ExportError | undefined): void {
    try {
      callback(failure === undefined ? { code: EXPORT_SUCCESS } : { code: EXPORT_FAILED, error: failure });
    } catch (error) {
      this.#warnings.warn('callback', `the callback of export() threw: ${errorText(error)}`);
    }
  }

  #fail(fault: ExportErrorCause, count: number, why: string): void {
    this.#failed[fault] += count;
    const records = count === 1 ? '1 record was' : `${count} records were`;
    this.#warnings.warn(fault, `${records} lost (${fault}): ${why}`);
  }
}
