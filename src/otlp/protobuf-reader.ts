import { WireType } from './fields.ts';
import { WireError } from './wire-error.ts';

/** The last field number of protobuf. */
const MAX_FIELD = 2 ** 29 - 1;
/** Up to this length, comparing bytes is cheaper than a native call. */
const SHORT_TEXT = 32;
/** In smaller buffers too few texts repeat. */
const LARGE = 2_048;
/** Number of cached texts, a power of two. */
const CACHED = 128;
const TWO_TO_28 = 2 ** 28;
const TWO_TO_32 = 2 ** 32;
const TWO_TO_56 = 2 ** 56;

/**
 * Reads protobuf (https://protobuf.dev/programming-guides/encoding) from one buffer. Every method that takes
 * an `end` reads at `at`, advances `at` past what it read, and never reads past `end`.
 *
 * @throws WireError (all methods) if the bytes are invalid
 */
export class ProtobufReader {
  at = 0;
  readonly #bytes: Buffer;
  #view: DataView | undefined;
  /** Positions of cached texts in the buffer; length 0: unused slot. */
  #cachedAt: Float64Array | undefined;
  #cachedLength: Uint8Array | undefined;
  #cachedText: string[] | undefined;
  #longestCached = -1;
  /** The last varint of two or more bytes: its lowest 28 bits, the next 28, the highest 8. */
  #low = 0;
  #middle = 0;
  #high = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  /** Caches short texts that repeat: attribute keys and many values are the same in all records. */
  cacheTexts(): void {
    if (this.#bytes.length < LARGE) return;
    this.#longestCached = SHORT_TEXT;
    this.#cachedAt = new Float64Array(CACHED);
    this.#cachedLength = new Uint8Array(CACHED);
    this.#cachedText = new Array<string>(CACHED).fill('');
  }

  /** A field's number and wire type, as `number << 3 | wire type`. */
  tag(end: number): number {
    const start = this.at;
    const tag = this.#bytes[start]!;
    // Fast path: almost all field numbers are below 16.
    if (tag < 0x80 && tag > 7 && start < end) {
      this.at = start + 1;
      return tag;
    }
    const long = this.varint(end);
    const field = Math.floor(long / 8);
    if (field === 0 || field > MAX_FIELD) this.fail(`field number ${field} is invalid`, start);
    return long;
  }

  /** An unsigned integer, exact up to 2^53. A larger value exceeds every valid length. */
  varint(end: number): number {
    const start = this.at;
    const byte = this.#bytes[start]!;
    if (byte < 0x80 && start < end) {
      this.at = start + 1;
      return byte;
    }
    return this.#longVarint(start, end);
  }

  #longVarint(start: number, end: number): number {
    const bytes = this.#bytes;
    let at = start;
    let low = 0;
    let middle = 0;
    let high = 0;
    for (let shift = 0; shift < 70 && at < end; shift += 7) {
      const byte = bytes[at]!;
      at += 1;
      if (shift < 28) low |= (byte & 0x7f) << shift;
      else if (shift < 56) middle |= (byte & 0x7f) << (shift - 28);
      else if (shift < 63) high = byte & 0x7f;
      else if (byte < 2) high |= byte << 7;
      else break;
      if (byte >= 0x80) continue;
      this.at = at;
      this.#low = low;
      this.#middle = middle;
      this.#high = high;
      // Keeps a small integer in V8's small-integer representation.
      return (middle | high) === 0 ? low : low + middle * TWO_TO_28 + high * TWO_TO_56;
    }
    this.fail('a varint is truncated or longer than 64 bits', start);
  }

