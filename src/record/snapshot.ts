import { CHARACTER_BYTES, VALUE_BYTES } from './size.ts';
import { errorText } from './tell.ts';

/** A copy of a body and its estimated size in bytes. */
export interface Snapshot {
  readonly value: unknown;
  readonly bytes: number;
}

/** Serializers recurse; a deeper body makes them overflow the stack (RangeError) and lose the whole batch. */
const MAX_DEPTH = 32;

/**
 * Copies an object body, because a log says what was true when it was written: the SDK keeps a body by
 * reference, and by the time a held record is released the application has changed the object.
 *
 * The copy is plain data that every serializer can write: a cycle becomes `[circular]`, what lies too deep
 * `[too deep]`, a getter that throws `[threw …]`; Date, Error, Map, Set, bigint and symbol become readable.
 *
 * @param maxBytes where to give up
 * @returns undefined if the body is bigger than `maxBytes`
 */
export function snapshot(body: object, maxBytes: number): Snapshot | undefined {
  const copier = new Copier(maxBytes);
  const value = copier.copy(body, 0);
  return copier.left < 0 ? undefined : { value, bytes: maxBytes - copier.left };
}

class Copier {
  left: number;
  readonly #path = new Set<object>();

  constructor(maxBytes: number) {
    this.left = maxBytes;
  }

  copy(value: unknown, depth: number): unknown {
    this.left -= VALUE_BYTES;
    if (this.left < 0) return undefined;
    switch (typeof value) {
      case 'string':
        return this.#text(value);
      case 'bigint':
      case 'symbol':
        return this.#text(String(value));
      case 'function':
        return '[function]';
      case 'object':
        return value === null ? null : this.#object(value, depth);
      default:
        return value;
    }
  }

  #text(text: string): string {
    this.left -= text.length * CHARACTER_BYTES;
    return text;
  }

  #object(value: object, depth: number): unknown {
    if (depth >= MAX_DEPTH) return '[too deep]';
    if (this.#path.has(value)) return '[circular]';
    this.#path.add(value);
    try {
      return this.#known(value, depth);
    } catch (error) {
      return this.#text(`[threw ${errorText(error)}]`);
    } finally {
      this.#path.delete(value);
    }
  }

  #known(value: object, depth: number): unknown {
    if (value instanceof Uint8Array) {
      this.left -= value.byteLength;
      return this.left < 0 ? undefined : new Uint8Array(value);
    }
    if (Array.isArray(value)) return this.#list(value, depth);
    if (value instanceof Date) return Number.isNaN(value.getTime()) ? 'Invalid Date' : value.toISOString();
    if (value instanceof Map) return this.#properties(namedEntries(value), depth);
    if (value instanceof DataView) {
      return this.#known(new Uint8Array(value.buffer, value.byteOffset, value.byteLength), depth);
    }
    if (value instanceof Set || ArrayBuffer.isView(value)) {
      return this.#list(value as unknown as Iterable<unknown>, depth);
    }
    if (value instanceof Error) {
      const { name, message, stack, cause } = value;
      const told = { name, message, stack };
      const all = { ...told, ...(cause === undefined ? {} : { cause }), ...(value as object) };
      if (value instanceof AggregateError) Object.assign(all, { errors: value.errors });
      return this.#fields(all, depth);
    }
    if (value instanceof URL || value instanceof RegExp) return this.#text(String(value));
    return this.#fields(value as Record<string, unknown>, depth);
  }

  #list(items: Iterable<unknown>, depth: number): unknown[] {
    const copy: unknown[] = [];
    for (const item of items) {
      if (this.left < 0) break;
      copy.push(this.copy(item, depth + 1));
    }
    return copy;
  }

  #properties(entries: Iterable<[string, unknown]>, depth: number): Record<string, unknown> {
    const copy: Record<string, unknown> = {};
    for (const [key, item] of entries) {
      if (this.left < 0) break;
      this.#define(copy, key, this.copy(item, depth + 1));
    }
    return copy;
  }

  #fields(value: Record<string, unknown>, depth: number): Record<string, unknown> {
    const copy: Record<string, unknown> = {};
    for (const key of Object.keys(value)) {
      if (this.left < 0) break;
      let item: unknown;
      try {
        item = value[key];
      } catch (error) {
        item = `[threw ${errorText(error)}]`;
      }
      this.#define(copy, key, this.copy(item, depth + 1));
    }
    return copy;
  }

  #define(copy: Record<string, unknown>, key: string, value: unknown): void {
    this.left -= key.length * CHARACTER_BYTES;
    // An own key "__proto__" must not become the copy's prototype.
    if (key === '__proto__')
      Object.defineProperty(copy, key, { value, enumerable: true, configurable: true, writable: true });
    else copy[key] = value;
  }
}

/** One by one, so that a map that is too big is not walked to its end. */
function* namedEntries(map: ReadonlyMap<unknown, unknown>): Generator<[string, unknown]> {
  for (const [key, item] of map) yield [String(key), item];
}
