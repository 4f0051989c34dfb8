/**
 * Limits on how much memory a request may take when it is decoded. A value is anything that becomes an
 * object: a record, an attribute, the value of an attribute, an item of a list or map. An empty value takes
 * two bytes of protobuf but about 150 bytes as an object, and it compresses to almost nothing; so values are
 * limited as well as bytes.
 */

/** Maximum number of values of one record, resource or scope, each of which is decoded as a whole. */
export const MAX_PART_VALUES = 131_072;

/** A receiver's limits on values and records per request: its maximum request size divided by these. */
export const BYTES_PER_VALUE = 8;
export const BYTES_PER_RECORD = 32;

/** The limit that OTLP recommends. */
export const DEFAULT_MAX_BYTES = 64 * 2 ** 20;
