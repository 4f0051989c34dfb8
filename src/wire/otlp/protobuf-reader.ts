import { WireType } from './fields.ts';
import { WireError } from './wire-error.ts';

const MAX_FIELD = 2 ** 29 - 1;
/** Up to here a loop over the bytes is cheaper than a native call. */
const SHORT_TEXT = 24;

/** Reads protobuf (https://protobuf.dev/programming-guides/encoding) from one buffer, front to back. */
export class ProtobufReader {
  at = 0;
  readonly #bytes: Buffer;
  readonly #view: DataView;

  constructor(bytes: Uint8Array) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
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
    if (stop - start > SHORT_TEXT) return this.#bytes.toString('utf8', start, stop);
    let text = '';
    for (let at = start; at < stop; at += 1) {
      const byte = this.#bytes[at]!;
      if (byte > 0x7f) return this.#bytes.toString('utf8', start, stop);
      text += String.fromCharCode(byte);
    }
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
