import { types } from 'node:util';
import { errorText } from './error-text.ts';
import { CHARACTER_BYTES, VALUE_BYTES } from './size.ts';

/** A copy of a value and its estimated size in bytes. */
export interface Snapshot {
  readonly value: unknown;
  readonly bytes: number;
}

/** A copy that may be truncated. */
export interface BoundedSnapshot extends Snapshot {
  /** Estimated bytes of the original that are not in the copy; 0 if the copy is complete. */
  readonly missingBytes: number;
}

/**
 * The maximum depth of nested objects. Serializers recurse, and a deeper body would overflow the stack and
 * lose the whole batch. Protobuf parsers allow 100 nested messages and each object takes three: 32 levels in
 * a body, and 31 in an attribute, which is itself one message deeper.
 */
const MAX_BODY_DEPTH = 32;
export const MAX_ATTRIBUTE_DEPTH = 31;

/** The limit of OTLP's 64-bit integers. Every double from here on is an integer. */
const INT64_LIMIT = 2 ** 63;

/**
 * Whether OTLP can represent a number. JSON has no NaN or infinity, and exporters write every whole number as
 * a 64-bit integer. A server rejects the whole request if it contains an invalid number.
 */
export function isWritableNumber(value: number): boolean {
  return Math.abs(value) < INT64_LIMIT;
}

/**
 * Copies an object body, so that a record has the values of the time when it was emitted. The SDK keeps a
 * body by reference, and the application may change the object before a held record is released.
 *
 * The copy is plain data that every serializer can write: a cycle becomes `[circular]`, an object nested too
 * deeply `[too deep]`, a getter that throws `[threw …]`. Numbers that OTLP cannot represent and bigint,
 * symbol, Date, Error, Map, Set, URL, Headers and similar objects become readable values. An object with
 * `toJSON()` is replaced by its result.
 *
 * @param maxBytes the maximum size of the copy
 * @returns undefined if the body is larger than `maxBytes`
 */
export function snapshot(body: unknown, maxBytes: number): Snapshot | undefined {
  const { missingBytes, ...copy } = boundedSnapshot(body, maxBytes);
  return missingBytes > 0 ? undefined : copy;
}

/** Like `snapshot`, but a value larger than `maxBytes` is truncated. */
export function boundedSnapshot(
  value: unknown,
  maxBytes: number,
  maxDepth: number = MAX_BODY_DEPTH,
): BoundedSnapshot {
  const copier = new Copier(maxBytes, maxDepth);
  const copy = copier.copy(value);
  return { value: copy, bytes: maxBytes - copier.leftBytes, missingBytes: copier.missingBytes };
}

/** The fields to copy from web platform objects, which have only getters on their prototype. */
const WEB_FIELDS: Readonly<Record<string, readonly string[]>> = {
  '[object Request]': ['method', 'url'],
  '[object Response]': ['status', 'statusText', 'url'],
  '[object File]': ['name', 'type', 'size'],
  '[object Blob]': ['type', 'size'],
};
const WEB_ENTRIES: readonly string[] = ['[object Headers]', '[object FormData]'];
const tagOf = Object.prototype.toString;
const dateTime = Date.prototype.getTime;

class Copier {
  leftBytes: number;
  missingBytes = 0;
  readonly #maxDepth: number;
  readonly #path = new Set<object>();

  constructor(maxBytes: number, maxDepth: number) {
    this.leftBytes = maxBytes;
    this.#maxDepth = maxDepth;
  }

  copy(value: unknown): unknown {
    return this.#spend(VALUE_BYTES) ? this.#value(value, 0) : undefined;
  }

