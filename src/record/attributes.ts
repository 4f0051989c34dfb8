/** The attribute and event names that this package writes. They are part of its public contract. */

/** On every record of a burst: which burst. */
export const BURST_ID = 'burst.id';
/** On every released record: its place in the burst, from 1. Times tie within a millisecond, this does not. */
export const BURST_SEQUENCE = 'burst.sequence';
/** On the trigger and on the manifest: what began the burst. */
export const BURST_TRIGGER = 'burst.trigger';
/** On the manifest: how many held records were released. */
export const BURST_RELEASED = 'burst.released';
/** On the manifest, with the cause appended: how many were lost to it since the key's last burst. */
export const BURST_EVICTED_PREFIX = 'burst.evicted.';
/** On the manifest: how many released records the byte bound took before they could be delivered. */
export const BURST_DROPPED = 'burst.dropped';
/** On the manifest: time of the first and of the last released record, ISO 8601. */
export const BURST_FIRST_TIME = 'burst.first_time';
export const BURST_LAST_TIME = 'burst.last_time';
/** On the manifest of a manual burst: the reason that was given. */
export const BURST_REASON = 'burst.reason';
/** On the manifest of a burst that a span began: which span. */
export const BURST_SPAN_ID = 'burst.span_id';
/** Event name of the manifest record. */
export const BURST_RELEASED_EVENT = 'burst.released';

/** Semantic conventions: set by the SDK from `emit({ exception })`. */
export const EXCEPTION_TYPE = 'exception.type';
