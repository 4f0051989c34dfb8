export { Arena, Group } from './arena.ts';
export {
  BURST_DROPPED,
  BURST_EVICTED_PREFIX,
  BURST_FINGERPRINT,
  BURST_FIRST_TIME,
  BURST_ID,
  BURST_LAST_ID,
  BURST_LAST_TIME,
  BURST_LIMITED,
  BURST_LIMITED_EVENT,
  BURST_REASON,
  BURST_RECOVERED,
  BURST_RELEASED,
  BURST_RELEASED_EVENT,
  BURST_REPEAT,
  BURST_SEQUENCE,
  BURST_SPAN_ID,
  BURST_TRIGGER,
  BURSTLOG_TRUNCATED_FROM,
  CODE_FILE_PATH,
  CODE_FUNCTION_NAME,
  CODE_LINE_NUMBER,
  DISTLOG_KEY,
  ERROR_FINGERPRINT,
  ERROR_TYPE,
  EXCEPTION_MESSAGE,
  EXCEPTION_STACKTRACE,
  EXCEPTION_TYPE,
  TASK_ABANDONED_EVENT,
  TASK_CANCELLED_EVENT,
  TASK_DURATION,
  TASK_FAILED_EVENT,
  TASK_FAILED_IN,
  TASK_ID,
  TASK_LINKS,
  TASK_NAME,
  TASK_OUTCOME,
  TASK_PARENT_CHILD,
  TASK_PARENT_ID,
  TASK_PARENT_SEQUENCE,
  TASK_REFUSED,
  TASK_SEQUENCE,
  TASK_STARTED_EVENT,
  TASK_SUCCEEDED_EVENT,
} from './attributes.ts';
export { Backoff, type BackoffOptions } from './backoff.ts';
export { CLOCK_METHODS, type Clock, systemClock } from './clock.ts';
export { ComponentMetrics, type Observe } from './component-metrics.ts';
export { errorText, problemText } from './error-text.ts';
export { type FrozenRecord, freeze, recordSize, truncate } from './freeze.ts';
export {
  bridgeApiLogs,
  globalLoggerProvider,
  type LoggerLike,
  type LoggerProviderLike,
  registerLoggerProvider,
  replaceLoggerProvider,
} from './global-logs.ts';
export { isHooked, markHooked } from './hooked-loggers.ts';
export {
  type EnabledOptionsLike,
  EXPORT_FAILED,
  EXPORT_SUCCESS,
  type ExporterFlushOptionsLike,
  type ExportResultLike,
  type FlushOptionsLike,
  type InstrumentationScopeLike,
  type LogRecordExporterLike,
  type LogRecordProcessorLike,
  type MeterLike,
  type MeterProviderLike,
  type MetricOptionsLike,
  type ObservableLike,
  type ObservableResultLike,
  type ReadableLogRecordLike,
  type ResourceLike,
  type SpanLike,
  type SpanProcessorLike,
} from './otel.ts';
export { RankedQueue } from './ranked-queue.ts';
export { RateLimitedWarnings } from './rate-limited-warnings.ts';
export { type Release, ReleaseContext, releaseOf, type TaskMarks } from './release-context.ts';
export {
  EXPECTED_SEVERITY,
  parseSeverity,
  rankOf,
  Severity,
  type SeverityLike,
  type SeverityName,
  severityNumber,
} from './severity.ts';
export { severityNameOf, severityOf, severityOfText } from './severity-name.ts';
export { attributesSize, CHARACTER_BYTES, VALUE_BYTES } from './size.ts';
export {
  type BoundedSnapshot,
  boundedSnapshot,
  MAX_ATTRIBUTE_DEPTH,
  type Snapshot,
  snapshot,
} from './snapshot.ts';
export { armImmediate, armTimeout, clearTimeout, monotonicNow, nextTurn } from './timers.ts';
export { Turns } from './turns.ts';
export { UNDELIVERED, type Undelivered, undeliveredOf } from './undelivered.ts';
export { LogRecordView } from './view.ts';
export { attempt, FlushWaiters, flushMillis, type Waited, within } from './waiting.ts';
export { type BurstFacts, type Watcher, watcher, watchWith } from './watcher.ts';
export { writable, writableResource } from './writable.ts';
