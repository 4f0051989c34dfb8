export { Delivery } from './delivery.ts';
export type { DeliveryFailure, DeliveryStats } from './delivery-counts.ts';
export { deliveryMetrics } from './delivery-metrics.ts';
export {
  type DeliveryOptions,
  deliveryFields,
  type ResolvedDeliveryOptions,
  resolveDeliveryOptions,
} from './delivery-options.ts';
export { isTooLarge, retryAfterMillis } from './export-error.ts';
export { isExporting } from './export-once.ts';
export { FlushGate } from './flush-gate.ts';
export {
  PriorityBatchLogRecordProcessor,
  type PriorityBatchOptions,
} from './priority-batch-log-record-processor.ts';
export {
  type RetryingLogRecordExporterOptions,
  type RetryOptions,
  retryChecks,
  retryFields,
} from './retry-options.ts';
export { RetryingLogRecordExporter } from './retrying-log-record-exporter.ts';
