import { shown } from '../settings/index.ts';
import type {
  AnyValue,
  DecodedLogRecord,
  DecodedLogs,
  DecodedResource,
  DecodedScope,
  KeyValue,
} from './decoded.ts';
import { doubleValue, intValue } from './decoded.ts';
import {
  ATTRIBUTE_DEPTH,
  BODY_DEPTH,
  LIST_DEPTH,
  MAP_DEPTH,
  MAX_DEPTH,
  RESOURCE_ATTRIBUTE_DEPTH,
  SCOPE_ATTRIBUTE_DEPTH,
  SPAN_ID_BYTES,
  TRACE_ID_BYTES,
} from './fields.ts';
import { bytesOfJson } from './json-bytes.ts';
import { parseJson } from './parse-json.ts';
import { severityNumberOf } from './severity-names.ts';
import { wellFormed } from './well-formed.ts';
import { WireError } from './wire-error.ts';

const MAX_SHOWN = 120;
const MAX_UINT32 = 2 ** 32 - 1;
const MAX_UINT64 = 2n ** 64n - 1n;
const doubleWords: Readonly<Record<string, number>> = {
  NaN: Number.NaN,
  Infinity: Number.POSITIVE_INFINITY,
  '-Infinity': Number.NEGATIVE_INFINITY,
};

type Json = Readonly<Record<string, unknown>>;

/** The names of the protobuf definition, which proto3's JSON readers have to take as well. */
const originalNames: Readonly<Record<string, string>> = Object.fromEntries(
  [
    ...['resourceLogs', 'scopeLogs', 'logRecords', 'schemaUrl', 'droppedAttributesCount', 'timeUnixNano'],
    ...['observedTimeUnixNano', 'severityNumber', 'severityText', 'traceId', 'spanId', 'eventName'],
    ...['stringValue', 'boolValue', 'intValue', 'doubleValue', 'arrayValue', 'kvlistValue', 'bytesValue'],
  ].map((name) => [name, name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)]),
);
const valueKinds: Readonly<Record<string, string>> = Object.fromEntries(
  Object.entries(originalNames)
    .filter(([name]) => name.endsWith('Value'))
    .flatMap(([name, original]) => [
      [name, name],
      [original, name],
    ]),
);

/** What was read, and what was not. */
export interface JsonLogs {
  readonly logs: DecodedLogs;
  /**
   * Where the first name stands that is not known, outside of records, such as `resourceLogs[0].scope_log`.
   */
  readonly unknown: string | undefined;
}

/**
 * Reads OTLP/JSON, the body of an OTLP/HTTP request with content type `application/json` (OTLP specification,
 * "JSON Protobuf Encoding"): names in lowerCamelCase or as in the protobuf definition, ids in hex, 64-bit
 * integers as text or number, enums as numbers; the names of severities are taken too. Fields that are not
 * known are ignored; null is as good as absent, and in a list as an empty object.
 *
 * An integer is exact however it is written. Numbers of a wrong sort cost nothing but themselves: an
 * `intValue` that is no integer of 64 bits is a double, a severity is cut to a whole number, and a number in
 * place of a text is its text.
 *
 * @param input the text, or its UTF-8 bytes
 * @throws WireError that names the field, e.g. `resourceLogs[0].resource must be an object, got 1`
 */
export function decodeJsonLogs(input: string | Uint8Array): DecodedLogs {
  return readJsonLogs(input).logs;
}

/** The same, with what was not understood. @throws WireError */
export function readJsonLogs(input: string | Uint8Array): JsonLogs {
  const reader = new JsonReader();
  const logs = reader.request(parseJson(input, JSON.stringify));
  return { logs, unknown: reader.unknown };
}

class JsonReader {
  /** Names and places of lists from the root to what is being read. */
  readonly #path: (string | number)[] = [];
  unknown: string | undefined;

  request(json: unknown): DecodedLogs {
    const request = this.#object(json);
    this.#look(request, ['resourceLogs']);
    return { resources: this.#list(request, 'resourceLogs', (item) => this.#resourceLogs(item)) };
  }

  /** Notes the first name that is none of these. */
  #look(json: Json, known: readonly string[]): void {
    if (this.unknown !== undefined) return;
    const strange = Object.keys(json).find(
      (name) => !known.includes(name) && !known.some((each) => originalNames[each] === name),
    );
    if (strange !== undefined) this.unknown = this.#where(strange).slice(0, MAX_SHOWN);
  }

