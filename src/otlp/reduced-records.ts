import type { AnyValue } from './decoded.ts';
import { ATTRIBUTE_DEPTH, BODY_DEPTH, KeyValueField, LogRecord, ScopeLogs } from './fields.ts';
import { ProtobufReader } from './protobuf-reader.ts';
import { ValueReader } from './value-reader.ts';

/** A field of a record that is expensive to decode. Times and numbers are always kept. */
export type CostlyField = 'severityText' | 'body' | 'attributes' | 'traceId' | 'spanId' | 'eventName';

/** The fields of records that a reader needs. */
export interface NeededFields {
  readonly fields: ReadonlySet<CostlyField>;
  /** The keys of the attributes to keep, in UTF-8. Undefined: all attributes. */
  readonly attributeKeys: readonly Uint8Array[] | undefined;
  /** Records that visibly lack these values are skipped. At most 30. */
  readonly required: readonly RequiredValue[];
}

/** A condition on one value of a record. */
export interface RequiredValue {
  /** The key of the attribute, in UTF-8; undefined: the body. */
  readonly key: Uint8Array | undefined;
  /** @param value undefined if the record does not have it */
  fits(value: AnyValue | undefined): boolean;
}

/** Records reduced to the needed fields. */
export interface ReducedRecords {
  /** The `log_records` fields of a run. */
  readonly bytes: Uint8Array;
  /** The original index of each record. */
  readonly places: readonly number[];
}

const ALWAYS = [
  'timeUnixNano',
  'observedTimeUnixNano',
  'severityNumber',
  'flags',
  'droppedAttributesCount',
] as const;
const DROP = 0;
const KEEP = 1;
const BY_KEY = 2;
/** Shorter copies are cheaper in a loop than by a native call. */
const SHORT = 48;

/**
 * Returns the records of a run that may match, reduced to the needed fields. Decoding the other fields of
 * records that are only searched would cost several times as much.
 *
 * @param records as in `RecordRun`
 * @throws WireError if the bytes are not valid `log_records` fields
 */
export function reducedRecords(records: Uint8Array, needed: NeededFields): ReducedRecords {
  const bytes = Buffer.from(records.buffer, records.byteOffset, records.byteLength);
  const reader = new ProtobufReader(bytes);
  const check = new Check(reader, bytes, needed.required);
  const rules = rulesOf(needed);
  const out = Buffer.allocUnsafe(bytes.length);
  const places: number[] = [];
  let to = 0;
  for (let place = 0; reader.at < bytes.length; ) {
    const tag = reader.tag(bytes.length);
    if (tag !== ScopeLogs.logRecords) {
      reader.skip(tag, bytes.length);
      continue;
    }
    const recordAt = to;
    const lengthAt = reader.at;
    const end = reader.lengthDelimited(bytes.length);
    out[to] = tag;
    // The length keeps its original width, so a reduced record is never larger than the original.
    const width = reader.at - lengthAt;
    const headAt = to + 1;
    to = headAt + width;
    const begin = to;
    check.start();
    while (reader.at < end) {
      const fieldAt = reader.at;
      const field = reader.tag(end);
      const rule = field < 0x80 ? rules[field >> 3]! : DROP;
      let isKept = rule === KEEP;
      if (rule === BY_KEY && field === LogRecord.attributes) {
        const attributeEnd = reader.lengthDelimited(end);
        const attributeAt = reader.at;
        if (!isPlain(reader, bytes, attributeEnd)) {
          isKept = true;
          check.mayBeAny();
        } else if (hasKey(bytes, attributeAt, needed.attributeKeys)) {
          isKept = true;
          if (check.fails(attributeAt, attributeEnd)) {
            reader.at = end;
            break;
          }
        }
        reader.at = attributeEnd;
      } else if (field === LogRecord.body && isKept) check.body(end);
      else reader.skip(field, end);
      if (!isKept) continue;
      const fieldEnd = reader.at;
      if (fieldEnd - fieldAt > SHORT) to += bytes.copy(out, to, fieldAt, fieldEnd);
      else for (let at = fieldAt; at < fieldEnd; at += 1, to += 1) out[to] = bytes[at]!;
    }
    if (check.mayFit()) {
      putLength(out, headAt, width, to - begin);
      places.push(place);
    } else to = recordAt;
    place += 1;
  }
  return { bytes: out.subarray(0, to), places };
}

/**
 * Checks required values in the encoded bytes. If a field is not encoded in the usual way, the record is kept
 * as a possible match, and the decoder decides.
 */
