import { KeyValueField, LogRecord, ScopeLogs } from './fields.ts';
import { ProtobufReader } from './protobuf-reader.ts';

/** A field of a record that costs something to decode. Times and numbers are always kept. */
export type CostlyField = 'severityText' | 'body' | 'attributes' | 'traceId' | 'spanId' | 'eventName';

/** What somebody reads of records. */
export interface NeededFields {
  readonly fields: ReadonlySet<CostlyField>;
  /** Of attributes, those with these keys, in UTF-8. Undefined: all. */
  readonly attributeKeys: readonly Uint8Array[] | undefined;
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
/** A copy of fewer bytes is cheaper in a loop than by a native call. */
const SHORT = 48;

/**
 * The fields `log_records` of a run with as many records, in which only what is needed is left: to decode the rest of
 * records that are only looked at would cost several times as much.
 *
 * @param records as `RecordRun` has them
 * @throws WireError where the bytes are no such fields
 */
export function reducedRecords(records: Uint8Array, needed: NeededFields): Uint8Array {
  const bytes = Buffer.from(records.buffer, records.byteOffset, records.byteLength);
  const reader = new ProtobufReader(bytes);
  const rules = rulesOf(needed);
  const out = Buffer.allocUnsafe(bytes.length);
  let to = 0;
  while (reader.at < bytes.length) {
    const tag = reader.tag(bytes.length);
    if (tag !== ScopeLogs.logRecords) {
      reader.skip(tag, bytes.length);
      continue;
    }
    const lengthAt = reader.at;
    const end = reader.lengthDelimited(bytes.length);
    out[to] = tag;
    // The length is written with as many bytes as it had, so what is kept never needs more room than there was.
    const width = reader.at - lengthAt;
    const headAt = to + 1;
    to = headAt + width;
    const begin = to;
    while (reader.at < end) {
      const fieldAt = reader.at;
      const field = reader.tag(end);
      const rule = field < 0x80 ? rules[field >> 3]! : DROP;
      let isKept = rule === KEEP;
      if (rule === BY_KEY && field === LogRecord.attributes) {
        const attributeEnd = reader.lengthDelimited(end);
        isKept = hasKey(bytes, reader.at, attributeEnd, needed.attributeKeys!);
        reader.at = attributeEnd;
      } else reader.skip(field, end);
      if (!isKept) continue;
      const fieldEnd = reader.at;
      if (fieldEnd - fieldAt > SHORT) to += bytes.copy(out, to, fieldAt, fieldEnd);
      else for (let at = fieldAt; at < fieldEnd; at += 1, to += 1) out[to] = bytes[at]!;
    }
    putLength(out, headAt, width, to - begin);
  }
  return out.subarray(0, to);
}

/** By field number. */
function rulesOf({ fields, attributeKeys }: NeededFields): Uint8Array {
  const rules = new Uint8Array(16);
  for (const name of [...ALWAYS, ...fields]) rules[LogRecord[name] >> 3] = KEEP;
  if (fields.has('attributes') && attributeKeys !== undefined) rules[LogRecord.attributes >> 3] = BY_KEY;
  return rules;
}

/** Also true where the key is not the first field, as all senders write it. */
function hasKey(bytes: Buffer, start: number, end: number, keys: readonly Uint8Array[]): boolean {
  const length = bytes[start + 1]!;
  if (bytes[start] !== KeyValueField.key || length >= 0x80 || start + 2 + length > end) return true;
  for (const key of keys) {
    if (key.length !== length) continue;
    let at = 0;
    while (at < length && key[at] === bytes[start + 2 + at]) at += 1;
    if (at === length) return true;
  }
  return false;
}

function putLength(out: Buffer, at: number, width: number, length: number): void {
  let rest = length;
  for (let index = 0; index < width; index += 1) {
    out[at + index] = (rest & 0x7f) | (index < width - 1 ? 0x80 : 0);
    rest >>>= 7;
  }
}
