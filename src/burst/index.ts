export type { BurstStats, EvictionCause, TriggerCause } from '../holding/index.ts';
export type { BurstControls } from './burst-controls.ts';
export { BurstLogRecordProcessor } from './burst-log-record-processor.ts';
export { BurstLoggerProvider } from './burst-logger-provider.ts';
export type { BurstSpanProcessorOptions } from './burst-span-processor.ts';
export type { LevelByLogger } from './level-table.ts';
export type {
  BurstCallOptions,
  BurstDeliveryOptions,
  BurstExporterOptions,
  BurstLoggerProviderOptions,
  BurstOptions,
  BurstProcessorOptions,
  BurstScope,
  BurstTriggers,
  DeferredLogger,
  SdkLoggerProviderLike,
} from './options.ts';
export type { VerbosityRule } from './verbosity-rule.ts';