  #spend(bytes: number): boolean {
    if (bytes > this.leftBytes) {
      this.missingBytes += bytes;
      return false;
    }
    this.leftBytes -= bytes;
    return true;
  }

  #value(value: unknown, depth: number): unknown {
    switch (typeof value) {
      case 'string':
        return this.#text(value, depth);
      case 'number':
        return isWritableNumber(value) ? value : this.#text(String(value), depth);
      case 'bigint':
      case 'symbol':
        return this.#text(String(value), depth);
      case 'function':
        return this.#text(functionText(value), depth);
      case 'object':
        return value === null ? null : this.#object(value, depth);
      default:
        return value;
    }
  }

  #text(text: string, depth: number): string {
    const bytes = text.length * CHARACTER_BYTES;
    if (bytes <= this.leftBytes) {
      this.leftBytes -= bytes;
      return text;
    }
    // A text inside an object takes at most half of the remaining size, so that its siblings get a share.
    const room = depth === 0 ? this.leftBytes : this.leftBytes / 2;
    const start = startOf(text, Math.floor(room / CHARACTER_BYTES));
    this.leftBytes -= start.length * CHARACTER_BYTES;
    this.missingBytes += bytes - start.length * CHARACTER_BYTES;
    return start;
  }

  #object(value: object, depth: number): unknown {
    if (depth >= this.#maxDepth) return '[too deep]';
    if (this.#path.has(value)) return '[circular]';
    this.#path.add(value);
    try {
      return this.#ofKind(value, depth);
    } catch (error) {
      return this.#text(`[threw ${errorText(error)}]`, depth);
    } finally {
      this.#path.delete(value);
    }
  }

  #ofKind(value: object, depth: number): unknown {
    if (Array.isArray(value)) return this.#list(value, value.length, depth);
    const prototype: unknown = Object.getPrototypeOf(value);
    if (prototype !== Object.prototype && prototype !== null) {
      // Unlike `instanceof`, these checks also work for objects of another realm (jest, vm).
      if (types.isNativeError(value) || value instanceof Error) return this.#error(value, depth);
      if (types.isDate(value)) {
        const time = dateTime.call(value);
        return this.#text(Number.isNaN(time) ? 'Invalid Date' : new Date(time).toISOString(), depth);
      }
      if (ArrayBuffer.isView(value) || types.isAnyArrayBuffer(value)) return this.#buffer(value, depth);
      if (types.isMap(value)) return this.#entries(value, value.size, depth);
      if (types.isSet(value)) return this.#list(value, value.size, depth);
      if (types.isRegExp(value)) return this.#text(String(value), depth);
      if (types.isBoxedPrimitive(value)) return this.#value((value as object).valueOf(), depth + 1);
      const ofTheWeb = this.#ofTheWeb(value, depth);
      if (ofTheWeb !== undefined) return ofTheWeb;
    }
    const { toJSON } = value as { toJSON?: unknown };
    if (typeof toJSON === 'function') {
      const json: unknown = toJSON.call(value, '');
      if (json !== value) return this.#value(json, depth + 1);
    }
    return this.#fields(value, Object.keys(value), depth);
  }

  #error(error: object, depth: number): unknown {
    const names = new Set(['name', 'message', 'stack']);
    for (const name of ['cause', 'errors']) if (Object.hasOwn(error, name)) names.add(name);
    for (const name of Object.keys(error)) names.add(name);
    return this.#fields(error, [...names], depth);
  }

  #buffer(value: ArrayBufferView | ArrayBufferLike, depth: number): unknown {
    if (!ArrayBuffer.isView(value)) return this.#bytes(new Uint8Array(value));
    if (types.isUint8Array(value)) return this.#bytes(value);
    if (types.isDataView(value)) {
      return this.#bytes(new Uint8Array(value.buffer, value.byteOffset, value.byteLength));
    }
    const numbers = value as unknown as Iterable<unknown> & { readonly length: number };
    return this.#list(numbers, numbers.length, depth);
  }

  #bytes(bytes: Uint8Array): Uint8Array {
    const kept = Math.min(bytes.byteLength, this.leftBytes);
    this.leftBytes -= kept;
    this.missingBytes += bytes.byteLength - kept;
    return new Uint8Array(bytes.subarray(0, kept));
  }

  #ofTheWeb(value: object, depth: number): unknown {
    const tag = tagOf.call(value);
    if (tag === '[object URLSearchParams]') return this.#text(String(value), depth);
    const fields = WEB_FIELDS[tag];
    if (fields !== undefined) return this.#fields(value, fields, depth);
    if (!WEB_ENTRIES.includes(tag)) return undefined;
    const byName = new Map<string, unknown[]>();
    // Entries beyond the remaining size are not read.
    let most = this.leftBytes / VALUE_BYTES + 1;
    for (const [name, item] of value as Iterable<[string, unknown]>) {
      const items = byName.get(name);
      if (items === undefined) byName.set(name, [item]);
      else items.push(item);
      most -= 1;
      if (most < 0) break;
    }
    const entries = [...byName].map(([name, items]): [string, unknown] => [
      name,
      items.length === 1 ? items[0] : items,
    ]);
    return this.#entries(entries, entries.length, depth);
  }

  #list(items: Iterable<unknown>, length: number, depth: number): unknown[] {
    const copy: unknown[] = [];
    for (const item of items) {
      if (!this.#spend(VALUE_BYTES)) {
        this.#miss(length - copy.length - 1);
        break;
      }
      copy.push(this.#value(item, depth + 1));
    }
    return copy;
  }

  /** Copies entries one by one, so that a map that is too large is not iterated to its end. */
  #entries(map: Iterable<[unknown, unknown]>, size: number, depth: number): Record<string, unknown> {
    const copy: Record<string, unknown> = {};
    let count = 0;
    for (const [key, item] of map) {
      count += 1;
      if (!this.#property(copy, String(key), item, depth)) {
        this.#miss(size - count);
        break;
      }
    }
    return copy;
  }

  #fields(value: object, names: readonly string[], depth: number): Record<string, unknown> {
    const copy: Record<string, unknown> = {};
    let count = 0;
    for (const name of names) {
      count += 1;
      let item: unknown;
      try {
        item = (value as Record<string, unknown>)[name];
      } catch (error) {
        item = `[threw ${errorText(error)}]`;
      }
      if (!this.#property(copy, name, item, depth)) {
        this.#miss(names.length - count);
        break;
      }
    }
    return copy;
  }

  #property(copy: Record<string, unknown>, key: string, item: unknown, depth: number): boolean {
    if (!this.#spend(VALUE_BYTES + key.length * CHARACTER_BYTES)) return false;
    const value = this.#value(item, depth + 1);
    // An own key "__proto__" must not become the copy's prototype.
    if (key === '__proto__')
      Object.defineProperty(copy, key, { value, enumerable: true, configurable: true, writable: true });
    else copy[key] = value;
    return true;
  }

  /** Counts values that were not copied. */
  #miss(count: number): void {
    if (count > 0) this.missingBytes += count * VALUE_BYTES;
  }
}

/** Returns the start of a text as a flat copy; a slice would keep the whole original text in memory. */
function startOf(text: string, length: number): string {
  const last = text.charCodeAt(length - 1);
  const isHalfOfPair = last >= 0xd800 && last < 0xdc00;
  const start = text.slice(0, isHalfOfPair ? length - 1 : length);
  return Buffer.from(start, 'utf16le').toString('utf16le');
}

function functionText(value: object): string {
  try {
    const { name } = value as { name?: unknown };
    return typeof name === 'string' && name !== '' ? `[function ${name}]` : '[function]';
  } catch {
    return '[function]';
  }
}
