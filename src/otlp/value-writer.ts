import { snapshot } from '../record/index.ts';
import { KeyValueField, LIST_DEPTH, List, MAP_DEPTH, MAX_DEPTH, Value } from './fields.ts';
import { MAX_PART_VALUES } from './limits.ts';
import type { ProtobufWriter } from './protobuf-writer.ts';

/**
 * How much a record may hold in lists and maps, so that a few objects which hold each other many times over
 * cannot fill the memory. A single text or byte array may be longer.
 */
export const MAX_RECORD_BYTES = 64 * 2 ** 20;

const MIN_INT64 = -(2 ** 63);
const INT64_END = 2 ** 63;
const hasOwn = Object.prototype.hasOwnProperty;
const NONE = Number.POSITIVE_INFINITY;

/**
 * Writes values of the application as OTLP's AnyValue: text, bool, int (whole numbers of 64 bits), double,
 * bytes, lists and maps as the official serializer does; null and undefined are the empty value.
 *
 * What OTLP has no kind for becomes readable: a bigint is an int, or decimal text where that is too small;
 * Date, URL, RegExp and symbol are text, a Set and numeric arrays a list, a Map and an Error a map, a
 * function `[function]`.
 *
 * It throws where a value cannot be read, lies too deep or is too big. Its caller takes back what was
 * written, and writes it again from a careful copy.
 */
export class ValueWriter {
  readonly #out: ProtobufWriter;
  /** Where in the bytes the record must have ended. */
  #limit = NONE;
  /** How many values the record has, as the scan counts them. */
  #values = 0;
  #isCareful = false;

  constructor(out: ProtobufWriter) {
    this.#out = out;
  }

  /** A record begins. @param isCareful what lies too deep is replaced, and does not throw */
  start(isCareful: boolean): void {
    this.#limit = this.#out.at + MAX_RECORD_BYTES;
    this.#values = 0;
    this.#isCareful = isCareful;
  }

  /** All own, enumerable properties as KeyValue fields. */
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

  /** A field whose type is AnyValue. */
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

  /** A daemon refuses what has more. */
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

  /** Date, Map, Error, objects of a class: as the plain data that {@link snapshot} makes of them. */
  #copied(value: object, depth: number): void {
    const copy = snapshot(value, MAX_RECORD_BYTES)?.value ?? '[too large]';
    this.#content(copy, depth);
  }
}
