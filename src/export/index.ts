export { Delivery, type DeliveryFailure, type DeliveryStats } from './delivery.ts';
export { deliveryMetrics } from './delivery-metrics.ts';
export {
  DELIVERY_OPTION_NAMES,
  type DeliveryOptions,
  type ResolvedDeliveryOptions,
  resolveDeliveryOptions,
} from './delivery-options.ts';
export { isExporting } from './export-once.ts';
export { FlushGate } from './flush-gate.ts';
export { FlushWaiters } from './flush-waiters.ts';
export {
  PriorityBatchLogRecordProcessor,
  type PriorityBatchOptions,
} from './priority-batch-log-record-processor.ts';
export { retryAfterMillis } from './retry-info.ts';
export type { RetryingLogRecordExporterOptions, RetryOptions } from './retry-options.ts';
export { RetryingLogRecordExporter } from './retrying-log-record-exporter.ts';
export { isTooLarge } from './too-large.ts';
export { attempt, within } from './within.ts';
