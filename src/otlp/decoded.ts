/**
 * Logs as plain data, decoded from OTLP or from distlog's frames. Order and repeated keys are kept, and no
 * key of a sender (such as `__proto__`) ever becomes a property name.
 */
export interface DecodedLogs {
  /** In their order. */
  readonly resources: readonly DecodedResource[];
}

/** The source of the logs. */
export interface LogResource {
  /** The attributes that identify the sender, such as `service.name`. */
  readonly attributes: Attributes;
  /** How many attributes the sender dropped. */
  readonly droppedAttributesCount: number;
  /** Which semantic conventions the attributes follow, or `''`. */
  readonly schemaUrl: string;
}

/** The logger of the records. */
export interface LogScope {
  /** The name of the logger, or `''`. */
  readonly name: string;
  /** Its version, or `''`. */
  readonly version: string;
  /** Its own attributes. */
  readonly attributes: Attributes;
  /** How many attributes the sender dropped. */
  readonly droppedAttributesCount: number;
  /** Which semantic conventions the attributes follow, or `''`. */
  readonly schemaUrl: string;
}

/** OTLP's ResourceLogs. */
export interface DecodedResource extends LogResource {
  /** In their order. */
  readonly scopes: readonly DecodedScope[];
}

/** OTLP's ScopeLogs. */
export interface DecodedScope extends LogScope {
  /** In their order. */
  readonly records: readonly DecodedLogRecord[];
}

/**
 * Records of one resource and one scope, at least one. Consecutive groups of one request share the resource
 * object if they have the same resource, and the scope object if they have the same scope.
 */
export interface LogGroup {
  /** The source of the records. */
  readonly resource: LogResource;
  /** The logger that emitted the records. */
  readonly scope: LogScope;
  /** In their order. */
  readonly records: readonly DecodedLogRecord[];
}

/** Decoded logs as groups, in their order. Scopes without records are skipped. */
export function* groupsOf({ resources }: DecodedLogs): Generator<LogGroup> {
  for (const resource of resources) {
    for (const scope of resource.scopes) {
      if (scope.records.length > 0) yield { resource, scope, records: scope.records };
    }
  }
}

/** One record. Unset fields are 0, `''`, or `undefined` for the body. */
export interface DecodedLogRecord {
  /** When the event occurred, in nanoseconds since 1970, from 0 to 2^64 - 1; 0: unknown. */
  readonly timeUnixNano: bigint;
  /** When the record was collected, in nanoseconds since 1970; 0: unknown. */
  readonly observedTimeUnixNano: bigint;
  /** 0 to 24; other values of a sender are kept (int32). */
  readonly severityNumber: number;
  /** The level as the source names it. */
  readonly severityText: string;
  /** The message, or structured data. */
  readonly body: AnyValue | undefined;
  /** The attributes of the record. */
  readonly attributes: Attributes;
  /** How many attributes the sender dropped. */
  readonly droppedAttributesCount: number;
  /** The lowest 8 bits are the W3C trace flags. */
  readonly flags: number;
  /** 32 lowercase hex digits, or `''`. */
  readonly traceId: string;
  /** 16 lowercase hex digits, or `''`. */
  readonly spanId: string;
  /** The event name, or `''`. */
  readonly eventName: string;
}

/** A record in which no field is set. */
export const EMPTY_RECORD: DecodedLogRecord = {
  timeUnixNano: 0n,
  observedTimeUnixNano: 0n,
  severityNumber: 0,
  severityText: '',
  body: undefined,
  attributes: [],
  droppedAttributesCount: 0,
  flags: 0,
  traceId: '',
  spanId: '',
  eventName: '',
};

/** Keys and values in the sender's order. A key may be repeated. */
export type Attributes = readonly KeyValue[];
/** A name and its value. */
export type KeyValue = readonly [key: string, value: AnyValue];

/**
 * OTLP's AnyValue. `null` is the empty value.
 *
 * An integer (int64) is a number if that is exact (`Number.isSafeInteger`), otherwise a bigint. A double is a
 * number unless it would be taken for an integer: 2.0 is `{ double: 2 }`, which preserves the type. Read both
 * with {@link numberOf}.
 */
export type AnyValue =
  | string
  | boolean
  | number
  | bigint
  | null
  | Uint8Array
  | readonly AnyValue[]
  | MapValue
  | WholeDouble;

/** OTLP's KeyValueList. */
export interface MapValue {
  /** Its keys and values. */
  readonly entries: Attributes;
}

/** A double that is a whole number below 2^53, or -0. */
export interface WholeDouble {
  /** The number. */
  readonly double: number;
}

export function isBytes(value: AnyValue): value is Uint8Array {
  return ArrayBuffer.isView(value);
}

export function isMap(value: AnyValue): value is MapValue {
  return typeof value === 'object' && value !== null && 'entries' in value && Array.isArray(value.entries);
}

export function isWholeDouble(value: AnyValue): value is WholeDouble {
  return typeof value === 'object' && value !== null && 'double' in value;
}

/** A double as an {@link AnyValue}. */
export function doubleValue(value: number): number | WholeDouble {
  return Number.isSafeInteger(value) ? { double: value } : value;
}

/** An int64 as an {@link AnyValue}. */
export function intValue(value: bigint): number | bigint {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}

/** The number in a value, integer or double, rounded beyond 2^53. Undefined if it is not a number. */
export function numberOf(value: AnyValue | undefined): number | undefined {
  if (typeof value === 'number') return value;
  if (typeof value === 'bigint') return Number(value);
  return value !== undefined && isWholeDouble(value) ? value.double : undefined;
}

/**
 * The first value of a key, which is how the Collector reads repeated keys; undefined if the key is missing.
 */
export function attributeOf(attributes: Attributes, key: string): AnyValue | undefined {
  // An index is three times as fast as an iterator here, and rules call this for every record.
  for (let index = 0; index < attributes.length; index += 1) {
    const entry = attributes[index]!;
    if (entry[0] === key) return entry[1];
  }
  return undefined;
}
