import {
  type ComponentMetrics,
  errorText,
  type FlushOptionsLike,
  freeze,
  type LogRecordExporterLike,
  type LogRecordProcessorLike,
  type ReadableLogRecordLike,
  rankOf,
  severityOf,
  UNDELIVERED,
} from '../record/index.ts';
import { batchEnvironment } from './batch-environment.ts';
import { Delivery } from './delivery.ts';
import type { DeliveryStats } from './delivery-counts.ts';
import { deliveryMetrics } from './delivery-metrics.ts';
import { type DeliveryOptions, resolveDeliveryOptions } from './delivery-options.ts';

/** The options of PriorityBatchLogRecordProcessor. */
export interface PriorityBatchOptions extends DeliveryOptions {
  /** Exports the batches, one at a time unless `maxConcurrentExports` is higher. */
  readonly exporter: LogRecordExporterLike;
}

/**
 * Exports records in batches, first in, first out, and drops the least severe records first when the queue is
 * full. It is a drop-in replacement for the SDK's BatchLogRecordProcessor. Options that are not set are read
 * from `OTEL_BLRP_MAX_QUEUE_SIZE`, `OTEL_BLRP_MAX_EXPORT_BATCH_SIZE`, `OTEL_BLRP_SCHEDULE_DELAY` and
 * `OTEL_BLRP_EXPORT_TIMEOUT`, otherwise the defaults apply.
 *
 * - **Full** (by records or by bytes): the oldest of the quietest records is dropped. It is counted
 *   (`stats()`, metrics) and logged through `diag`, at most once in ten seconds.
 * - **Fails**: a failed export is counted and logged. It is not retried here; use RetryingLogRecordExporter.
 *   If a record makes the exporter throw, or is refused by the server, only that record is lost, not its
 *   batch. A record larger than `maxExportBatchBytes` is truncated.
 * - **Stops**: `shutdown()` includes a flush and always ends within `shutdownTimeoutMillis`.
 *
 * An object body is copied on emit, because the application may change the object before the export.
 */
export class PriorityBatchLogRecordProcessor implements LogRecordProcessorLike {
  readonly #delivery: Delivery;
  readonly #maxRecordBytes: number;
  readonly #metrics: ComponentMetrics | undefined;

  /** @throws RangeError or TypeError if an option is invalid, with option, expected and actual value */
  constructor(options: PriorityBatchOptions) {
    const resolved = resolveDeliveryOptions(
      'PriorityBatchLogRecordProcessor',
      options,
      batchEnvironment(process.env),
    );
    this.#delivery = new Delivery(resolved, 'PriorityBatchLogRecordProcessor');
    // A symbol property, not a method, because only shutdown hooks call it.
    Object.defineProperty(this, UNDELIVERED, { value: () => this.#delivery.takeUndelivered() });
    this.#maxRecordBytes = Math.min(resolved.maxExportBatchBytes, resolved.maxQueueBytes);
    const { meterProvider, componentName, maxQueueSize } = resolved;
    this.#metrics =
      meterProvider && deliveryMetrics(meterProvider, componentName, this.#delivery, maxQueueSize);
  }

  /** Queues a record for export. Never throws, never blocks. */
  onEmit(record: ReadableLogRecordLike): void {
    try {
      const frozen = freeze(record, this.#maxRecordBytes);
      this.#delivery.accept(frozen.record, rankOf(severityOf(record)), frozen.size);
    } catch (error) {
      this.#delivery.refuse(errorText(error));
    }
  }

  /**
   * Resolves when every record emitted before the call is delivered or has failed, at the latest after
   * `timeoutMillis` (default `flushTimeoutMillis`). Records not delivered by then stay pending, see
   * `stats()`. Never rejects: failed records are only counted, so that an outage of the Collector does not
   * affect the application.
   */
  forceFlush(options?: FlushOptionsLike): Promise<void> {
    return this.#delivery.forceFlush(options);
  }

  /**
   * Flushes and shuts down the exporter. Later records are lost and counted. May be called twice; never
   * rejects.
   */
  async shutdown(): Promise<void> {
    await this.#delivery.shutdown();
    this.#metrics?.end();
  }

  /** Returns the number of records by outcome: received = delivered + failed + pending. */
  stats(): DeliveryStats {
    return this.#delivery.stats();
  }
}