  /** The lowest 32 bits of an integer. */
  uint32(end: number): number {
    const value = this.varint(end);
    return value < TWO_TO_32 ? value : (this.#low | (this.#middle << 28)) >>> 0;
  }

  /** A signed 64-bit integer: a number if that is exact, otherwise a bigint. */
  int64(end: number): number | bigint {
    const value = this.varint(end);
    if (value <= Number.MAX_SAFE_INTEGER) return value;
    if (this.#high === 0xff && this.#middle >= 0xe00_0000) {
      const below = (~this.#low & 0xfff_ffff) + (~this.#middle & 0xfff_ffff) * TWO_TO_28;
      if (below < Number.MAX_SAFE_INTEGER) return -1 - below;
    }
    const bits = (BigInt(this.#high) << 56n) | (BigInt(this.#middle) << 28n) | BigInt(this.#low);
    return BigInt.asIntN(64, bits);
  }

  fixed32(end: number): number {
    const start = this.#advance(4, end);
    return this.#dataView().getUint32(start, true);
  }

  fixed64(end: number): bigint {
    const start = this.#advance(8, end);
    return this.#dataView().getBigUint64(start, true);
  }

  double(end: number): number {
    const start = this.#advance(8, end);
    return this.#dataView().getFloat64(start, true);
  }

  /** Reads a length. @returns the end of the content, which begins at `at` */
  lengthDelimited(end: number): number {
    const start = this.at;
    const length = this.varint(end);
    if (length > end - this.at) this.fail(`expected ${length} more bytes, got ${end - this.at}`, start);
    return this.at + length;
  }

  text(end: number): string {
    const stop = this.lengthDelimited(end);
    const start = this.at;
    this.at = stop;
    return stop - start > this.#longestCached
      ? this.#bytes.toString('utf8', start, stop)
      : this.#shortText(start, stop);
  }

  #shortText(start: number, stop: number): string {
    const bytes = this.#bytes;
    const ats = this.#cachedAt!;
    const lengths = this.#cachedLength!;
    const texts = this.#cachedText!;
    const length = stop - start;
    let hash = length;
    for (let at = start; at < stop; at += 1) hash = (Math.imul(hash, 31) + bytes[at]!) | 0;
    const slot = (hash ^ (hash >>> 15)) & (CACHED - 1);
    if (lengths[slot] === length && isSame(bytes, ats[slot]!, start, length)) return texts[slot]!;
    const text = bytes.toString('utf8', start, stop);
    ats[slot] = start;
    lengths[slot] = length;
    texts[slot] = text;
    return text;
  }

  /** A copy. */
  bytes(end: number): Uint8Array {
    const stop = this.lengthDelimited(end);
    const copy = new Uint8Array(this.#bytes.subarray(this.at, stop));
    this.at = stop;
    return copy;
  }

  /**
   * An id in hex, or '' if it is absent or all zeros. @param expected length in bytes of an id that is
   * present
   */
  id(end: number, expected: number): string {
    const start = this.at;
    const stop = this.lengthDelimited(end);
    const length = stop - this.at;
    if (length !== 0 && length !== expected) {
      this.fail(`an id must have ${expected} bytes or be empty, got ${length} bytes`, start);
    }
    const text = this.#bytes.toString('hex', this.at, stop);
    this.at = stop;
    return isZero(text) ? '' : text;
  }

  /** Skips the content of a field. */
  skip(tag: number, end: number): void {
    const wireType = tag & 7;
    if (wireType === WireType.BYTES) this.at = this.lengthDelimited(end);
    else if (wireType === WireType.VARINT) this.varint(end);
    else if (wireType === WireType.FIXED64) this.#advance(8, end);
    else if (wireType === WireType.FIXED32) this.#advance(4, end);
    else this.fail(`wire type ${wireType} is not used by OTLP`, this.at);
  }

  fail(what: string, at: number): never {
    throw new WireError('protobuf', `${what} at byte ${at}`);
  }

  /** @returns the start of the bytes */
  #advance(length: number, end: number): number {
    const start = this.at;
    if (length > end - start) this.fail(`expected ${length} more bytes, got ${end - start}`, start);
    this.at = start + length;
    return start;
  }

  #dataView(): DataView {
    const { buffer, byteOffset, byteLength } = this.#bytes;
    this.#view ??= new DataView(buffer, byteOffset, byteLength);
    return this.#view;
  }
}

function isSame(bytes: Uint8Array, one: number, other: number, length: number): boolean {
  for (let index = 0; index < length; index += 1) {
    if (bytes[one + index] !== bytes[other + index]) return false;
  }
  return true;
}

/** The first digit alone rules out most ids. */
function isZero(hex: string): boolean {
  return hex.startsWith('0') && /^0+$/.test(hex);
}
