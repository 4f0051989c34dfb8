/**
 * Field numbers of OTLP (opentelemetry-proto 1.x: collector/logs/v1, logs/v1, common/v1, resource/v1),
 * written as the tag bytes of the protobuf encoding: `number << 3 | wire type`.
 */
const VARINT = 0;
const FIXED64 = 1;
const BYTES = 2;
const FIXED32 = 5;

export const WireType = { VARINT, FIXED64, BYTES, FIXED32 } as const;

/** ExportLogsServiceRequest. */
export const Request = { resourceLogs: (1 << 3) | BYTES } as const;

export const ResourceLogs = {
  resource: (1 << 3) | BYTES,
  scopeLogs: (2 << 3) | BYTES,
  schemaUrl: (3 << 3) | BYTES,
} as const;

export const Resource = {
  attributes: (1 << 3) | BYTES,
  droppedAttributesCount: (2 << 3) | VARINT,
} as const;

export const ScopeLogs = {
  scope: (1 << 3) | BYTES,
  logRecords: (2 << 3) | BYTES,
  schemaUrl: (3 << 3) | BYTES,
} as const;

/** InstrumentationScope. */
export const Scope = {
  name: (1 << 3) | BYTES,
  version: (2 << 3) | BYTES,
  attributes: (3 << 3) | BYTES,
  droppedAttributesCount: (4 << 3) | VARINT,
} as const;

export const LogRecord = {
  timeUnixNano: (1 << 3) | FIXED64,
  severityNumber: (2 << 3) | VARINT,
  severityText: (3 << 3) | BYTES,
  body: (5 << 3) | BYTES,
  attributes: (6 << 3) | BYTES,
  droppedAttributesCount: (7 << 3) | VARINT,
  flags: (8 << 3) | FIXED32,
  traceId: (9 << 3) | BYTES,
  spanId: (10 << 3) | BYTES,
  observedTimeUnixNano: (11 << 3) | FIXED64,
  eventName: (12 << 3) | BYTES,
} as const;

export const KeyValueField = { key: (1 << 3) | BYTES, value: (2 << 3) | BYTES } as const;

/** AnyValue, a oneof. */
export const Value = {
  string: (1 << 3) | BYTES,
  bool: (2 << 3) | VARINT,
  int: (3 << 3) | VARINT,
  double: (4 << 3) | FIXED64,
  array: (5 << 3) | BYTES,
  map: (6 << 3) | BYTES,
  bytes: (7 << 3) | BYTES,
} as const;

/** ArrayValue and KeyValueList. */
export const List = { values: (1 << 3) | BYTES } as const;

export const TRACE_ID_BYTES = 16;
export const SPAN_ID_BYTES = 8;

/**
 * Maximum nesting of messages in a request: a ResourceLogs is at depth 1, a record's body at 4, the value of
 * an attribute at
 * 5. A list within a value adds 2 and a map 3, so a body can have 32 nested maps. Common protobuf readers
 *   have the same limit.
 */
export const MAX_DEPTH = 100;
/** Depths of values. */
export const BODY_DEPTH = 4;
export const ATTRIBUTE_DEPTH = 5;
export const RESOURCE_ATTRIBUTE_DEPTH = 4;
export const SCOPE_ATTRIBUTE_DEPTH = 5;
export const LIST_DEPTH = 2;
export const MAP_DEPTH = 3;
