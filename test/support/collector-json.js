// Reads what a Collector's file exporter has written, OTLP/JSON a line, into the records of otlp-decode.js.
import { readFileSync } from 'node:fs';
import { exactInteger } from './otlp-decode.js';

/** @typedef {import('./otlp-decode.js').DecodedRecord} DecodedRecord */
/** @typedef {import('./otlp-decode.js').DecodedValue} DecodedValue */
/** OTLP/JSON as JSON.parse gives it. @typedef {any} Json */

/**
 * @param {string} path
 * @returns {DecodedRecord[]} in the order in which they stand in the file; none where there is no file
 */
export function readCollectorFile(path) {
  return decodeCollectorLines(textOf(path));
}

/** @param {string} text */
export function decodeCollectorLines(text) {
  return requestsIn(text).flatMap(decodeLogsJson);
}

/**
 * The spans of a file, as they are in OTLP/JSON.
 *
 * @param {string} path
 * @returns {{ readonly traceId: string, readonly name: string, readonly status: { readonly code?: number } }[]}
 */
export function readCollectorSpans(path) {
  return requestsIn(textOf(path))
    .flatMap(({ resourceSpans }) => resourceSpans)
    .flatMap(({ scopeSpans }) => scopeSpans)
    .flatMap(({ spans }) => spans);
}

/** Without a last line that has not been written whole. @param {string} text @returns {Json[]} */
function requestsIn(text) {
  const lines = text.split('\n').slice(0, -1);
  return lines.filter((line) => line !== '').map((line) => JSON.parse(line));
}

/** @param {string} path */
function textOf(path) {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code === 'ENOENT') return '';
    throw error;
  }
}

/** An ExportLogsServiceRequest in OTLP/JSON. @param {Json} request @returns {DecodedRecord[]} */
export function decodeLogsJson(request) {
  /** @type {DecodedRecord[]} */
  const records = [];
  for (const resourceLogs of request.resourceLogs ?? []) {
    const resource = { attributes: decodeAttributes(resourceLogs.resource?.attributes) };
    for (const { scope, logRecords, schemaUrl } of resourceLogs.scopeLogs ?? []) {
      const decodedScope = {
        name: scope?.name ?? '',
        version: scope?.version ?? '',
        attributes: decodeAttributes(scope?.attributes),
      };
      for (const record of logRecords ?? []) {
        records.push({ ...decodeRecord(record), resource, scope: decodedScope, schemaUrl: schemaUrl ?? '' });
      }
    }
  }
  return records;
}

/** @param {Json} record */
function decodeRecord(record) {
  return {
    timeUnixNano: String(record.timeUnixNano ?? '0'),
    observedTimeUnixNano: String(record.observedTimeUnixNano ?? '0'),
    severityNumber: record.severityNumber ?? 0,
    severityText: record.severityText ?? '',
    body: decodeValue(record.body) ?? undefined,
    attributes: decodeAttributes(record.attributes),
    droppedAttributesCount: record.droppedAttributesCount ?? 0,
    flags: record.flags ?? 0,
    traceId: record.traceId ?? '',
    spanId: record.spanId ?? '',
    eventName: record.eventName ?? '',
  };
}

/** @param {Json} attributes @returns {Record<string, DecodedValue>} */
function decodeAttributes(attributes) {
  return Object.fromEntries(
    (attributes ?? []).map((/** @type {Json} */ each) => [each.key, decodeValue(each.value)]),
  );
}

/** @param {Json} value @returns {DecodedValue} */
function decodeValue(value = {}) {
  if (value.stringValue !== undefined) return value.stringValue;
  if (value.boolValue !== undefined) return value.boolValue;
  if (value.intValue !== undefined) return exactInteger(BigInt(value.intValue));
  if (value.doubleValue !== undefined) return Number(value.doubleValue); // "NaN" and "Infinity" are strings
  if (value.arrayValue !== undefined) return (value.arrayValue.values ?? []).map(decodeValue);
  if (value.kvlistValue !== undefined) return decodeAttributes(value.kvlistValue.values);
  if (value.bytesValue !== undefined) return new Uint8Array(Buffer.from(value.bytesValue, 'base64'));
  return null;
}
