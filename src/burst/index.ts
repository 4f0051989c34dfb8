export type { EvictionCause } from './accounts.ts';
export type { TriggerCause } from './burst.ts';
export { BurstLogRecordProcessor } from './burst-log-record-processor.ts';
export type { BurstSpanProcessorOptions } from './burst-span-processor.ts';
export type { Level } from './levels.ts';
export type {
  BurstCallOptions,
  BurstDeliveryOptions,
  BurstExporterOptions,
  BurstOptions,
  BurstProcessorOptions,
  BurstScope,
  Triggers,
} from './options.ts';
export type { BurstStats } from './stats.ts';
