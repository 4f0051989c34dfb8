import {
  type ResolvedDeliveryOptions,
  RetryingLogRecordExporter,
  type RetryOptions,
  resolveDeliveryOptions,
} from '../export/index.ts';
import type { Clock, LogRecordExporterLike, LogRecordProcessorLike } from '../record/index.ts';
import { checkObject, shown, withMethods } from '../settings/index.ts';
import type { BurstExporterOptions, BurstProcessorOptions } from './options.ts';
import type { ResolvedBurstOptions } from './resolve-options.ts';

/** Where the records of a processor go. */
export type ResolvedTarget =
  | { readonly delivery: ResolvedDeliveryOptions }
  | { readonly processor: LogRecordProcessorLike };

/** @throws RangeError or TypeError that says option, expected and actual value */
export function resolveTarget(
  where: string,
  given: BurstExporterOptions | BurstProcessorOptions,
  { meterProvider, clock, maxBytes }: Pick<ResolvedBurstOptions, 'meterProvider' | 'clock' | 'maxBytes'>,
): ResolvedTarget {
  const { exporter, processor, delivery } = given;
  if ((exporter === undefined) === (processor === undefined)) {
    const got = exporter === undefined ? 'neither' : 'both';
    throw new TypeError(`${where} needs exporter or processor, got ${got}`);
  }
  if (processor !== undefined) {
    if (delivery !== undefined) {
      throw new TypeError(
        'delivery is for the exporter form only: with processor, that one delivers; got both',
      );
    }
    return { processor: withMethods('processor', processor, ['onEmit', 'forceFlush', 'shutdown']) };
  }
  const { retry, ...rest } = delivery ?? {};
  if (delivery !== undefined) checkObject('delivery', delivery);
  for (const name of ['maxQueueBytes', 'meterProvider', 'clock', 'flushTimeoutMillis']) {
    if (name in rest)
      throw new TypeError(`delivery has no option ${shown(name)}: the processor's own counts`);
  }
  return {
    delivery: resolveDeliveryOptions('delivery', {
      ...rest,
      exporter: retrying(exporter as LogRecordExporterLike, retry, clock),
      maxQueueBytes: maxBytes,
      clock,
      ...(meterProvider === undefined ? {} : { meterProvider }),
    }),
  };
}

function retrying(
  exporter: LogRecordExporterLike,
  retry: Omit<RetryOptions, 'clock'> | false | undefined,
  clock: Clock,
): LogRecordExporterLike {
  withMethods('exporter', exporter, ['export', 'shutdown']);
  const retriesItself =
    typeof (exporter as { readonly worstCaseMillis?: unknown }).worstCaseMillis === 'number';
  if (retriesItself && retry !== undefined && retry !== false) {
    throw new TypeError('delivery.retry is not for an exporter that retries by itself, got an object');
  }
  if (retry === false || retriesItself) return exporter;
  if (retry !== undefined) checkObject('delivery.retry', retry);
  return new RetryingLogRecordExporter({ ...retry, exporter, clock });
}
