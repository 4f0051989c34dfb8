import { processName, serviceName, type TreeAttributes, type TreeRecord } from './tree-record.ts';
import { valueText } from './value-text.ts';

/** An object out of `JSON.parse`, of which nothing is known. */
interface Json {
  readonly [name: string]: unknown;
}

/** Deeper values of a record are left out: they would overflow the stack of whoever walks them. */
const MAX_LEVELS = 32;

/**
 * The records of one OTLP/JSON object, an `ExportLogsServiceRequest`: what a line of a Collector's file
 * exporter holds (OTLP specification, "JSON Protobuf Encoding").
 * Whatever in it is not as it should be counts as absent.
 * @returns undefined when the object holds no `resourceLogs`
 */
export function otlpJsonRecords(request: unknown): TreeRecord[] | undefined {
  const resourceLogs = isObject(request) ? request.resourceLogs : undefined;
  if (!Array.isArray(resourceLogs)) return undefined;
  const records: TreeRecord[] = [];
  for (const { resource, scopeLogs } of objectsOf(resourceLogs)) {
    const attributes = isObject(resource) ? attributesOf(resource.attributes, 0) : {};
    const source = { service: serviceName(attributes), process: processName(attributes) };
    for (const { scope, logRecords } of objectsOf(scopeLogs)) {
      const scopeName = isObject(scope) ? text(scope.name) : '';
      for (const record of objectsOf(logRecords)) records.push(recordOf(record, source, scopeName));
    }
  }
  return records;
}

function recordOf(
  record: Json,
  source: { readonly service: string; readonly process: string },
  scope: string,
): TreeRecord {
  const time = record.timeUnixNano;
  const isTimeKnown = time !== undefined && time !== '' && time !== '0' && time !== 0;
  const [seconds, nanos] = timeOf(isTimeKnown ? time : record.observedTimeUnixNano);
  return {
    traceId: idOf(record.traceId),
    spanId: idOf(record.spanId),
    seconds,
    nanos,
    severity: severityOf(record.severityNumber),
    eventName: text(record.eventName),
    body: valueText(plainValue(record.body, 0)),
    attributes: attributesOf(record.attributes, 0),
    service: source.service,
    process: source.process,
    scope,
  };
}

function attributesOf(list: unknown, level: number): TreeAttributes {
  const attributes: { [name: string]: unknown } = {};
  for (const { key, value } of objectsOf(list)) {
    if (typeof key !== 'string') continue;
    const plain = plainValue(value, level);
    // An assignment would change the prototype instead.
    if (key === '__proto__')
      Object.defineProperty(attributes, key, {
        value: plain,
        enumerable: true,
        configurable: true,
        writable: true,
      });
    else attributes[key] = plain;
  }
  return attributes;
}

/** The plain value of an OTLP `AnyValue`. */
function plainValue(any: unknown, level: number): unknown {
  if (!isObject(any)) return undefined;
  if (any.stringValue !== undefined) return any.stringValue;
  if (any.intValue !== undefined) return integerOf(any.intValue);
  if (any.boolValue !== undefined) return any.boolValue;
  if (any.doubleValue !== undefined) return Number(any.doubleValue);
  if (any.bytesValue !== undefined) return any.bytesValue;
  if (level >= MAX_LEVELS) return '…';
  if (isObject(any.arrayValue))
    return objectsOf(any.arrayValue.values).map((each) => plainValue(each, level + 1));
  if (isObject(any.kvlistValue)) return attributesOf(any.kvlistValue.values, level + 1);
  return undefined;
}

/** An int64 comes as a string, from some senders as a number. Exact beyond 2^53 only as a bigint. */
function integerOf(value: unknown): unknown {
  if (typeof value === 'number') return value;
  if (typeof value !== 'string' || !/^-?\d{1,20}$/.test(value)) return undefined;
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : BigInt(value);
}

/** Nanoseconds since 1970 as seconds and nanoseconds. */
function timeOf(value: unknown): readonly [number, number] {
  if (typeof value === 'string' && /^\d{1,20}$/.test(value)) {
    return [Number(value.slice(0, -9)), Number(value.slice(-9))];
  }
  if (typeof value !== 'number' || !(value > 0) || value > 2 ** 64) return [0, 0];
  const seconds = Math.floor(value / 1e9);
  return [seconds, Math.floor(value - seconds * 1e9)];
}

/** The severity as its number; some senders write the name of the enum value. */
function severityOf(value: unknown): number {
  if (typeof value === 'number') return value;
  const match = typeof value === 'string' ? /^SEVERITY_NUMBER_([A-Z]+)([234]?)$/.exec(value) : null;
  const first = ['TRACE', 'DEBUG', 'INFO', 'WARN', 'ERROR', 'FATAL'].indexOf(match?.[1] ?? '');
  return first < 0 ? 0 : first * 4 + Number(match?.[2] || 1);
}

function idOf(value: unknown): string {
  return typeof value === 'string' ? value.toLowerCase() : '';
}

function text(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function objectsOf(value: unknown): readonly Json[] {
  if (!Array.isArray(value)) return [];
  return value.every(isObject) ? value : value.filter(isObject);
}

function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
