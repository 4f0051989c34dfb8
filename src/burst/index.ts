export type { TriggerCause } from './burst.ts';
export type { BurstControls } from './burst-controls.ts';
export { BurstLogRecordProcessor } from './burst-log-record-processor.ts';
export type { BurstSpanProcessorOptions } from './burst-span-processor.ts';
export type { EvictionCause } from './counters.ts';
export type { LevelByLogger } from './level-table.ts';
export type {
  BurstCallOptions,
  BurstDeliveryOptions,
  BurstExporterOptions,
  BurstOptions,
  BurstProcessorOptions,
  BurstScope,
  BurstTriggers,
} from './options.ts';
export type { BurstStats } from './stats.ts';
