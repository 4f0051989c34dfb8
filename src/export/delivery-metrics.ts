import { ComponentMetrics, type MeterProviderLike } from '../record/index.ts';
import type { Delivery } from './delivery.ts';

const UNIT = '{log_record}';

/** Registers the processor metrics of the semantic conventions (docs/otel/sdk-metrics.md). */
export function deliveryMetrics(
  meterProvider: MeterProviderLike,
  componentName: string | undefined,
  delivery: Delivery,
  maxQueueSize: number,
): ComponentMetrics {
  const metrics = new ComponentMetrics(meterProvider, 'priority_batch_log_processor', componentName);
  metrics.counter(
    'otel.sdk.processor.log.processed',
    { unit: UNIT, description: 'Log records whose processing has finished, successfully or not' },
    (observe) => {
      const { delivered, failed } = delivery.stats();
      // A record passed to the exporter counts as processed; the exporter counts the outcome of its exports.
      observe(delivered + failed.export + failed.timeout);
      observe(failed.queue_full, { 'error.type': 'queue_full' });
      observe(failed.shutdown, { 'error.type': 'already_shutdown' });
      observe(failed.size, { 'error.type': 'size' });
      observe(failed.unserializable, { 'error.type': 'unserializable' });
    },
  );
  metrics.level(
    'otel.sdk.processor.log.queue.size',
    { unit: UNIT, description: 'Log records in the queue' },
    (observe) => observe(delivery.queued),
  );
  metrics.level(
    'otel.sdk.processor.log.queue.capacity',
    { unit: UNIT, description: 'Log records the queue has room for' },
    (observe) => observe(maxQueueSize),
  );
  return metrics;
}
