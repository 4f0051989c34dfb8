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
 * Sends log records to `distlogd` over ZeroMQ. Use it behind a `PriorityBatchLogRecordProcessor` or a
 * `BurstLogRecordProcessor`, which keep the queue; the exporter holds only what is in flight.
 *
 * - Mode `'ack'`: an export succeeds when the daemon has the batch on disk. After a success the batch is
 * there exactly once, after a failure once or not at all. The exporter resends batches by itself, across
 * restarts and lost connections, until `exportTimeoutMillis`. Do not wrap it in a retrying exporter: the
 * daemon would accept a retried batch as a new one.
 * - Mode `'push'`: an export succeeds when the records are queued. They are delivered at most once; a loss in
 * transit is not reported.
 * - It supports up to `windowBatches` concurrent exports and declares that to its processor
 * (`maxConcurrentExports`).
 * - It does not keep the process alive. Await `shutdown()`, or records in flight are lost.
 */
export class ZmqLogRecordExporter implements LogRecordExporterLike {
  /** The number of exports that may be in flight; undefined in push mode, where each ends at once. */
  readonly maxConcurrentExports?: number;
  /** How long one export may take; a processor's timeout must be longer. Undefined in push mode. */
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

  /** @throws RangeError or TypeError for invalid options */
  constructor(options: ZmqLogRecordExporterOptions) {
    this.#options = resolveExporterOptions(options);
    const { clock, mode, meterProvider, componentName } = this.#options;
    this.#warnings = new RateLimitedWarnings('ZmqLogRecordExporter', clock);
    this.#sender =
      mode === 'ack'
        ? new AckSender(this.#options, this.#warnings)
        : new PushSender(this.#options, this.#warnings, (cause, records, why) =>
            this.#fail(cause, records, why),
          );
    if (mode === 'ack') {
      this.maxConcurrentExports = this.#options.windowBatches;
      this.worstCaseMillis = this.#options.exportTimeoutMillis;
    }
    this.#metrics = meterProvider && exporterMetrics(meterProvider, componentName, () => this.stats());
  }

  /**
   * Sends records. The result is passed to the callback, once.
   * @throws only what a serializer throws, before anything was sent, so that the processor can isolate the
   * record that caused it
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
   * Resolves when everything that was passed to `export()` before has its result (in push mode: was sent), or
   * after `timeoutMillis` (default `flushTimeoutMillis`). The rest then stays pending, see `stats()`. Keeps
   * the process alive in the meantime; never rejects.
   */
  async forceFlush(options?: ExporterFlushOptionsLike): Promise<void> {
    const { clock, flushTimeoutMillis } = this.#options;
    const done = this.#shutdown ?? this.#sender.idle();
    const millis = flushMillis(options, flushTimeoutMillis);
    await within(done, millis, clock, options?.keepsAlive !== false);
  }

  /**
   * Waits for records in flight, at most `shutdownTimeoutMillis`; the rest then fails. Closes the socket. May
   * be called twice; never rejects.
   */
  shutdown(options?: ExporterFlushOptionsLike): Promise<void> {
    this.#shutdown ??= this.#end(options?.keepsAlive !== false);
    return this.#shutdown;
  }

  /** Counts since construction. */
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

  #fail(cause: ExportErrorCause, count: number, why: string): void {
    this.#failed[cause] += count;
    const records = count === 1 ? '1 record was' : `${count} records were`;
    this.#warnings.warn(cause, `${records} lost (${cause}): ${why}`);
  }
}
