/** The attribute and event names that this package writes. They are part of its public contract. */

/** On every record of a burst: which burst. */
export const BURST_ID = 'burst.id';
/**
 * On every released record: its place in the burst, from 1. Times tie within a millisecond, this does not.
 */
export const BURST_SEQUENCE = 'burst.sequence';
/** On the trigger and on the manifest: what began the burst. */
export const BURST_TRIGGER = 'burst.trigger';
/** On the manifest: how many held records were released. */
export const BURST_RELEASED = 'burst.released';
/** On the manifest, with the cause appended: how many were lost to it since the key's last burst. */
export const BURST_EVICTED_PREFIX = 'burst.evicted.';
/** On every record that came out of a black box, after its process had died. */
export const BURST_RECOVERED = 'burst.recovered';
/** On the manifest: how many released records the byte bound took before they could be delivered. */
export const BURST_DROPPED = 'burst.dropped';
/** On the manifest: time of the first and of the last released record, ISO 8601. */
export const BURST_FIRST_TIME = 'burst.first_time';
export const BURST_LAST_TIME = 'burst.last_time';
/** On the manifest of a manual burst: the reason that was given. */
export const BURST_REASON = 'burst.reason';
/** On the manifest of a burst that a span began: which span. */
export const BURST_SPAN_ID = 'burst.span_id';
/**
 * On a trigger whose burst the limit did not let out, and on the summary of such bursts: which error it is.
 */
export const BURST_FINGERPRINT = 'burst.fingerprint';
/** On the same: how often the error came, this one included. */
export const BURST_REPEAT = 'burst.repeat';
/** On the same: the id of the last burst of the error. */
export const BURST_LAST_ID = 'burst.last_id';
/** On the summary: how many bursts the limit did not let out since the last one. */
export const BURST_LIMITED = 'burst.limited';
/** Event name of the summary record. */
export const BURST_LIMITED_EVENT = 'burst.limited';
/** Event name of the manifest record. */
export const BURST_RELEASED_EVENT = 'burst.released';

/** Of the application: what makes two errors the same. */
export const ERROR_FINGERPRINT = 'error.fingerprint';

/** On a record that was too big for one request and is truncated: its estimated size in bytes before. */
export const BURSTLOG_TRUNCATED_FROM = 'burstlog.truncated_from';

/** Semantic conventions: set by the SDK from `emit({ exception })`. */
export const EXCEPTION_TYPE = 'exception.type';

/** On every record of a task: the task's span id, 16 hex digits. With the record's trace id it is unique. */
export const TASK_ID = 'task.id';
/** On every record of a task: its message before formatting, which is also the span's name. */
export const TASK_NAME = 'task.name';
/** On every record of a task: its place in the task, from 1. Gaps are records that are missing here. */
export const TASK_SEQUENCE = 'task.sequence';
/**
 * On every record of a task that has a parent: the id of the parent task. In a task that was continued from
 * another process it is the span id of the header, which is the id of the task that wrote it there.
 */
export const TASK_PARENT_ID = 'task.parent.id';
/**
 * On the start of a step: how many records its parent had written, and which child of its parent it is, from
 * 1. So a reader puts it in its place without clocks; several steps begin within a millisecond.
 */
export const TASK_PARENT_SEQUENCE = 'task.parent.sequence';
export const TASK_PARENT_CHILD = 'task.parent.child';
/** On the end of a task and on its span: `succeeded`, `failed`, `cancelled` or `abandoned`. */
export const TASK_OUTCOME = 'task.outcome';
/** On the end of a task: seconds from start to end. */
export const TASK_DURATION = 'task.duration';
/** On the failed end of an outer task: the id of the innermost task that failed of the same error. */
export const TASK_FAILED_IN = 'task.failed_in';
/** On the start of a task that is linked, not continued: the traceparents it is linked to. */
export const TASK_LINKS = 'task.links';
/** On the start of a task whose header was refused: the refused text, bounded and printable. */
export const TASK_REFUSED = 'task.refused_traceparent';

/** Event names of a task's own records. */
export const TASK_STARTED_EVENT = 'task.started';
export const TASK_SUCCEEDED_EVENT = 'task.succeeded';
export const TASK_FAILED_EVENT = 'task.failed';
export const TASK_CANCELLED_EVENT = 'task.cancelled';
export const TASK_ABANDONED_EVENT = 'task.abandoned';

/** Semantic conventions. */
export const EXCEPTION_MESSAGE = 'exception.message';
export const EXCEPTION_STACKTRACE = 'exception.stacktrace';
export const ERROR_TYPE = 'error.type';
export const CODE_FILE_PATH = 'code.file.path';
export const CODE_LINE_NUMBER = 'code.line.number';
export const CODE_FUNCTION_NAME = 'code.function.name';

/** On a record that came from Python distlog: its key as it came, `<counter>@<uuid>[/<n>…]`. */
export const DISTLOG_KEY = 'distlog.key';
