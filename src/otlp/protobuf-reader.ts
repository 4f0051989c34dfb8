import { WireType } from './fields.ts';
import { WireError } from './wire-error.ts';

const MAX_FIELD = 2 ** 29 - 1;
/** Up to here comparing the bytes is cheaper than a native call. */
const SHORT_TEXT = 32;
/** In fewer bytes not enough comes twice. */
const LARGE = 2_048;
/** How many texts are remembered, a power of two. */
const SEEN = 128;

/** Reads protobuf (https://protobuf.dev/programming-guides/encoding) from one buffer, front to back. */
export class ProtobufReader {
  at = 0;
  readonly #bytes: Buffer;
  readonly #view: DataView;
  /** Where texts that were read stand in the bytes; length 0: none. */
  readonly #seenAt: Float64Array;
  readonly #seenLength: Uint8Array;
  readonly #seenText: string[];
  readonly #longestSeen: number;

  constructor(bytes: Uint8Array) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const remembers = bytes.byteLength >= LARGE;
    this.#longestSeen = remembers ? SHORT_TEXT : -1;
    this.#seenAt = new Float64Array(remembers ? SEEN : 0);
    this.#seenLength = new Uint8Array(remembers ? SEEN : 0);
    this.#seenText = remembers ? new Array<string>(SEEN).fill('') : [];
  }

  /** A field's number and wire type, as `number << 3 | wire type`. */
  tag(end: number): number {
    const start = this.at;
    const tag = this.varint(end);
    const field = Math.floor(tag / 8);
    if (field === 0 || field > MAX_FIELD) this.fail(`field number ${field} is none`, start);
    return tag;
  }

  /** Exact up to 2^53; what is larger is far too large for a length. */
  varint(end: number): number {
    const byte = this.#bytes[this.at]!;
    if (byte < 0x80 && this.at < end) {
      this.at += 1;
      return byte;
    }
    const value = this.bigVarint(end);
    return Number(value);
  }

  /** 64 bits. */
  bigVarint(end: number): bigint {
    const start = this.at;
    let low = 0;
    let high = 0n;
    for (let shift = 0; this.at < end; shift += 7) {
      const byte = this.#bytes[this.at]!;
      this.at += 1;
      if (shift < 28) low |= (byte & 0x7f) << shift;
      else if (shift < 63 || byte < 2) high |= BigInt(byte & 0x7f) << BigInt(shift - 28);
      else break;
      if (byte < 0x80) return high === 0n ? BigInt(low) : (high << 28n) | BigInt(low);
      if (shift === 63) break;
    }
    return this.fail('a varint has no end, or more than 64 bits', start);
  }

  fixed32(end: number): number {
    const start = this.#advance(4, end);
    return this.#view.getUint32(start, true);
  }

  fixed64(end: number): bigint {
    const start = this.#advance(8, end);
    return this.#view.getBigUint64(start, true);
  }

  double(end: number): number {
    const start = this.#advance(8, end);
    return this.#view.getFloat64(start, true);
  }

  /** The end of a field that has a length; it begins at `at`. */
  lengthDelimited(end: number): number {
    const length = this.varint(end);
    if (length > end - this.at)
      this.fail(`${length} bytes are announced, but ${end - this.at} are left`, this.at);
    return this.at + length;
  }

  text(end: number): string {
    const stop = this.lengthDelimited(end);
    const start = this.at;
    this.at = stop;
    return stop - start > this.#longestSeen
      ? this.#bytes.toString('utf8', start, stop)
      : this.#shortText(start, stop);
  }

  /** Keys, and many values, are the same in all records: a text that was just read is not made again. */
  #shortText(start: number, stop: number): string {
    const bytes = this.#bytes;
    const length = stop - start;
    let hash = length;
    for (let at = start; at < stop; at += 1) hash = (Math.imul(hash, 31) + bytes[at]!) | 0;
    const slot = (hash ^ (hash >>> 15)) & (SEEN - 1);
    const seen = this.#seenAt[slot]!;
    if (this.#seenLength[slot] === length && isSame(bytes, seen, start, length)) return this.#seenText[slot]!;
    const text = bytes.toString('utf8', start, stop);
    this.#seenAt[slot] = start;
    this.#seenLength[slot] = length;
    this.#seenText[slot] = text;
    return text;
  }

  /** A copy. */
  bytes(end: number): Uint8Array {
    const stop = this.lengthDelimited(end);
    const copy = new Uint8Array(this.#bytes.subarray(this.at, stop));
    this.at = stop;
    return copy;
  }

  /** @param wanted how many bytes, if there are any */
  hex(end: number, wanted: number): string {
    const start = this.at;
    const stop = this.lengthDelimited(end);
    const length = stop - this.at;
    if (length !== 0 && length !== wanted)
      this.fail(`an id must have ${wanted} bytes or none, got ${length}`, start);
    const text = this.#bytes.toString('hex', this.at, stop);
    this.at = stop;
    return text;
  }

  /** Passes over the content of a field that is not known. */
  skip(tag: number, end: number): void {
    const wireType = tag & 7;
    if (wireType === WireType.VARINT) this.bigVarint(end);
    else if (wireType === WireType.FIXED64) this.#advance(8, end);
    else if (wireType === WireType.FIXED32) this.#advance(4, end);
    else if (wireType === WireType.BYTES) this.at = this.lengthDelimited(end);
    else this.fail(`wire type ${wireType} is none that OTLP uses`, this.at);
  }

  fail(what: string, at: number): never {
    throw new WireError('protobuf', `${what} at byte ${at}`);
  }

  /** @returns where the bytes begin */
  #advance(length: number, end: number): number {
    const start = this.at;
    if (length > end - start) this.fail(`${length} bytes are wanted, but ${end - start} are left`, start);
    this.at = start + length;
    return start;
  }
}

function isSame(bytes: Uint8Array, one: number, other: number, length: number): boolean {
  for (let index = 0; index < length; index += 1) {
    if (bytes[one + index] !== bytes[other + index]) return false;
  }
  return true;
}
