import { shown } from '../settings/index.ts';
import { type AnyValue, doubleValue, intValue } from './decoded.ts';
import { MAX_DEPTH } from './fields.ts';
import { bytesOfJson } from './json-bytes.ts';
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

/** An object of JSON. */
export type Json = Readonly<Record<string, unknown>>;

/** The original protobuf field names, which proto3 JSON readers must accept as well. */
export const originalNames: Readonly<Record<string, string>> = Object.fromEntries(
  [
    ...['resourceLogs', 'scopeLogs', 'logRecords', 'schemaUrl', 'droppedAttributesCount', 'timeUnixNano'],
    ...['observedTimeUnixNano', 'severityNumber', 'severityText', 'traceId', 'spanId', 'eventName'],
    ...['stringValue', 'boolValue', 'intValue', 'doubleValue', 'arrayValue', 'kvlistValue', 'bytesValue'],
  ].map((name) => [name, name.replaceAll(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)]),
);
/**
 * Reads typed fields of OTLP/JSON and tracks the position, so that each error names the field, for example
 * `resourceLogs[0].resource must be an object, got 1`.
 */
export class JsonFields {
  /** Member names and list indexes from the root to the current object. */
  readonly #path: (string | number)[] = [];
  /** Path of the first unknown name among the objects that were checked. */
  unknown: string | undefined;

  /** Records the first name that is not in this list. */
  noteUnknown(json: Json, known: readonly string[]): void {
    if (this.unknown !== undefined) return;
    const unknown = Object.keys(json).find(
      (name) => !known.includes(name) && !known.some((each) => originalNames[each] === name),
    );
    if (unknown !== undefined) this.unknown = this.#where(unknown).slice(0, MAX_SHOWN);
  }

  text(json: Json, name: string): string {
    const value = field(json, name) ?? '';
    if (typeof value === 'number') return String(value);
    if (typeof value !== 'string') this.#fail(name, 'a string', value);
    return wellFormed(value);
  }

  bool(json: Json, name: string): boolean {
    const value = field(json, name);
    if (typeof value !== 'boolean') this.#fail(name, 'true or false', value);
    return value;
  }

  /** An integer, or undefined for any other value. */
  #whole(value: unknown): bigint | undefined {
    if (typeof value === 'number') return Number.isInteger(value) ? BigInt(value) : undefined;
    return typeof value === 'string' && /^-?\d{1,20}$/.test(value) ? BigInt(value) : undefined;
  }

  uint64(json: Json, name: string): bigint {
    const whole = this.#whole(field(json, name) ?? 0);
    if (whole === undefined || whole < 0n || whole > MAX_UINT64) {
      this.#fail(name, 'a whole number from 0 to 2^64 - 1', field(json, name));
    }
    return whole;
  }

  uint32(json: Json, name: string): number {
    const whole = this.#whole(field(json, name) ?? 0);
    if (whole === undefined || whole < 0n || whole > MAX_UINT32) {
      this.#fail(name, 'a whole number from 0 to 2^32 - 1', field(json, name));
    }
    return Number(whole);
  }

  int64(json: Json, name: string): AnyValue {
    const value = field(json, name);
    const whole = this.#whole(value);
    if (whole !== undefined && BigInt.asIntN(64, whole) === whole) return intValue(whole);
    // JavaScript serializers write every number without a fraction as an integer.
    if (typeof value === 'number') return doubleValue(value);
    const decimal = decimalOf(value);
    if (Number.isNaN(decimal)) this.#fail(name, 'a whole number of 64 bits', value);
    return doubleValue(decimal);
  }

  severity(json: Json, name: string): number {
    const value = field(json, name) ?? 0;
    const number = typeof value === 'number' ? value : Number(this.#whole(value) ?? severityNumberOf(value));
    if (Number.isNaN(number)) this.#fail(name, 'a severity number', value);
    const whole = Math.trunc(number);
    return whole >= -(2 ** 31) && whole < 2 ** 31 ? whole : 0;
  }

  double(json: Json, name: string): AnyValue {
    const value = field(json, name);
    if (typeof value === 'number') return doubleValue(value);
    if (typeof value === 'string' && Object.hasOwn(doubleWords, value)) return doubleWords[value]!;
    const number = decimalOf(value);
    if (Number.isNaN(number)) this.#fail(name, 'a number, "NaN", "Infinity" or "-Infinity"', value);
    return doubleValue(number);
  }

  bytes(json: Json, name: string): Uint8Array {
    const value = field(json, name);
    return bytesOfJson(value) ?? this.#fail(name, 'text in base64', value);
  }

  id(json: Json, name: string, bytes: number): string {
    const value = field(json, name) ?? '';
    if (
      typeof value !== 'string' ||
      (value !== '' && value.length !== bytes * 2) ||
      /[^\da-f]/i.test(value)
    ) {
      this.#fail(name, `${bytes * 2} hex digits, or empty`, value);
    }
    // An id of all zeros means that there is no id.
    return /^0*$/.test(value) ? '' : value.toLowerCase();
  }

  object(value: unknown): Json {
    if (typeof value !== 'object' || value === null || Array.isArray(value))
      this.#fail('', 'an object', value);
    return value as Json;
  }

  child<T>(json: Json, name: string, read: (child: Json) => T): T | undefined {
    const value = field(json, name) ?? undefined;
    if (value === undefined) return undefined;
    this.#path.push(name);
    const result = read(this.object(value));
    this.#path.pop();
    return result;
  }

  list<T>(json: Json, name: string, read: (item: Json) => T): T[] {
    const list = field(json, name) ?? [];
    if (!Array.isArray(list)) this.#fail(name, 'an array', list);
    this.#path.push(name, 0);
    const result: T[] = [];
    for (const [index, item] of list.entries()) {
      this.#path[this.#path.length - 1] = index;
      // proto3 JSON does not allow null in a list, but some senders write it for an empty item.
      result.push(read(this.object(item ?? {})));
    }
    this.#path.length -= 2;
    return result;
  }

  checkDepth(depth: number): void {
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

/** A field by its JSON name or its original protobuf name. */
function field(json: Json, name: string): unknown {
  const value = json[name];
  if (value !== undefined && value !== null) return value;
  const original = originalNames[name];
  return original === undefined ? value : json[original];
}

/** Parses the text of a decimal number; NaN for any other value. */
function decimalOf(value: unknown): number {
  return typeof value === 'string' && /^[-+]?\d[\d.eE+-]{0,400}$/.test(value) ? Number(value) : Number.NaN;
}
