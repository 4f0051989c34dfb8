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
import { parseJson } from './parse-json.ts';
import { severityNumberOf } from './severity-names.ts';
import { wellFormed } from './well-formed.ts';
import { WireError } from './wire-error.ts';

const MAX_UINT32 = 2 ** 32 - 1;
const MAX_UINT64 = 2n ** 64n - 1n;
const doubleWords: Readonly<Record<string, number>> = {
  NaN: Number.NaN,
  Infinity: Number.POSITIVE_INFINITY,
  '-Infinity': Number.NEGATIVE_INFINITY,
};

type Json = Readonly<Record<string, unknown>>;

/**
 * Reads OTLP/JSON, the body of an OTLP/HTTP request with content type `application/json` (OTLP specification, "JSON
 * Protobuf Encoding"): names in lowerCamelCase, ids in hex, 64-bit integers as text or number, enums as numbers; the
 * names of severities are taken too. Fields that are not known are ignored; null is as good as absent. An integer is
 * exact however it is written.
 *
 * @param input the text, or its UTF-8 bytes
 * @throws WireError that names the field, e.g. `resourceLogs[0].resource must be an object, got 1`
 */
export function decodeJsonLogs(input: string | Uint8Array): DecodedLogs {
  const reader = new JsonReader();
  return reader.request(parseJson(input, JSON.stringify));
}

class JsonReader {
  /** Names and places of lists from the root to what is being read. */
  readonly #path: (string | number)[] = [];

  request(json: unknown): DecodedLogs {
    return { resources: this.#list(this.#object(json), 'resourceLogs', (item) => this.#resourceLogs(item)) };
  }

  #resourceLogs(json: Json): DecodedResource {
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
    for (const kind of Object.keys(json)) {
      if (json[kind] !== null) value = this.#kind(json, kind, depth) ?? value;
    }
    return value;
  }

  /** @returns undefined for a kind that is not known */
  #kind(json: Json, kind: string, depth: number): AnyValue | undefined {
    switch (kind) {
      case 'stringValue':
        return this.#text(json, kind);
      case 'boolValue':
        if (typeof json[kind] !== 'boolean') this.#fail(kind, 'true or false', json[kind]);
        return json[kind];
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
    const value = json[name] ?? '';
    if (typeof value !== 'string') this.#fail(name, 'a text', value);
    return wellFormed(value);
  }

  /** A whole number, or undefined if the field holds none. */
  #whole(value: unknown): bigint | undefined {
    if (typeof value === 'number') return Number.isInteger(value) ? BigInt(value) : undefined;
    return typeof value === 'string' && /^-?\d{1,20}$/.test(value) ? BigInt(value) : undefined;
  }

  #uint64(json: Json, name: string): bigint {
    const whole = this.#whole(json[name] ?? 0);
    if (whole === undefined || whole < 0n || whole > MAX_UINT64) {
      this.#fail(name, 'a whole number from 0 to 2^64 - 1', json[name]);
    }
    return whole;
  }

  #uint32(json: Json, name: string): number {
    const whole = this.#whole(json[name] ?? 0);
    if (whole === undefined || whole < 0n || whole > MAX_UINT32) {
      this.#fail(name, 'a whole number from 0 to 2^32 - 1', json[name]);
    }
    return Number(whole);
  }

  #int64(json: Json, name: string): AnyValue {
    const whole = this.#whole(json[name]);
    if (whole === undefined || BigInt.asIntN(64, whole) !== whole) {
      this.#fail(name, 'a whole number of 64 bits', json[name]);
    }
    return intValue(whole);
  }

  #severity(json: Json, name: string): number {
    const value = json[name] ?? 0;
    const whole = this.#whole(value) ?? severityNumberOf(value);
    if (whole === undefined || BigInt.asIntN(32, BigInt(whole)) !== BigInt(whole)) {
      this.#fail(name, 'a severity number', value);
    }
    return Number(whole);
  }

  #double(json: Json, name: string): AnyValue {
    const value = json[name];
    if (typeof value === 'number') return doubleValue(value);
    if (typeof value === 'string' && Object.hasOwn(doubleWords, value)) return doubleWords[value]!;
    const isDecimal = typeof value === 'string' && /^[-+]?\d[\d.eE+-]{0,400}$/.test(value);
    const number = isDecimal ? Number(value) : Number.NaN;
    if (Number.isNaN(number)) this.#fail(name, 'a number, "NaN", "Infinity" or "-Infinity"', value);
    return doubleValue(number);
  }

  #bytes(json: Json, name: string): Uint8Array {
    const value = json[name];
    if (typeof value !== 'string' || !isBase64(value)) this.#fail(name, 'text in base64', value);
    return new Uint8Array(Buffer.from(value, 'base64'));
  }

  #id(json: Json, name: string, bytes: number): string {
    const value = json[name] ?? '';
    if (
      typeof value !== 'string' ||
      (value !== '' && value.length !== bytes * 2) ||
      /[^\da-f]/i.test(value)
    ) {
      this.#fail(name, `${bytes * 2} hex digits, or empty`, value);
    }
    return value.toLowerCase();
  }

  #object(value: unknown): Json {
    if (typeof value !== 'object' || value === null || Array.isArray(value))
      this.#fail('', 'an object', value);
    return value as Json;
  }

  #child<T>(json: Json, name: string, read: (child: Json) => T): T | undefined {
    const value = json[name] ?? undefined;
    if (value === undefined) return undefined;
    this.#path.push(name);
    const result = read(this.#object(value));
    this.#path.pop();
    return result;
  }

  #list<T>(json: Json, name: string, read: (item: Json) => T): T[] {
    const list = json[name] ?? [];
    if (!Array.isArray(list)) this.#fail(name, 'an array', list);
    this.#path.push(name, 0);
    const result: T[] = [];
    for (const [index, item] of list.entries()) {
      this.#path[this.#path.length - 1] = index;
      // proto3's JSON has no null in a list; an AnyValue that is empty is {}.
      result.push(read(this.#object(item)));
    }
    this.#path.length -= 2;
    return result;
  }

  #checkDepth(depth: number): void {
    if (depth > MAX_DEPTH) throw new WireError('too_deep', `a value is nested too deep at ${this.#where()}`);
  }

  #fail(name: string, wish: string, value: unknown): never {
    throw new WireError('json', `${this.#where(name)} must be ${wish}, got ${shown(value)}`);
  }

  #where(name = ''): string {
    const path = name === '' ? this.#path : [...this.#path, name];
    const text = path.map((step) => (typeof step === 'number' ? `[${step}]` : `.${step}`)).join('');
    return text === '' ? 'the request' : text.slice(1);
  }
}

function isBase64(text: string): boolean {
  return /^[A-Za-z0-9+/_-]*={0,2}$/.test(text);
}
