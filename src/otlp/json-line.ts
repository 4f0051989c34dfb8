import { decodeLogs } from './decode-logs.ts';
import {
  type AnyValue,
  type Attributes,
  type DecodedLogRecord,
  type DecodedLogs,
  type DecodedResource,
  type DecodedScope,
  isBytes,
  isMap,
  isWholeDouble,
} from './decoded.ts';
import { wellFormed } from './well-formed.ts';

/**
 * Logs as one line of OTLP/JSON, `{"resourceLogs":[…]}`, without a line break at its end or within: the form of the
 * Collector's `file` exporter and `otlp_json_file` receiver, and of lnav. `decodeJsonLogs` reads it back.
 *
 * @param logs decoded, or the bytes of an `ExportLogsServiceRequest`
 * @throws WireError if the bytes are none
 */
export function jsonLine(logs: DecodedLogs | Uint8Array): string {
  const { resources } = logs instanceof Uint8Array ? decodeLogs(logs) : logs;
  return `{"resourceLogs":[${resources.map(resourceLogs).join(',')}]}`;
}

function resourceLogs(logs: DecodedResource): string {
  const resource = fields(attributes(logs.attributes), count(logs.droppedAttributesCount));
  const scopes = logs.scopes.map(scopeLogs).join(',');
  return fields(`"resource":${resource}`, `"scopeLogs":[${scopes}]`, text('schemaUrl', logs.schemaUrl));
}

function scopeLogs(logs: DecodedScope): string {
  const scope = fields(
    text('name', logs.name),
    text('version', logs.version),
    attributes(logs.attributes),
    count(logs.droppedAttributesCount),
  );
  const records = logs.records.map(logRecord).join(',');
  return fields(`"scope":${scope}`, `"logRecords":[${records}]`, text('schemaUrl', logs.schemaUrl));
}

function logRecord(record: DecodedLogRecord): string {
  return fields(
    `"timeUnixNano":"${record.timeUnixNano}"`,
    `"observedTimeUnixNano":"${record.observedTimeUnixNano}"`,
    record.severityNumber === 0 ? '' : `"severityNumber":${record.severityNumber}`,
    text('severityText', record.severityText),
    record.body === undefined ? '' : `"body":${jsonValue(record.body)}`,
    attributes(record.attributes),
    count(record.droppedAttributesCount),
    record.flags === 0 ? '' : `"flags":${record.flags}`,
    text('traceId', record.traceId),
    text('spanId', record.spanId),
    text('eventName', record.eventName),
  );
}

function attributes(entries: Attributes): string {
  return entries.length === 0 ? '' : `"attributes":[${keyValues(entries)}]`;
}

function keyValues(entries: Attributes): string {
  return entries.map(([key, value]) => `{"key":${quoted(key)},"value":${jsonValue(value)}}`).join(',');
}

function jsonValue(value: AnyValue): string {
  if (value === null) return '{}';
  if (typeof value === 'string') return `{"stringValue":${quoted(value)}}`;
  if (typeof value === 'boolean') return `{"boolValue":${value}}`;
  if (typeof value === 'bigint') return `{"intValue":"${value}"}`;
  if (typeof value === 'number') {
    return Number.isSafeInteger(value) ? `{"intValue":"${value}"}` : jsonDouble(value);
  }
  if (isBytes(value)) return `{"bytesValue":"${Buffer.from(value).toString('base64')}"}`;
  if (isMap(value)) return `{"kvlistValue":{"values":[${keyValues(value.entries)}]}}`;
  if (isWholeDouble(value)) return jsonDouble(value.double);
  return `{"arrayValue":{"values":[${value.map(jsonValue).join(',')}]}}`;
}

function jsonDouble(value: number): string {
  if (!Number.isFinite(value)) return `{"doubleValue":"${value}"}`;
  return `{"doubleValue":${Object.is(value, -0) ? '-0.0' : value}}`;
}

function text(name: string, value: string): string {
  return value === '' ? '' : `"${name}":${quoted(value)}`;
}

function count(value: number): string {
  return value === 0 ? '' : `"droppedAttributesCount":${value}`;
}

/** As JSON; some readers refuse half a surrogate pair. */
function quoted(value: string): string {
  return JSON.stringify(wellFormed(value));
}

function fields(...parts: readonly string[]): string {
  return `{${parts.filter((part) => part !== '').join(',')}}`;
}
