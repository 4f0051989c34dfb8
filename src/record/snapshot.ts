import { types } from 'node:util';
import { errorText } from './error-text.ts';
import { CHARACTER_BYTES, VALUE_BYTES } from './size.ts';

/** A copy of a value and its estimated size in bytes. */
export interface Snapshot {
  readonly value: unknown;
  readonly bytes: number;
}

/** A copy that may be the start of its original only. */
export interface BoundedSnapshot extends Snapshot {
  /** Estimated bytes of the original that are not in the copy; 0 if it is whole. */
  readonly missingBytes: number;
}

/**
 * How many objects may lie in one another. Serializers recurse, and a deeper body makes them overflow the
 * stack and lose the whole batch. Protobuf parsers allow 100 nested messages, three for each object: 32 in a
 * body, and 31 in an attribute, which is itself one message deeper.
 */
const MAX_BODY_DEPTH = 32;
export const MAX_ATTRIBUTE_DEPTH = 31;

/** OTLP has 64-bit integers, and every number from here on is one. */
const INT64_LIMIT = 2 ** 63;

/**
 * Whether OTLP can carry a number. JSON has no NaN and no infinity, and an exporter writes a whole number as
 * a 64-bit integer, whatever its size. A server refuses the whole request for one of them.
 */
export function isWritableNumber(value: number): boolean {
  return Math.abs(value) < INT64_LIMIT;
}

/**
 * Copies an object body, because a log says what was true when it was written: the SDK keeps a body by
 * reference, and by the time a held record is released the application has changed the object.
 *
 * The copy is plain data that every serializer can write: a cycle becomes `[circular]`, what is nested too
 * deeply `[too deep]`, a getter that throws `[threw …]`; numbers that OTLP cannot carry and bigint, symbol,
 * Date, Error, Map, Set, URL, Headers and the like become readable, and an object with `toJSON()` becomes
 * what that returns.
 *
 * @param maxBytes where to stop
 * @returns undefined if the body is bigger than `maxBytes`
 */
export function snapshot(body: unknown, maxBytes: number): Snapshot | undefined {
  const { missingBytes, ...copy } = boundedSnapshot(body, maxBytes);
  return missingBytes > 0 ? undefined : copy;
}

/** As `snapshot`, but of a value that is bigger than `maxBytes` it copies the start. */
export function boundedSnapshot(
  value: unknown,
  maxBytes: number,
  maxDepth: number = MAX_BODY_DEPTH,
): BoundedSnapshot {
  const copier = new Copier(maxBytes, maxDepth);
  const copy = copier.copy(value);
  return { value: copy, bytes: maxBytes - copier.leftBytes, missingBytes: copier.missingBytes };
}

/** Objects of the web platform that keep everything behind getters of their class: what to read of them. */
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
    // Of what is left, a text inside of an object takes one half, so that its neighbours have their turn.
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
      // What the engine says of an object holds for those of another realm too (jest, vm); `instanceof` does
      // not.
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
    // More than can be kept is not read.
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

  /** One by one, so that a map that is too big is not walked to its end. */
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

  /** So many values were not looked at. */
  #miss(count: number): void {
    if (count > 0) this.missingBytes += count * VALUE_BYTES;
  }
}

/** A text without its end, in memory of its own: V8 would keep the whole of the original for a part of it. */
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
