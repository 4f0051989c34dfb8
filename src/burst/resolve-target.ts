import {
  type ResolvedDeliveryOptions,
  RetryingLogRecordExporter,
  resolveDeliveryOptions,
} from '../export/index.ts';
import type { LogRecordProcessorLike } from '../record/index.ts';
import type { ValueOf } from '../settings/index.ts';
import { type processorOptions, retriesItself } from './burst-fields.ts';
import type { BurstDeliveryOptions } from './options.ts';

/** The target of a processor: a delivery (exporter form) or a wrapped processor. */
export type ResolvedTarget =
  | { readonly delivery: ResolvedDeliveryOptions }
  | { readonly processor: LogRecordProcessorLike };

/** @throws RangeError or TypeError with option, expected and actual value */
export function resolveTarget(
  options: ValueOf<typeof processorOptions>,
  given: BurstDeliveryOptions = {},
): ResolvedTarget {
  const { exporter, processor, delivery, maxBytes, meterProvider, clock } = options;
  if (exporter === undefined) return { processor: processor as LogRecordProcessorLike };
  const { retry: _, ...rest } = given;
  const retry = delivery?.retry;
  const isWrapped = retry !== false && !retriesItself(exporter);
  return {
    delivery: resolveDeliveryOptions('delivery', {
      ...rest,
      exporter: isWrapped ? new RetryingLogRecordExporter({ ...retry, exporter, clock }) : exporter,
      maxQueueBytes: maxBytes,
      clock,
      meterProvider,
    }),
  };
}
