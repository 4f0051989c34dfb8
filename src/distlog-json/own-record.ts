import type { Attributes, DecodedLogRecord } from '../otlp/index.ts';
import {
  ATTRIBUTE_DEPTH,
  BODY_DEPTH,
  RESOURCE_ATTRIBUTE_DEPTH,
  SCOPE_ATTRIBUTE_DEPTH,
  SPAN_ID_BYTES,
  TRACE_ID_BYTES,
  WireError,
  wellFormed,
} from '../otlp/index.ts';
import { isObject, type Json, readValueJson, withLineBreaks } from './json-values.ts';
import type { SourcedRecord } from './sourced-record.ts';

const MAX_UINT64 = 2n ** 64n - 1n;
const MAX_UINT32 = 2 ** 32 - 1;
const MAX_INT32 = 2 ** 31 - 1;

/** Whether a JSON object was written by `JsonSerializer`. */
export function isOwnRecord(json: Json): boolean {
  return typeof json.time_unix_nano === 'string';
}

/** Reads a JSON object written by `JsonSerializer`. @throws WireError that names the field */
export function ownRecord(json: Json): SourcedRecord {
  const resource = child(json, 'resource');
  const scope = child(json, 'scope');
  const hasBody = Object.hasOwn(json, 'body');
  const record: DecodedLogRecord = {
    timeUnixNano: nanos(json, 'time_unix_nano'),
    observedTimeUnixNano: nanos(json, 'observed_time_unix_nano'),
    severityNumber: number(json, 'severity_number', MAX_INT32),
    severityText: text(json, 'severity_text'),
    body: hasBody
      ? (readValueJson(json.body, BODY_DEPTH) ?? undefined)
      : withLineBreaks(text(json, 'message')),
    attributes: attributes(json, ATTRIBUTE_DEPTH),
    droppedAttributesCount: number(json, 'dropped_attributes_count', MAX_UINT32),
    flags: number(json, 'flags', MAX_UINT32),
    traceId: id(json, 'trace_id', TRACE_ID_BYTES),
    spanId: id(json, 'span_id', SPAN_ID_BYTES),
    eventName: text(json, 'event_name'),
  };
  return {
    resource: {
      attributes: attributes(resource, RESOURCE_ATTRIBUTE_DEPTH),
      droppedAttributesCount: number(resource, 'dropped_attributes_count', MAX_UINT32),
      schemaUrl: text(resource, 'schema_url'),
    },
    scope: {
      name: text(json, 'name'),
      version: text(scope, 'version'),
      attributes: attributes(scope, SCOPE_ATTRIBUTE_DEPTH),
      droppedAttributesCount: number(scope, 'dropped_attributes_count', MAX_UINT32),
      schemaUrl: text(scope, 'schema_url'),
    },
    record,
  };
}

function child(json: Json, name: string): Json {
  const value = json[name] ?? {};
  return isObject(value) ? value : fail(name, 'an object');
}

function attributes(json: Json, depth: number): Attributes {
  return Object.entries(child(json, 'attributes')).map(([key, value]) => [
    wellFormed(key),
    readValueJson(value, depth),
  ]);
}

function text(json: Json, name: string): string {
  const value = json[name] ?? '';
  return typeof value === 'string' ? wellFormed(value) : fail(name, 'a string');
}

function number(json: Json, name: string, max: number): number {
  const value = json[name] ?? 0;
  if (typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= max) return value;
  return fail(name, `a whole number from 0 to ${max}`);
}

function nanos(json: Json, name: string): bigint {
  const value = json[name] ?? '0';
  const isWhole = typeof value === 'string' && /^\d{1,20}$/.test(value);
  const whole = isWhole ? BigInt(value) : -1n;
  return whole >= 0n && whole <= MAX_UINT64
    ? whole
    : fail(name, 'the decimal text of a number from 0 to 2^64 - 1');
}

function id(json: Json, name: string, bytes: number): string {
  const value = text(json, name);
  // An id of zeros means that there is no id.
  if (/^0*$/.test(value) && (value === '' || value.length === bytes * 2)) return '';
  if (value.length === bytes * 2 && /^[\da-f]+$/i.test(value)) return value.toLowerCase();
  return fail(name, `${bytes * 2} hex digits`);
}

function fail(name: string, expected: string): never {
  throw new WireError('json', `field ${name} of a record must be ${expected}`);
}
