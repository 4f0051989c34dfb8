/**
 * How much a request may make of its bytes. A value is anything that becomes an object when it is read: a
 * record, an attribute, the value of one, a member of a list or a map. An empty one takes two bytes as
 * protobuf, but about 150 as an object, and compresses to nothing; so values are counted beside bytes.
 */

/** One record, one resource or one scope is read as a whole: it has at most so many values. */
export const MAX_PART_VALUES = 131_072;

/**
 * A receiver that takes requests of so many bytes takes a value for each so many of them, and a record for
 * each so many.
 */
export const BYTES_PER_VALUE = 8;
export const BYTES_PER_RECORD = 32;

/** What OTLP advises. */
export const DEFAULT_MAX_BYTES = 64 * 2 ** 20;
