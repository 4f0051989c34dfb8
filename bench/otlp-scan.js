// Reads the number of records of an OTLP ExportLogsServiceRequest, and the `burst.id` and `burst.sequence` of
// each. Field numbers: opentelemetry-proto 1.x, logs/v1/logs.proto and common/v1/common.proto.

const LENGTH_DELIMITED = 2;
const RESOURCE_LOGS = 1;
const SCOPE_LOGS = 2;
const LOG_RECORDS = 2;
const ATTRIBUTES = 6;
const KEY = 1;
const VALUE = 2;
const STRING_VALUE = 1;
const INT_VALUE = 3;

/** The position of a scan. */
class Reader {
  at = 0;

  /** @param {Buffer} bytes */
  constructor(bytes) {
    this.bytes = bytes;
  }

  /** Exact up to 2 ** 53, which is enough for these fields. */
  varint() {
    let value = 0;
    for (let factor = 1; ; factor *= 128) {
      const byte = this.bytes[this.at] ?? 0;
      this.at += 1;
      value += (byte & 0x7f) * factor;
      if (byte < 0x80) return value;
    }
  }

  /** @param {number} wireType */
  skip(wireType) {
    if (wireType === 0) this.varint();
    else if (wireType === 1) this.at += 8;
    else if (wireType === 5) this.at += 4;
    else if (wireType === LENGTH_DELIMITED) {
      const length = this.varint();
      this.at += length;
    } else throw new Error(`wire type ${wireType} at byte ${this.at} is not a protobuf wire type`);
  }

  /**
   * Calls back at each field of a message; fields that the callback does not read are skipped.
   *
   * @param {number} end
   * @param {(field: number, wireType: number) => boolean} read whether it read the field
   */
  message(end, read) {
    while (this.at < end) {
      const tag = this.varint();
      if (!read(tag >>> 3, tag & 7)) this.skip(tag & 7);
    }
  }

  /** Returns the end of a field that is a message or a string. */
  end() {
    const length = this.varint();
    return this.at + length;
  }

  text() {
    const end = this.end();
    const text = this.bytes.toString('latin1', this.at, end);
    this.at = end;
    return text;
  }
}

/**
 * @param {Buffer} bytes
 * @param {(burst: string, sequence: number) => void} released called for each released record, in order
 * @returns {number} the number of records
 */
export function scanRequest(bytes, released) {
  const reader = new Reader(bytes);
  let records = 0;
  /** @type {(wanted: number, inside: (end: number) => void) => (field: number, wireType: number) => boolean} */
  const messages = (wanted, inside) => (field, wireType) => {
    if (field !== wanted || wireType !== LENGTH_DELIMITED) return false;
    inside(reader.end());
    return true;
  };
  const inScope = messages(LOG_RECORDS, (end) => {
    records += 1;
    scanRecord(reader, end, released);
  });
  const inResource = messages(SCOPE_LOGS, (end) => reader.message(end, inScope));
  const inRequest = messages(RESOURCE_LOGS, (end) => reader.message(end, inResource));
  reader.message(bytes.length, inRequest);
  return records;
}

/**
 * @param {Reader} reader
 * @param {number} end
 * @param {(burst: string, sequence: number) => void} released
 */
function scanRecord(reader, end, released) {
  let burst = '';
  let sequence = 0;
  reader.message(end, (field) => {
    if (field !== ATTRIBUTES) return false;
    const attribute = scanAttribute(reader, reader.end());
    if (attribute.key === 'burst.id') burst = attribute.text;
    else if (attribute.key === 'burst.sequence') sequence = attribute.number;
    return true;
  });
  if (sequence > 0) released(burst, sequence);
}

/**
 * @param {Reader} reader
 * @param {number} end
 */
function scanAttribute(reader, end) {
  const attribute = { key: '', text: '', number: 0 };
  reader.message(end, (field) => {
    if (field === KEY) attribute.key = reader.text();
    else if (field === VALUE) {
      reader.message(reader.end(), (kind) => {
        if (kind === STRING_VALUE) attribute.text = reader.text();
        else if (kind === INT_VALUE) attribute.number = reader.varint();
        else return false;
        return true;
      });
    } else return false;
    return true;
  });
  return attribute;
}
