import {
  type AnyValue,
  isBytes,
  isWholeDouble,
  type KeyValue,
  LIST_DEPTH,
  MAP_DEPTH,
  MAX_DEPTH,
  WireError,
} from '../otlp/index.ts';
import { fittingInt } from './json-values.ts';
import type { PickleValue } from './pickle.ts';

/** Without this limit, a few lists that contain each other many times would expand to a huge tree. */
const MAX_VALUES = 40_000;
const MAX_BYTES = 16 * 2 ** 20;

/**
 * Converts the data of a pickle to an OTLP value: lists, tuples and sets become lists, a dict a map with text
 * keys, an integer beyond 64 bits decimal text.
 *
 * @param depth depth of the value in a request
 * @throws WireError if it is nested deeper than 100 messages (also if it contains itself), or has more than
 * 40,000 values or 16 MiB
 */
export function pickleValue(value: PickleValue, depth: number): AnyValue {
  return new Converter().convert(value, depth);
}

class Converter {
  #values = 0;
  #bytes = 0;

  convert(value: PickleValue, depth: number): AnyValue {
    this.#values += 1;
    if (typeof value === 'string') this.#bytes += value.length;
    else if (value instanceof Uint8Array) this.#bytes += value.length;
    if (this.#values > MAX_VALUES || this.#bytes > MAX_BYTES) {
      throw new WireError('too_large', `the pickle has more than ${MAX_VALUES} values or ${MAX_BYTES} bytes`);
    }
    if (typeof value === 'bigint') return fittingInt(value);
    if (typeof value !== 'object' || value === null || value instanceof Uint8Array) return value;
    if (depth + MAP_DEPTH > MAX_DEPTH) {
      throw new WireError('too_deep', 'the pickle is nested too deep, or contains itself');
    }
    if (value instanceof Map) return { entries: this.#entries(value, depth + MAP_DEPTH) };
    if (value instanceof Set) return [...value].map((item) => this.convert(item, depth + LIST_DEPTH));
    if (Array.isArray(value)) return value.map((item) => this.convert(item, depth + LIST_DEPTH));
    return value as AnyValue;
  }

  #entries(map: ReadonlyMap<PickleValue, PickleValue>, depth: number): KeyValue[] {
    return [...map].map(([key, item]) => [this.#key(key), this.convert(item, depth)]);
  }

  #key(key: PickleValue): string {
    if (typeof key === 'string') {
      this.#bytes += key.length;
      return key;
    }
    if (key === null) return 'None';
    if (typeof key !== 'object') return String(key);
    if (isWholeDouble(key as AnyValue)) return (key as { double: number }).double.toFixed(1);
    return isBytes(key as AnyValue) ? Buffer.from(key as Uint8Array).toString('utf8') : '[key]';
  }
}
