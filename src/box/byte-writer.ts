import { boundedSnapshot } from '../record/index.ts';
import { BLOCK_BYTES, MAX_DEPTH, Tag } from './layout.ts';

/** Up to this length a loop over the characters is faster than a native call. */
const SHORT_TEXT = 24;
const MAX_SNAPSHOT_BYTES = 64 * 1024;
const TWO_TO_32 = 2 ** 32;

/**
 * Writes numbers, strings and values into one buffer. If something does not fit, `isOver` is set and the
 * caller must write it elsewhere. Nothing is ever written past the end of the buffer.
 */
export class ByteWriter {
  /** The memory of a block, followed by `SLACK` bytes. */
  bytes: Buffer;
  at = 0;
  /** The end of the usable space. */
  end = BLOCK_BYTES;
  readonly #redact: ReadonlySet<string>;

  /** @param redact attribute keys whose values are not written */
  constructor(bytes: Buffer, redact: ReadonlySet<string>) {
    this.bytes = bytes;
    this.#redact = redact;
  }

  get isOver(): boolean {
    return this.at > this.end;
  }

  byte(value: number): void {
    if (this.at > this.end) return;
    this.bytes[this.at] = value;
    this.at += 1;
  }

  /** Writes a whole number from 0. */
  varint(value: number): void {
    if (this.at > this.end) return;
    let rest = value;
    while (rest >= TWO_TO_32 / 2) {
      this.bytes[this.at++] = (rest % 128) | 0x80;
      rest = Math.floor(rest / 128);
    }
    while (rest > 127) {
      this.bytes[this.at++] = (rest & 127) | 0x80;
      rest >>>= 7;
    }
    this.bytes[this.at++] = rest;
  }

  /** Writes a whole number of either sign, below 2^52. */
  signed(value: number): void {
    this.varint(value < 0 ? -value * 2 - 1 : value * 2);
  }

  double(value: number): void {
    if (this.at > this.end) return;
    this.bytes.writeDoubleLE(value, this.at);
    this.at += 8;
  }

  /** Writes a string, preceded by its length. */
  text(text: string): void {
    const { length } = text;
    if (this.#lacks(length * 3)) return;
    // The byte length is known only after encoding, so the prefix has the size that the longest encoding
    // needs.
    const most = length * 3;
    const at = this.at;
    const from = at + (most < 0x80 ? 1 : most < 0x4000 ? 2 : 3);
    const size = this.#characters(text, from);
    if (most < 0x80) {
      this.bytes[at] = size;
    } else if (most < 0x4000) {
      this.bytes[at] = (size & 127) | 0x80;
      this.bytes[at + 1] = size >> 7;
    } else {
      this.bytes[at] = (size & 127) | 0x80;
      this.bytes[at + 1] = ((size >> 7) & 127) | 0x80;
      this.bytes[at + 2] = size >> 14;
    }
    this.at = from + size;
  }

  /**
   * Writes hex digits as 16 or 8 bytes. @returns false, with nothing written, if there are not that many
   * digits
   */
  hex(digits: string, size: number): boolean {
    if (this.at > this.end) return true;
    if (digits.length !== size * 2 || this.bytes.write(digits, this.at, size, 'hex') !== size) return false;
    this.at += size;
    return true;
  }

  value(value: unknown): void {
    switch (typeof value) {
      case 'string':
        return this.#string(value);
      case 'number':
        return this.#number(value);
      case 'boolean':
        return this.byte(value ? Tag.TRUE : Tag.FALSE);
      case 'undefined':
        return this.byte(Tag.UNDEFINED);
      default:
        if (value === null) return this.byte(Tag.NULL);
        if (isListOfPrimitives(value)) return this.#plain(value, 0);
        // The result is plain data of bounded depth, whatever the value is.
        this.#plain(boundedSnapshot(value, MAX_SNAPSHOT_BYTES).value, 0);
    }
  }

  #string(text: string): void {
    const { length } = text;
    if (length < 64 && this.at + 2 + length * 3 < this.end) {
      const size = this.#characters(text, this.at + 1);
      if (size < 64) {
        this.bytes[this.at] = Tag.SHORT_STRING | size;
        this.at += 1 + size;
        return;
      }
    }
    this.byte(Tag.STRING);
    this.text(text);
  }

  #number(value: number): void {
    if (!Number.isInteger(value) || value >= 2 ** 52 || value <= -(2 ** 52) || Object.is(value, -0)) {
      this.byte(Tag.DOUBLE);
      return this.double(value);
    }
    if (value >= 0 && value < 64) return this.byte(Tag.SMALL_INTEGER | value);
    this.byte(Tag.INTEGER);
    this.signed(value);
  }

  #plain(value: unknown, depth: number): void {
    if (this.at > this.end) return;
    if (typeof value !== 'object' || value === null) return this.value(value);
    if (depth >= MAX_DEPTH) return this.value('[too deep]');
    if (value instanceof Uint8Array) {
      if (this.#lacks(value.length)) return;
      this.byte(Tag.BYTES);
      this.varint(value.length);
      this.bytes.set(value, this.at);
      this.at += value.length;
      return;
    }
    if (Array.isArray(value)) {
      this.byte(Tag.LIST);
      this.varint(value.length);
      for (const each of value) this.#plain(each, depth + 1);
      return;
    }
    const entries = Object.entries(value);
    this.byte(Tag.MAP);
    this.varint(entries.length);
    for (const [key, each] of entries) {
      this.text(key);
      if (this.#redact.has(key)) this.byte(Tag.REDACTED);
      else this.#plain(each, depth + 1);
    }
  }

  /** @returns the number of bytes. The caller ensures room for three bytes per character. */
  #characters(text: string, from: number): number {
    const { length } = text;
    if (length > SHORT_TEXT) return this.bytes.write(text, from, 'utf8');
    for (let index = 0; index < length; index += 1) {
      const code = text.charCodeAt(index);
      if (code > 127) return this.bytes.write(text, from, 'utf8');
      this.bytes[from + index] = code;
    }
    return length;
  }

  #lacks(bytes: number): boolean {
    if (this.at + bytes + 4 <= this.end) return false;
    this.at = this.end + 1;
    return true;
  }
}

/** Arrays of primitives, the most common non-primitive values, need no copy. */
function isListOfPrimitives(value: unknown): boolean {
  if (!Array.isArray(value) || value.length > 64) return false;
  for (const each of value) {
    const type = typeof each;
    if (type !== 'string' && type !== 'number' && type !== 'boolean') return false;
  }
  return true;
}
