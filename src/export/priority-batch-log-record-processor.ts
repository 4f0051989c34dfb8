import {
  attributesSize,
  CHARACTER_BYTES,
  type ComponentMetrics,
  errorText,
  type LogRecordExporterLike,
  type LogRecordProcessorLike,
  LogRecordView,
  type ReadableLogRecordLike,
  rankOf,
  snapshot,
} from '../record/index.ts';
import { Delivery, type DeliveryStats } from './delivery.ts';
import { deliveryMetrics } from './delivery-metrics.ts';
import { type DeliveryOptions, resolveDeliveryOptions } from './delivery-options.ts';

/** What a PriorityBatchLogRecordProcessor takes. */
export interface PriorityBatchOptions extends DeliveryOptions {
  /** Where the batches go. Called by one export at a time unless it asks for more. */
  readonly exporter: LogRecordExporterLike;
}

/**
 * Delivers records in batches, first in, first out, and loses the least important first. A drop-in for the
 * SDK's BatchLogRecordProcessor.
 *
 * - **Full** (by records or by bytes): the quietest, oldest record goes, never a louder one. It is counted
 *   (`stats()`, metrics) and told through `diag` at most once in ten seconds.
 * - **Fails**: a failed export is counted and told; retrying is the exporter's work, see
 *   RetryingLogRecordExporter. A record that makes the exporter throw is set aside alone, not with its batch.
 * - **Stops**: `shutdown()` includes a flush and ends within `shutdownTimeoutMillis`, whatever hangs.
 *
 * An object body is copied when it comes: the application may change the object before the export.
 */
export class PriorityBatchLogRecordProcessor implements LogRecordProcessorLike {
  readonly #delivery: Delivery;
  readonly #maxQueueBytes: number;
  readonly #metrics: ComponentMetrics | undefined;

  /** @throws RangeError or TypeError when an option is wrong; the message says option, wish and value */
  constructor(options: PriorityBatchOptions) {
    const resolved = resolveDeliveryOptions('PriorityBatchLogRecordProcessor', options);
    this.#delivery = new Delivery(resolved, 'PriorityBatchLogRecordProcessor');
    this.#maxQueueBytes = resolved.maxQueueBytes;
    const { meterProvider, componentName, maxQueueSize } = resolved;
    this.#metrics =
      meterProvider && deliveryMetrics(meterProvider, componentName, this.#delivery, maxQueueSize);
  }

  /** Takes a record for delivery. Never throws, never blocks. */
  onEmit(record: ReadableLogRecordLike): void {
    try {
      this.#accept(record);
    } catch (error) {
      this.#delivery.refuse('unserializable', errorText(error));
    }
  }

  /**
   * Resolves when every record that came before the call has been delivered or has failed. Failed ones are
   * counted and told, not thrown: an outage of the Collector must not become one of the application.
   */
  forceFlush(): Promise<void> {
    return this.#delivery.forceFlush();
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

  #accept(record: ReadableLogRecordLike): void {
    const rank = rankOf(record.severityNumber);
    const body = record.body;
    const size = attributesSize(record.attributes);
    if (typeof body === 'string') {
      this.#delivery.accept(record, rank, size + body.length * CHARACTER_BYTES);
    } else if (typeof body === 'object' && body !== null) {
      const copy = snapshot(body, this.#maxQueueBytes);
      if (copy === undefined) this.#delivery.refuse('size', 'its body is bigger than maxQueueBytes');
      else this.#delivery.accept(new LogRecordView(record, {}, copy.value), rank, size + copy.bytes);
    } else {
      this.#delivery.accept(record, rank, size);
    }
  }
}
