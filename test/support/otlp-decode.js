// Reads an OTLP ExportLogsServiceRequest, from the field numbers of the OTLP specification 1.x. It is the judge of
// our encoder, so it shares nothing with src/otlp.
import { asBytes, asDouble, asText, asUnsigned, readFields } from './protobuf-reader.js';

/**
 * What a record says, in plain values. `collector-json.js` makes the same from a Collector's file.
 *
 * @typedef {object} DecodedRecord
 * @property {string} timeUnixNano
 * @property {string} observedTimeUnixNano
 * @property {number} severityNumber
 * @property {string} severityText
 * @property {DecodedValue | undefined} body undefined where the record has none
 * @property {Record<string, DecodedValue>} attributes
 * @property {number} droppedAttributesCount
 * @property {number} flags
 * @property {string} traceId hex, or empty
 * @property {string} spanId hex, or empty
 * @property {string} eventName
 * @property {{ attributes: Record<string, DecodedValue> }} resource
 * @property {{ name: string, version: string, attributes: Record<string, DecodedValue> }} scope
 * @property {string} schemaUrl of the scope
 */

/**
 * An int64 is a number where that is exact, else a bigint; an empty value is null.
 *
 * @typedef {string | boolean | number | bigint | null | Uint8Array | DecodedValue[]
 *         | { [key: string]: DecodedValue }} DecodedValue
 */

/**
 * @param {Uint8Array} bytes
 * @returns {DecodedRecord[]} in the order in which they stand in the request
 * @throws {RangeError} where the bytes are no such request
 */
export function decodeLogsRequest(bytes) {
  /** @type {DecodedRecord[]} */
  const records = [];
  for (const field of readFields(bytes)) {
    if (field.number === 1) records.push(...decodeResourceLogs(asBytes(field)));
  }
  return records;
}

/** @param {Uint8Array} bytes */
function decodeResourceLogs(bytes) {
  /** @type {DecodedRecord['resource']} */
  let resource = { attributes: {} };
  /** @type {Uint8Array[]} */
  const scopes = [];
  for (const field of readFields(bytes)) {
    if (field.number === 1) resource = { attributes: decodeAttributes(asBytes(field), 1) };
    if (field.number === 2) scopes.push(asBytes(field));
  }
  return scopes.flatMap((scope) => decodeScopeLogs(scope, resource));
}

/** @param {Uint8Array} bytes @param {DecodedRecord['resource']} resource */
function decodeScopeLogs(bytes, resource) {
  /** @type {DecodedRecord['scope']} */
  let scope = { name: '', version: '', attributes: {} };
  let schemaUrl = '';
  /** @type {Uint8Array[]} */
  const records = [];
  for (const field of readFields(bytes)) {
    if (field.number === 1) scope = decodeScope(asBytes(field));
    if (field.number === 2) records.push(asBytes(field));
    if (field.number === 3) schemaUrl = asText(field);
  }
  return records.map((record) => ({ ...decodeRecord(record), resource, scope, schemaUrl }));
}

/** @param {Uint8Array} bytes */
function decodeScope(bytes) {
  const scope = { name: '', version: '', attributes: decodeAttributes(bytes, 3) };
  for (const field of readFields(bytes)) {
    if (field.number === 1) scope.name = asText(field);
    if (field.number === 2) scope.version = asText(field);
  }
  return scope;
}

/** @param {Uint8Array} bytes */
function decodeRecord(bytes) {
  const record = {
    timeUnixNano: '0',
    observedTimeUnixNano: '0',
    severityNumber: 0,
    severityText: '',
    body: /** @type {DecodedValue | undefined} */ (undefined),
    attributes: decodeAttributes(bytes, 6),
    droppedAttributesCount: 0,
    flags: 0,
    traceId: '',
    spanId: '',
    eventName: '',
  };
  for (const field of readFields(bytes)) {
    if (field.number === 1) record.timeUnixNano = String(asUnsigned(field));
    if (field.number === 2) record.severityNumber = Number(asUnsigned(field));
    if (field.number === 3) record.severityText = asText(field);
    if (field.number === 5) record.body = decodeValue(asBytes(field)) ?? undefined;
    if (field.number === 7) record.droppedAttributesCount = Number(asUnsigned(field));
    if (field.number === 8) record.flags = Number(asUnsigned(field));
    if (field.number === 9) record.traceId = Buffer.from(asBytes(field)).toString('hex');
    if (field.number === 10) record.spanId = Buffer.from(asBytes(field)).toString('hex');
    if (field.number === 11) record.observedTimeUnixNano = String(asUnsigned(field));
    if (field.number === 12) record.eventName = asText(field);
  }
  return record;
}

/**
 * The KeyValue messages that stand in a message under one field number.
 *
 * @param {Uint8Array} bytes
 * @param {number} number
 */
function decodeAttributes(bytes, number) {
  /** @type {[string, DecodedValue][]} */
  const entries = [];
  for (const field of readFields(bytes)) {
    if (field.number === number) entries.push(decodeKeyValue(asBytes(field)));
  }
  return Object.fromEntries(entries);
}

/** @param {Uint8Array} bytes @returns {[string, DecodedValue]} */
function decodeKeyValue(bytes) {
  let key = '';
  /** @type {DecodedValue} */
  let value = null;
  for (const field of readFields(bytes)) {
    if (field.number === 1) key = asText(field);
    if (field.number === 2) value = decodeValue(asBytes(field));
  }
  return [key, value];
}

/** AnyValue, a oneof: the last field counts. @param {Uint8Array} bytes @returns {DecodedValue} */
function decodeValue(bytes) {
  /** @type {DecodedValue} */
  let value = null;
  for (const field of readFields(bytes)) {
    if (field.number === 1) value = asText(field);
    if (field.number === 2) value = asUnsigned(field) !== 0n;
    if (field.number === 3) value = exactInteger(BigInt.asIntN(64, asUnsigned(field)));
    if (field.number === 4) value = asDouble(field);
    if (field.number === 5) value = decodeArray(asBytes(field));
    if (field.number === 6) value = decodeAttributes(asBytes(field), 1);
    if (field.number === 7) value = new Uint8Array(asBytes(field));
  }
  return value;
}

/** @param {Uint8Array} bytes */
function decodeArray(bytes) {
  /** @type {DecodedValue[]} */
  const values = [];
  for (const field of readFields(bytes)) {
    if (field.number === 1) values.push(decodeValue(asBytes(field)));
  }
  return values;
}

/** @param {bigint} value @returns {number | bigint} */
export function exactInteger(value) {
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}
