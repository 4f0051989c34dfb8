/** The attribute and event names that this package writes. They are part of its public contract. */

/** On every record of a burst: the id of the burst. */
export const BURST_ID = 'burst.id';
/**
 * On every released record: its position in the burst, from 1. Unlike timestamps, positions are unique within
 * a millisecond.
 */
export const BURST_SEQUENCE = 'burst.sequence';
/** On the trigger and on the manifest: the cause of the burst. */
export const BURST_TRIGGER = 'burst.trigger';
/** On the manifest: the number of released records. */
export const BURST_RELEASED = 'burst.released';
/** On the manifest, with the cause appended: the number of records evicted since the key's previous burst. */
export const BURST_EVICTED_PREFIX = 'burst.evicted.';
/** On every record that was recovered from the black box of a dead process. */
export const BURST_RECOVERED = 'burst.recovered';
/** On the manifest: the number of released records that were dropped by the byte bound before delivery. */
export const BURST_DROPPED = 'burst.dropped';
/** On the manifest: the time of the first and of the last released record, ISO 8601. */
export const BURST_FIRST_TIME = 'burst.first_time';
export const BURST_LAST_TIME = 'burst.last_time';
/** On the manifest of a manual burst: the reason passed by the caller. */
export const BURST_REASON = 'burst.reason';
/** On the manifest of a burst triggered by a span: the id of the span. */
export const BURST_SPAN_ID = 'burst.span_id';
/**
 * On a trigger whose burst was not admitted by the limit, and on the summary: the fingerprint of the error.
 */
export const BURST_FINGERPRINT = 'burst.fingerprint';
/** On the same records: how often the error occurred, including this time. */
export const BURST_REPEAT = 'burst.repeat';
/** On the same records: the id of the error's last released burst. */
export const BURST_LAST_ID = 'burst.last_id';
/** On the summary: the number of bursts that were not admitted since the last summary. */
export const BURST_LIMITED = 'burst.limited';
/** Event name of the summary record. */
export const BURST_LIMITED_EVENT = 'burst.limited';
/** Event name of the manifest record. */
export const BURST_RELEASED_EVENT = 'burst.released';

/** Set by the application: the fingerprint of an error. Errors with equal fingerprints are the same. */
export const ERROR_FINGERPRINT = 'error.fingerprint';

/**
 * On a record that was truncated because it exceeded the maximum size: its original estimated size in bytes.
 */
export const BURSTLOG_TRUNCATED_FROM = 'burstlog.truncated_from';

/** Semantic conventions: set by the SDK from `emit({ exception })`. */
export const EXCEPTION_TYPE = 'exception.type';

/** On every record of a task: the task's span id, 16 hex digits. With the record's trace id it is unique. */
export const TASK_ID = 'task.id';
/** On every record of a task: its message before formatting, which is also the span's name. */
export const TASK_NAME = 'task.name';
/** On every record of a task: its position in the task, from 1. A gap means that a record is missing. */
export const TASK_SEQUENCE = 'task.sequence';
/**
 * On every record of a task that has a parent: the id of the parent task. In a task that was continued from
 * another process, it is the span id of the header, which is the id of the task that created the header.
 */
export const TASK_PARENT_ID = 'task.parent.id';
/**
 * On the start of a step: the number of records that its parent had emitted, and the index of the step among
 * the children of its parent, from 1. With them a reader orders steps without clocks, even within a
 * millisecond.
 */
export const TASK_PARENT_SEQUENCE = 'task.parent.sequence';
export const TASK_PARENT_CHILD = 'task.parent.child';
/** On the end of a task and on its span: `succeeded`, `failed`, `cancelled` or `abandoned`. */
export const TASK_OUTCOME = 'task.outcome';
/** On the end of a task: seconds from start to end. */
export const TASK_DURATION = 'task.duration';
/** On the failed end of an outer task: the id of the innermost task that failed with the same error. */
export const TASK_FAILED_IN = 'task.failed_in';
/** On the start of a task that is linked instead of continued: the traceparents of its links. */
export const TASK_LINKS = 'task.links';
/** On the start of a task whose header was invalid: the rejected text, truncated and printable. */
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

/** On a record received from Python distlog: its original key, `<counter>@<uuid>[/<n>…]`. */
export const DISTLOG_KEY = 'distlog.key';
