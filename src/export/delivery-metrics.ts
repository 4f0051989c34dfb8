import type { MeterProviderLike } from '../record/index.ts';
import type { Delivery } from './delivery.ts';
import type { ResolvedDeliveryOptions } from './delivery-options.ts';

const COMPONENT_TYPE = 'priority_batch_log_processor';

/**
 * The processor metrics of the semantic conventions (docs/otel/sdk-metrics.md), read from the counters when a
 * reader collects: the hot path pays nothing. They stay after the end: a reader that collects then is to see what
 * was lost last.
 */
export function reportDelivery(
  meterProvider: MeterProviderLike,
  delivery: Delivery,
  options: ResolvedDeliveryOptions,
): void {
  const meter = meterProvider.getMeter('burstlog');
  const component = {
    'otel.component.name': options.componentName,
    'otel.component.type': COMPONENT_TYPE,
  };
  const unit = '{log_record}';
  const processed = meter.createObservableCounter('otel.sdk.processor.log.processed', {
    unit,
    description: 'Log records whose processing has finished, successfully or not',
  });
  const size = meter.createObservableUpDownCounter('otel.sdk.processor.log.queue.size', {
    unit,
    description: 'Log records in the queue',
  });
  const capacity = meter.createObservableUpDownCounter('otel.sdk.processor.log.queue.capacity', {
    unit,
    description: 'Log records the queue has room for',
  });
  type Observe = Parameters<typeof processed.addCallback>[0];
  const observeProcessed: Observe = (result) => {
    const { delivered, failed } = delivery.stats();
    // The outcome of an export is the exporter's to count: what was handed to it has been processed.
    result.observe(delivered + failed.export + failed.timeout, component);
    result.observe(failed.queue_full, { ...component, 'error.type': 'queue_full' });
    result.observe(failed.shutdown, { ...component, 'error.type': 'already_shutdown' });
    result.observe(failed.size, { ...component, 'error.type': 'size' });
    result.observe(failed.unserializable, { ...component, 'error.type': 'unserializable' });
  };
  const observeSize: Observe = (result) => result.observe(delivery.queued, component);
  const observeCapacity: Observe = (result) => result.observe(options.maxQueueSize, component);
  processed.addCallback(observeProcessed);
  size.addCallback(observeSize);
  capacity.addCallback(observeCapacity);
}