class Check {
  readonly #in: ProtobufReader;
  readonly #bytes: Buffer;
  readonly #values: ValueReader;
  readonly #attributes: readonly RequiredValue[];
  /** A bit for each attribute that every matching record must have. */
  readonly #present: number;
  readonly #ofBody: RequiredValue | undefined;
  #seen = 0;
  #hasFailed = false;
  #body: AnyValue | undefined;

  constructor(reader: ProtobufReader, bytes: Buffer, required: readonly RequiredValue[]) {
    this.#in = reader;
    this.#bytes = bytes;
    this.#values = new ValueReader(reader);
    this.#attributes = required.filter(({ key }) => key !== undefined).slice(0, 30);
    this.#present = this.#attributes.reduce(
      (bits, { fits }, at) => bits | (fits(undefined) ? 0 : 1 << at),
      0,
    );
    this.#ofBody = required.find(({ key }) => key === undefined);
  }

  /** Starts a record. */
  start(): void {
    this.#seen = 0;
    this.#hasFailed = false;
    this.#body = undefined;
    this.#values.start();
  }

  /** Assumes that the attribute may have any key and value. */
  mayBeAny(): void {
    this.#seen = ~0;
  }

  /** Checks an attribute in the usual encoding. @returns whether the record cannot match */
  fails(start: number, end: number): boolean {
    const attributes = this.#attributes;
    for (let at = 0; at < attributes.length; at += 1) {
      const { key, fits } = attributes[at]!;
      const bit = 1 << at;
      // If a key is repeated, its first value is used.
      if ((this.#seen & bit) !== 0 || !isKey(this.#bytes, start, key!)) continue;
      this.#seen |= bit;
      let value: AnyValue = null;
      this.#in.at = start + 2 + key!.length;
      if (this.#in.at < end) {
        this.#in.at += 1;
        value = this.#values.value(this.#in.lengthDelimited(end), ATTRIBUTE_DEPTH, null);
      }
      if (!fits(value)) {
        this.#hasFailed = true;
        return true;
      }
    }
    return false;
  }

  /** Reads or skips the body that starts here. */
  body(outerEnd: number): void {
    const end = this.#in.lengthDelimited(outerEnd);
    if (this.#ofBody === undefined) this.#in.at = end;
    else this.#body = this.#values.value(end, BODY_DEPTH, this.#body ?? null);
  }

  /** Whether the record may match, after all its fields were checked. */
  mayFit(): boolean {
    if (this.#hasFailed || (this.#present & ~this.#seen) !== 0) return false;
    return this.#ofBody === undefined || this.#ofBody.fits(this.#body);
  }
}

/** Rules by field number. */
function rulesOf({ fields }: NeededFields): Uint8Array {
  const rules = new Uint8Array(16);
  for (const name of [...ALWAYS, ...fields]) rules[LogRecord[name] >> 3] = KEEP;
  if (fields.has('attributes')) rules[LogRecord.attributes >> 3] = BY_KEY;
  return rules;
}

/**
 * Whether the attribute that starts here has the usual encoding: a short key, then its value or nothing.
 * Other encodings are equivalent to a decoder, but may contain the key a second time.
 */
function isPlain(reader: ProtobufReader, bytes: Buffer, end: number): boolean {
  const start = reader.at;
  const length = bytes[start + 1]!;
  if (bytes[start] !== KeyValueField.key || length >= 0x80 || start + 2 > end) return false;
  const valueAt = start + 2 + length;
  if (valueAt >= end) return valueAt === end;
  if (bytes[valueAt] !== KeyValueField.value) return false;
  reader.at = valueAt + 1;
  return reader.lengthDelimited(end) === end;
}

function hasKey(bytes: Buffer, start: number, keys: readonly Uint8Array[] | undefined): boolean {
  if (keys === undefined) return true;
  for (const key of keys) if (isKey(bytes, start, key)) return true;
  return false;
}

/** Whether the attribute that starts here, in the usual encoding, has this key. */
function isKey(bytes: Buffer, start: number, key: Uint8Array): boolean {
  const { length } = key;
  if (bytes[start + 1] !== length) return false;
  let at = 0;
  while (at < length && key[at] === bytes[start + 2 + at]) at += 1;
  return at === length;
}

function putLength(out: Buffer, at: number, width: number, length: number): void {
  let rest = length;
  for (let index = 0; index < width; index += 1) {
    out[at + index] = (rest & 0x7f) | (index < width - 1 ? 0x80 : 0);
    rest >>>= 7;
  }
}
