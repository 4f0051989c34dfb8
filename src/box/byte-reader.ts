import { MAX_DEPTH, REDACTED, Tag } from './layout.ts';

const TWO_TO_53 = 2 ** 53;
const MAX_VARINT_BYTES = 8;

/** The bytes are not a valid encoding. */
class UnreadableError extends Error {
  override readonly name = 'UnreadableError';
}

/** Reads what `ByteWriter` wrote. Every method throws if the bytes end too early or are invalid. */
export class ByteReader {
  readonly #bytes: Buffer;
  at: number;
  readonly #end: number;

  constructor(bytes: Buffer, from: number, to: number) {
    this.#bytes = bytes;
    this.at = from;
    this.#end = to;
  }

  get isAtEnd(): boolean {
    return this.at >= this.#end;
  }

  byte(): number {
    this.#need(1);
    this.at += 1;
    return this.#bytes[this.at - 1]!;
  }

  varint(): number {
    let value = 0;
    let factor = 1;
    for (let count = 0; count < MAX_VARINT_BYTES; count += 1) {
      const byte = this.byte();
      value += (byte & 127) * factor;
      if (byte < 128) {
        if (value >= TWO_TO_53) break;
        return value;
      }
      factor *= 128;
    }
    throw new UnreadableError('a number is too large');
  }

  signed(): number {
    const value = this.varint();
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
  }

  double(): number {
    this.#need(8);
    this.at += 8;
    return this.#bytes.readDoubleLE(this.at - 8);
  }

  text(): string {
    return this.#characters(this.varint());
  }

  hex(size: number): string {
    this.#need(size);
    this.at += size;
    return this.#bytes.toString('hex', this.at - size, this.at);
  }

  /** @param last the value of this field in the previous record of the same shape */
  value(last: unknown, depth = 0): unknown {
    const tag = this.byte();
    if (tag >= Tag.SMALL_INTEGER) return tag & 63;
    if (tag >= Tag.SHORT_STRING) return this.#characters(tag & 63);
    switch (tag) {
      case Tag.NULL:
        return null;
      case Tag.UNDEFINED:
        return undefined;
      case Tag.TRUE:
        return true;
      case Tag.FALSE:
        return false;
      case Tag.INTEGER:
        return this.signed();
      case Tag.DOUBLE:
        return this.double();
      case Tag.STRING:
        return this.text();
      case Tag.SAME:
        return last;
      case Tag.REDACTED:
        return REDACTED;
      case Tag.BYTES: {
        const size = this.varint();
        this.#need(size);
        this.at += size;
        return new Uint8Array(this.#bytes.subarray(this.at - size, this.at));
      }
      case Tag.LIST:
        return this.#list(depth);
      case Tag.MAP:
        return this.#map(depth);
      default:
        throw new UnreadableError(`a value of unknown kind ${tag}`);
    }
  }

  #list(depth: number): unknown[] {
    const list: unknown[] = [];
    for (let left = this.#count(depth); left > 0; left -= 1) list.push(this.value(undefined, depth + 1));
    return list;
  }

  #map(depth: number): Record<string, unknown> {
    const map: Record<string, unknown> = {};
    for (let left = this.#count(depth); left > 0; left -= 1) {
      const key = this.text();
      // Keeps `__proto__` as an ordinary key.
      Object.defineProperty(map, key, {
        ...{ value: this.value(undefined, depth + 1), enumerable: true },
        ...{ configurable: true, writable: true },
      });
    }
    return map;
  }

  #count(depth: number): number {
    if (depth > MAX_DEPTH) throw new UnreadableError('values are nested too deeply');
    const count = this.varint();
    // Each element takes at least one byte.
    this.#need(count);
    return count;
  }

  #characters(size: number): string {
    this.#need(size);
    this.at += size;
    return this.#bytes.toString('utf8', this.at - size, this.at);
  }

  #need(bytes: number): void {
    if (this.at + bytes > this.#end) throw new UnreadableError('unexpected end of data');
  }
}
