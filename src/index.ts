export type { BlackBoxOptions } from './box/box-options.ts';
export { installShutdownHooks, type ShutdownHookOptions, type ShutdownTarget } from './box/shutdown-hooks.ts';
export type { BurstComponent } from './burst/burst-component.ts';
export type { BurstControls } from './burst/burst-controls.ts';
export { BurstLogRecordProcessor } from './burst/burst-log-record-processor.ts';
export { BurstLoggerProvider } from './burst/burst-logger-provider.ts';
export type { BurstSpanProcessorOptions } from './burst/burst-span-processor.ts';
export type { LevelByLogger } from './burst/level-table.ts';
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
} from './burst/options.ts';
export type { VerbosityRule } from './burst/verbosity-rule.ts';
export type { DeliveryFailure, DeliveryStats } from './export/delivery-counts.ts';
export type { DeliveryOptions } from './export/delivery-options.ts';
export {
  PriorityBatchLogRecordProcessor,
  type PriorityBatchOptions,
} from './export/priority-batch-log-record-processor.ts';
export type { RetryingLogRecordExporterOptions, RetryOptions } from './export/retry-options.ts';
export { RetryingLogRecordExporter } from './export/retrying-log-record-exporter.ts';
export type { TriggerCause } from './holding/burst.ts';
export type { EvictionCause, Evictions } from './holding/counters.ts';
export type { BurstStats } from './holding/stats.ts';
export type { Clock } from './record/clock.ts';
export {
  bridgeApiLogs,
  type LoggerLike,
  type LoggerProviderLike,
  registerLoggerProvider,
} from './record/global-logs.ts';
export type {
  EnabledOptionsLike,
  ExporterFlushOptionsLike,
  ExportResultLike,
  FlushOptionsLike,
  InstrumentationScopeLike,
  LogRecordExporterLike,
  LogRecordProcessorLike,
  MeterLike,
  MeterProviderLike,
  MetricOptionsLike,
  ObservableLike,
  ObservableResultLike,
  ReadableLogRecordLike,
  ResourceLike,
  SpanLike,
  SpanProcessorLike,
} from './record/otel.ts';
export { Severity, type SeverityLike, type SeverityName } from './record/severity.ts';
export { environmentSetter } from './task/inject.ts';
export type { TaskOutcome } from './task/outcome.ts';
export type { TaskFunction } from './task/run-task.ts';
export { startTask } from './task/start-task.ts';
export type {
  ImportTaskOptions,
  StartedTask,
  StartTaskOptions,
  Task,
  TaskData,
  TaskOptions,
} from './task/task.ts';
export { currentTask, importTask, task, to } from './task/task-forms.ts';
export {
  TaskLogRecordProcessor,
  type TaskLogRecordProcessorOptions,
  type WritableRecord,
} from './task/task-log-record-processor.ts';
export { asTask, type TaskDecorator, type WrapData, wrap } from './task/wrap.ts';