  #resourceLogs(json: Json): DecodedResource {
    this.#look(json, ['resource', 'scopeLogs', 'schemaUrl']);
    const resource = this.#child(json, 'resource', (child) => ({
      attributes: this.#attributes(child, 'attributes', RESOURCE_ATTRIBUTE_DEPTH),
      droppedAttributesCount: this.#uint32(child, 'droppedAttributesCount'),
    }));
    return {
      attributes: resource?.attributes ?? [],
      droppedAttributesCount: resource?.droppedAttributesCount ?? 0,
      schemaUrl: this.#text(json, 'schemaUrl'),
      scopes: this.#list(json, 'scopeLogs', (item) => this.#scopeLogs(item)),
    };
  }

  #scopeLogs(json: Json): DecodedScope {
    this.#look(json, ['scope', 'logRecords', 'schemaUrl']);
    const scope = this.#child(json, 'scope', (child) => ({
      name: this.#text(child, 'name'),
      version: this.#text(child, 'version'),
      attributes: this.#attributes(child, 'attributes', SCOPE_ATTRIBUTE_DEPTH),
      droppedAttributesCount: this.#uint32(child, 'droppedAttributesCount'),
    }));
    return {
      name: scope?.name ?? '',
      version: scope?.version ?? '',
      attributes: scope?.attributes ?? [],
      droppedAttributesCount: scope?.droppedAttributesCount ?? 0,
      schemaUrl: this.#text(json, 'schemaUrl'),
      records: this.#list(json, 'logRecords', (item) => this.#logRecord(item)),
    };
  }

  #logRecord(json: Json): DecodedLogRecord {
    return {
      timeUnixNano: this.#uint64(json, 'timeUnixNano'),
      observedTimeUnixNano: this.#uint64(json, 'observedTimeUnixNano'),
      severityNumber: this.#severity(json, 'severityNumber'),
      severityText: this.#text(json, 'severityText'),
      body: this.#child(json, 'body', (child) => this.#value(child, BODY_DEPTH)),
      attributes: this.#attributes(json, 'attributes', ATTRIBUTE_DEPTH),
      droppedAttributesCount: this.#uint32(json, 'droppedAttributesCount'),
      flags: this.#uint32(json, 'flags'),
      traceId: this.#id(json, 'traceId', TRACE_ID_BYTES),
      spanId: this.#id(json, 'spanId', SPAN_ID_BYTES),
      eventName: this.#text(json, 'eventName'),
    };
  }

  #attributes(json: Json, name: string, depth: number): KeyValue[] {
    return this.#list(json, name, (item) => {
      const value = this.#child(item, 'value', (child) => this.#value(child, depth));
      return [this.#text(item, 'key'), value ?? null];
    });
  }

  #value(json: Json, depth: number): AnyValue {
    let value: AnyValue = null;
    for (const name of Object.keys(json)) {
      const kind = Object.hasOwn(valueKinds, name) ? valueKinds[name] : undefined;
      if (kind !== undefined && json[name] !== null) value = this.#kind(json, kind, depth) ?? value;
    }
    return value;
  }

  /** @returns undefined for a kind that is not known */
  #kind(json: Json, kind: string, depth: number): AnyValue | undefined {
    switch (kind) {
      case 'stringValue':
        return this.#text(json, kind);
      case 'boolValue':
        return this.#bool(json, kind);
      case 'intValue':
        return this.#int64(json, kind);
      case 'doubleValue':
        return this.#double(json, kind);
      case 'bytesValue':
        return this.#bytes(json, kind);
      case 'arrayValue':
        this.#checkDepth(depth + LIST_DEPTH);
        return this.#child(json, kind, (list) =>
          this.#list(list, 'values', (item) => this.#value(item, depth + LIST_DEPTH)),
        );
      case 'kvlistValue':
        this.#checkDepth(depth + MAP_DEPTH);
        return this.#child(json, kind, (map) => ({
          entries: this.#attributes(map, 'values', depth + MAP_DEPTH),
        }));
      default:
        return undefined;
    }
  }

  #text(json: Json, name: string): string {
    const value = field(json, name) ?? '';
    if (typeof value === 'number') return String(value);
    if (typeof value !== 'string') this.#fail(name, 'a text', value);
    return wellFormed(value);
  }

  #bool(json: Json, name: string): boolean {
    const value = field(json, name);
    if (typeof value !== 'boolean') this.#fail(name, 'true or false', value);
    return value;
  }

  /** A whole number, or undefined if the field holds none. */
  #whole(value: unknown): bigint | undefined {
    if (typeof value === 'number') return Number.isInteger(value) ? BigInt(value) : undefined;
    return typeof value === 'string' && /^-?\d{1,20}$/.test(value) ? BigInt(value) : undefined;
  }

  #uint64(json: Json, name: string): bigint {
    const whole = this.#whole(field(json, name) ?? 0);
    if (whole === undefined || whole < 0n || whole > MAX_UINT64) {
      this.#fail(name, 'a whole number from 0 to 2^64 - 1', field(json, name));
    }
    return whole;
  }

  #uint32(json: Json, name: string): number {
    const whole = this.#whole(field(json, name) ?? 0);
    if (whole === undefined || whole < 0n || whole > MAX_UINT32) {
      this.#fail(name, 'a whole number from 0 to 2^32 - 1', field(json, name));
    }
    return Number(whole);
  }

  #int64(json: Json, name: string): AnyValue {
    const value = field(json, name);
    const whole = this.#whole(value);
    if (whole !== undefined && BigInt.asIntN(64, whole) === whole) return intValue(whole);
    // Serializers of JavaScript write any number that is whole as an integer.
    if (typeof value === 'number') return doubleValue(value);
    if (typeof value === 'string' && isDecimal(value)) return doubleValue(Number(value));
    return this.#fail(name, 'a whole number of 64 bits', value);
  }

  #severity(json: Json, name: string): number {
    const value = field(json, name) ?? 0;
    const number = typeof value === 'number' ? value : Number(this.#whole(value) ?? severityNumberOf(value));
    if (Number.isNaN(number)) this.#fail(name, 'a severity number', value);
    return Math.abs(number) < 2 ** 31 ? Math.trunc(number) : 0;
  }

  #double(json: Json, name: string): AnyValue {
    const value = field(json, name);
    if (typeof value === 'number') return doubleValue(value);
    if (typeof value === 'string' && Object.hasOwn(doubleWords, value)) return doubleWords[value]!;
    const number = typeof value === 'string' && isDecimal(value) ? Number(value) : Number.NaN;
    if (Number.isNaN(number)) this.#fail(name, 'a number, "NaN", "Infinity" or "-Infinity"', value);
    return doubleValue(number);
  }

  #bytes(json: Json, name: string): Uint8Array {
    const value = field(json, name);
    return bytesOfJson(value) ?? this.#fail(name, 'text in base64', value);
  }

  #id(json: Json, name: string, bytes: number): string {
    const value = field(json, name) ?? '';
    if (
      typeof value !== 'string' ||
      (value !== '' && value.length !== bytes * 2) ||
      /[^\da-f]/i.test(value)
    ) {
      this.#fail(name, `${bytes * 2} hex digits, or empty`, value);
    }
    // An id of zeros is none.
    return /^0*$/.test(value) ? '' : value.toLowerCase();
  }

  #object(value: unknown): Json {
    if (typeof value !== 'object' || value === null || Array.isArray(value))
      this.#fail('', 'an object', value);
    return value as Json;
  }

  #child<T>(json: Json, name: string, read: (child: Json) => T): T | undefined {
    const value = field(json, name) ?? undefined;
    if (value === undefined) return undefined;
    this.#path.push(name);
    const result = read(this.#object(value));
    this.#path.pop();
    return result;
  }

  #list<T>(json: Json, name: string, read: (item: Json) => T): T[] {
    const list = field(json, name) ?? [];
    if (!Array.isArray(list)) this.#fail(name, 'an array', list);
    this.#path.push(name, 0);
    const result: T[] = [];
    for (const [index, item] of list.entries()) {
      this.#path[this.#path.length - 1] = index;
      // proto3's JSON has no null in a list, but some senders write it for what is empty.
      result.push(read(this.#object(item ?? {})));
    }
    this.#path.length -= 2;
    return result;
  }

  #checkDepth(depth: number): void {
    if (depth > MAX_DEPTH) throw new WireError('too_deep', `a value is nested too deep at ${this.#where()}`);
  }

  #fail(name: string, expected: string, value: unknown): never {
    throw new WireError('json', `${this.#where(name)} must be ${expected}, got ${shown(value)}`);
  }

  #where(name = ''): string {
    const path = name === '' ? this.#path : [...this.#path, name];
    const text = path.map((step) => (typeof step === 'number' ? `[${step}]` : `.${step}`)).join('');
    return text === '' ? 'the request' : text.slice(1);
  }
}

/** A field by either of its names. */
function field(json: Json, name: string): unknown {
  const value = json[name];
  if (value !== undefined && value !== null) return value;
  const original = originalNames[name];
  return original === undefined ? value : json[original];
}

function isDecimal(text: string): boolean {
  return /^[-+]?\d[\d.eE+-]{0,400}$/.test(text);
}
