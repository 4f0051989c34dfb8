/** `burstlog/daemon`: defines plugins of distlogd, and the types and readers of the records they receive. */
export type {
  JournalEntry,
  Origin,
  OwnLog,
  RejectedError,
  RetryLaterError,
  Sink,
} from './component/contract.ts';
export {
  definePluginSink,
  type Plugin,
  type PluginOption,
  type PluginOptions,
  type PluginProcessing,
  type PluginProcessor,
  type PluginSink,
  type PluginTools,
  type PluginValue,
  type PluginValues,
  type PluginVersion,
} from './component/plugin.ts';
export { rejectedError, retryLaterError } from './component/sink-errors.ts';
export type { ByCause } from './component/stats.ts';
export { logGroups } from './otlp/decode-logs.ts';
export {
  type AnyValue,
  type Attributes,
  attributeOf,
  type DecodedLogRecord,
  type KeyValue,
  type LogGroup,
  type LogResource,
  type LogScope,
  type MapValue,
  type WholeDouble,
} from './otlp/decoded.ts';
export { plainObject, plainValue } from './otlp/plain-value.ts';
export { definePluginProcessor } from './processors/define.ts';
