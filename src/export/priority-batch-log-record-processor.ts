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

/** What a PriorityBatchLogRecordProcessor takes. */
export interface PriorityBatchOptions extends DeliveryOptions {
  /** Where the batches go. Called by one export at a time unless it asks for more. */
  readonly exporter: LogRecordExporterLike;
}

/**
 * Delivers records in batches, first in, first out, and drops the least important first. A drop-in for the
 * SDK's BatchLogRecordProcessor: what the options do not say is read from `OTEL_BLRP_MAX_QUEUE_SIZE`,
 * `OTEL_BLRP_MAX_EXPORT_BATCH_SIZE`, `OTEL_BLRP_SCHEDULE_DELAY` and `OTEL_BLRP_EXPORT_TIMEOUT`, before the
 * defaults.
 *
 * - **Full** (by records or by bytes): the quietest, oldest record is dropped, never a louder one. It is
 *   counted (`stats()`, metrics) and warned of through `diag` at most once in ten seconds.
 * - **Fails**: a failed export is counted and warned of; retrying is the exporter's work, see
 *   RetryingLogRecordExporter. A record that makes the exporter throw, or that the server refuses, is lost
 *   alone, not with its batch. A record bigger than `maxExportBatchBytes` is truncated.
 * - **Stops**: `shutdown()` includes a flush and ends within `shutdownTimeoutMillis`, whatever hangs.
 *
 * An object body is copied when it comes: the application may change the object before the export.
 */
export class PriorityBatchLogRecordProcessor implements LogRecordProcessorLike {
  readonly #delivery: Delivery;
  readonly #maxRecordBytes: number;
  readonly #metrics: ComponentMetrics | undefined;

  /** @throws RangeError or TypeError when an option is wrong; the message says option, expected and value */
  constructor(options: PriorityBatchOptions) {
    const resolved = resolveDeliveryOptions(
      'PriorityBatchLogRecordProcessor',
      options,
      batchEnvironment(process.env),
    );
    this.#delivery = new Delivery(resolved, 'PriorityBatchLogRecordProcessor');
    // Not a method: nobody but shutdown hooks calls it.
    Object.defineProperty(this, UNDELIVERED, { value: () => this.#delivery.takeUndelivered() });
    this.#maxRecordBytes = Math.min(resolved.maxExportBatchBytes, resolved.maxQueueBytes);
    const { meterProvider, componentName, maxQueueSize } = resolved;
    this.#metrics =
      meterProvider && deliveryMetrics(meterProvider, componentName, this.#delivery, maxQueueSize);
  }

  /** Takes a record for delivery. Never throws, never blocks. */
  onEmit(record: ReadableLogRecordLike): void {
    try {
      const frozen = freeze(record, this.#maxRecordBytes);
      this.#delivery.accept(frozen.record, rankOf(severityOf(record)), frozen.size);
    } catch (error) {
      this.#delivery.refuse(errorText(error));
    }
  }

  /**
   * Resolves when every record that came before the call has been delivered or has failed, at the latest
   * after `timeoutMillis` (default `flushTimeoutMillis`): what is not delivered by then is still pending, see
   * `stats()`. Failed records are counted, not thrown: an outage of the Collector must not become one of the
   * application.
   */
  forceFlush(options?: FlushOptionsLike): Promise<void> {
    return this.#delivery.forceFlush(options);
  }

  /** Flushes, ends the exporter, and ignores what comes later. May be called twice; never rejects. */
  async shutdown(): Promise<void> {
    await this.#delivery.shutdown();
    this.#metrics?.end();
  }

  /** What became of the records: received = delivered + failed + pending. */
  stats(): DeliveryStats {
    return this.#delivery.stats();
  }
}
