export type {
  Accepted,
  Batch,
  EntryView,
  Intake,
  JournalEntry,
  JournalReader,
  JournalView,
  Origin,
  OwnLog,
  Receiver,
  ReceiverCounters,
  RejectedEntry,
  Sink,
  ViewedEntries,
} from './contract.ts';
export { countRefused, newCounters, receiverStats } from './counters.ts';
export { DeferredSink } from './deferred-sink.ts';
export type {
  Plugin,
  PluginOption,
  PluginOptions,
  PluginProcessing,
  PluginProcessor,
  PluginSink,
  PluginTools,
} from './plugin.ts';
export { Refusals } from './refusals.ts';
export { asRejected, rejectedError, retryAfterOf, retryLaterError } from './sink-errors.ts';
export {
  type AnySinkType,
  type DeliveryDefaults,
  type SinkPlace,
  type SinkTools,
  type SinkType,
  sinkType,
} from './sink-type.ts';
export type {
  BatchCount,
  Behind,
  ByCause,
  DamageStats,
  JournalStats,
  ProcessorStats,
  ReceiverStats,
  SelfLogStats,
  SinkStats,
} from './stats.ts';
