import { snapshot } from '../record/index.ts';
import { KeyValueField, LIST_DEPTH, List, MAP_DEPTH, MAX_DEPTH, Value } from './fields.ts';
import { MAX_PART_VALUES } from './limits.ts';
import type { ProtobufWriter } from './protobuf-writer.ts';

/**
 * Maximum size of a record's lists and maps, so that a few objects that contain each other many times cannot
 * exhaust the memory. A single text or byte array may be longer.
 */
export const MAX_RECORD_BYTES = 64 * 2 ** 20;

const MIN_INT64 = -(2 ** 63);
const INT64_END = 2 ** 63;
const hasOwn = Object.prototype.hasOwnProperty;
const NONE = Number.POSITIVE_INFINITY;

/**
 * Writes application values as OTLP's AnyValue: text, bool, int (64-bit integers), double, bytes, lists and
 * maps in the same way as the official serializer; null and undefined become the empty value.
 *
 * Types that OTLP does not have are converted: a bigint becomes an int, or decimal text if it does not fit;
 * Date, URL, RegExp and symbol become text, a Set or a numeric array a list, a Map or an Error a map, a
 * function `[function]`.
 *
 * It throws if a value cannot be read, is nested too deep or is too large. The caller then discards the
 * output and writes the record again from a careful copy.
 */
export class ValueWriter {
  readonly #out: ProtobufWriter;
  /** Position in the output that the record must not exceed. */
  #limit = NONE;
  /** Number of values of the record, counted in the same way as by the scan. */
  #values = 0;
  #isCareful = false;

  constructor(out: ProtobufWriter) {
    this.#out = out;
  }

  /** Starts a record. @param isCareful replaces values that are nested too deep instead of throwing */
  start(isCareful: boolean): void {
    this.#limit = this.#out.at + MAX_RECORD_BYTES;
    this.#values = 0;
    this.#isCareful = isCareful;
  }

  /** Writes all own enumerable properties as KeyValue fields. */
  attributes(tag: number, attributes: Readonly<Record<string, unknown>>, depth: number): void {
    for (const key in attributes) {
      // Object.hasOwn would be three times as slow here.
      if (hasOwn.call(attributes, key)) this.keyValue(tag, key, attributes[key], depth);
    }
  }

  /** @param depth of the value in the request */
  keyValue(tag: number, key: string, value: unknown, depth: number): void {
    const out = this.#out;
    const start = out.beginWithText(tag, KeyValueField.key, key);
    this.value(KeyValueField.value, value, depth);
    out.end(start, 1);
    this.#values += 1;
    this.#check();
  }

  /** Writes a field of type AnyValue. */
  value(tag: number, value: unknown, depth: number): void {
    const out = this.#out;
    this.#values += 1;
    if (typeof value === 'string' && out.shortText(tag, Value.string, value)) return;
    out.reserve(24);
    out.put(tag);
    const start = out.begin(1);
    this.#content(value, depth);
    out.end(start, 1);
  }

  /** Checks the limits of a record. The daemon rejects larger ones. */
  #check(): void {
    if (this.#out.at <= this.#limit && this.#values <= MAX_PART_VALUES) return;
    throw new RangeError('the record is too large');
  }

  #content(value: unknown, depth: number): void {
    const out = this.#out;
    switch (typeof value) {
      case 'string':
        out.put(Value.string);
        out.text(value);
        break;
      case 'number':
        this.#number(value);
        break;
      case 'boolean':
        out.put(Value.bool);
        out.put(value ? 1 : 0);
        break;
      case 'object':
        if (value !== null) this.#object(value, depth);
        break;
      case 'bigint':
        if (BigInt.asIntN(64, value) === value) {
          out.put(Value.int);
          out.putBigInt(value);
        } else this.#content(String(value), depth);
        break;
      case 'symbol':
        this.#content(String(value), depth);
        break;
      case 'function':
        this.#content('[function]', depth);
        break;
      default:
    }
  }

  #number(value: number): void {
    const out = this.#out;
    if (Number.isInteger(value) && value >= MIN_INT64 && value < INT64_END) {
      out.put(Value.int);
      out.putInt64(value);
      return;
    }
    out.put(Value.double);
    out.putDouble(value);
  }

  #object(value: object, depth: number): void {
    const out = this.#out;
    if (value instanceof Uint8Array) {
      out.put(Value.bytes);
      out.bytes(value);
      return;
    }
    if (depth + MAP_DEPTH > MAX_DEPTH) {
      if (!this.#isCareful) throw new RangeError('the value is too deep');
      this.#content('[too deep]', depth);
      return;
    }
    this.#values += 1;
    if (Array.isArray(value)) {
      out.put(Value.array);
      const start = out.begin(1);
      for (let index = 0; index < value.length; index += 1) {
        this.value(List.values, value[index], depth + LIST_DEPTH);
        this.#check();
      }
      out.end(start, 1);
      return;
    }
    const prototype = Object.getPrototypeOf(value);
    if (prototype !== Object.prototype && prototype !== null) {
      this.#copied(value, depth);
      return;
    }
    out.put(Value.map);
    const start = out.begin(1);
    this.attributes(List.values, value as Record<string, unknown>, depth + MAP_DEPTH);
    out.end(start, 1);
  }

  /** Writes a Date, Map, Error or class instance as the plain data that {@link snapshot} makes of it. */
  #copied(value: object, depth: number): void {
    const copy = snapshot(value, MAX_RECORD_BYTES)?.value ?? '[too large]';
    this.#content(copy, depth);
  }
}
