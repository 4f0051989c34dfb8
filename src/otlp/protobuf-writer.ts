/** From this length on, one native call is cheaper than a loop over the characters. */
const LONG_TEXT = 72;
/** From this length on, the bytes of a text are counted before space is reserved. */
const HUGE_TEXT = 4_096;
const TWO_TO_32 = 2 ** 32;
const MAX_VARINT_BYTES = 10;

/**
 * Writes protobuf (https://protobuf.dev/programming-guides/encoding) into one buffer that grows by doubling.
 *
 * {@link begin} reserves bytes for the length of a nested message, and {@link end} fills it in. The message
 * is moved only if its length needs more or fewer bytes than were reserved.
 */
export class ProtobufWriter {
  /** Number of bytes written. Setting it to an earlier value discards what follows. */
  at = 0;
  #bytes: Buffer;
  #view: DataView;

  /** @param expectedBytes approximate size of the output */
  constructor(expectedBytes: number) {
    // Not from Node's shared pool: the result is passed to ZeroMQ by reference.
    this.#bytes = Buffer.allocUnsafeSlow(expectedBytes);
    this.#view = viewOf(this.#bytes);
  }

  /** The output, in a buffer that is not modified afterwards. The writer must not be used after this call. */
  finish(): Uint8Array {
    const { length } = this.#bytes;
    const written = this.#bytes.subarray(0, this.at);
    // Wasting up to a quarter is cheaper than a copy; more would stay allocated as long as the batch does.
    if (this.at >= length - (length >> 2)) return written;
    const copy = Buffer.allocUnsafeSlow(this.at);
    written.copy(copy);
    return copy;
  }

  /** Number of bytes it can hold before it grows. */
  get capacity(): number {
    return this.#bytes.length;
  }

  /** A copy of the output. The writer may be used again after `at` is set to 0. */
  copy(): Uint8Array {
    const copy = Buffer.allocUnsafeSlow(this.at);
    this.#bytes.copy(copy, 0, 0, this.at);
    return copy;
  }

  /** Ensures space for this many more bytes. The `put` methods do not check. */
  reserve(bytes: number): void {
    if (this.at + bytes > this.#bytes.length) this.#grow(this.at + bytes);
  }

  #grow(needed: number): void {
    const grown = Buffer.allocUnsafeSlow(Math.max(needed, this.#bytes.length * 2));
    this.#bytes.copy(grown, 0, 0, this.at);
    this.#bytes = grown;
    this.#view = viewOf(grown);
  }

  /** Writes one byte: a tag with a field number below 16, or a small value. */
  put(byte: number): void {
    this.#bytes[this.at] = byte;
    this.at += 1;
  }

  /** Writes an integer from 0 to 2^32 - 1 as a varint. */
  putVarint(value: number): void {
    let rest = value;
    while (rest > 0x7f) {
      this.#bytes[this.at] = (rest & 0x7f) | 0x80;
      this.at += 1;
      rest >>>= 7;
    }
    this.#bytes[this.at] = rest;
    this.at += 1;
  }

  /** Writes an integer from -2^63 to 2^63 - 1 as a 64-bit varint. */
  putInt64(value: number): void {
    if (value >= 0 && value < TWO_TO_32) {
      this.putVarint(value);
      return;
    }
    let high = Math.floor(value / TWO_TO_32) >>> 0;
    let low = value >>> 0;
    while (high > 0) {
      this.#bytes[this.at] = (low & 0x7f) | 0x80;
      this.at += 1;
      low = ((low >>> 7) | (high << 25)) >>> 0;
      high >>>= 7;
    }
    this.putVarint(low);
  }

  /** Writes the lowest 64 bits of a bigint as a varint. */
  putBigInt(value: bigint): void {
    let rest = BigInt.asUintN(64, value);
    while (rest > 0x7fn) {
      this.put(Number(rest & 0x7fn) | 0x80);
      rest >>= 7n;
    }
    this.put(Number(rest));
  }

  putFixed32(value: number): void {
    this.#view.setUint32(this.at, value, true);
    this.at += 4;
  }

  putFixed64(low: number, high: number): void {
    this.#view.setUint32(this.at, low, true);
    this.#view.setUint32(this.at + 4, high, true);
    this.at += 8;
  }

  putBigFixed64(value: bigint): void {
    this.#view.setBigUint64(this.at, value, true);
    this.at += 8;
  }

  putDouble(value: number): void {
    this.#view.setFloat64(this.at, value, true);
    this.at += 8;
  }

  /** Writes a length and the bytes. Reserves its own space. */
  bytes(value: Uint8Array): void {
    this.reserve(value.length + MAX_VARINT_BYTES);
    this.putVarint(value.length);
    this.#bytes.set(value, this.at);
    this.at += value.length;
  }

  /** Writes bytes without a length. Reserves its own space. */
  raw(source: Uint8Array, start: number, end: number): void {
    if (end <= start) return;
    this.reserve(end - start);
    this.#bytes.set(source.subarray(start, end), this.at);
    this.at += end - start;
  }

  /**
   * Writes a length and the bytes of a hex string (at most 127), up to its first invalid digit. Reserves its
   * own space.
   */
  hex(digits: string): void {
    this.reserve(digits.length);
    const start = this.begin(1);
    this.at += this.#bytes.write(digits, this.at, 'hex');
    this.end(start, 1);
  }

  /** Writes a length and the text in UTF-8; a lone surrogate becomes U+FFFD. Reserves its own space. */
  text(value: string): void {
    const { length } = value;
    if (length >= LONG_TEXT) {
      this.#longText(value);
      return;
    }
    this.reserve(length * 3 + MAX_VARINT_BYTES);
    const bytes = this.#bytes;
    const start = this.at + 1;
    for (let index = 0; index < length; index += 1) {
      const code = value.charCodeAt(index);
      if (code > 0x7f) {
        this.#longText(value);
        return;
      }
      bytes[start + index] = code;
    }
    bytes[start - 1] = length;
    this.at = start + length;
  }

  /**
   * Begins a message whose first field is a text: writes its tag, reserves its length, writes the field.
   * @returns the `start` for {@link end}, with one byte reserved
   */
  beginWithText(tag: number, textTag: number, text: string): number {
    this.reserve(32);
    const bytes = this.#bytes;
    const start = this.at;
    bytes[start] = tag;
    bytes[start + 2] = textTag;
    this.at = start + 3;
    this.text(text);
    return start + 1;
  }

  /**
   * Writes a message that consists of one short ASCII text.
   * @returns false, with nothing written, if the text is longer or not ASCII
   */
  shortText(tag: number, textTag: number, text: string): boolean {
    const { length } = text;
    if (length >= LONG_TEXT) return false;
    this.reserve(length + 4);
    const bytes = this.#bytes;
    const start = this.at + 4;
    for (let index = 0; index < length; index += 1) {
      const code = text.charCodeAt(index);
      if (code > 0x7f) return false;
      bytes[start + index] = code;
    }
    bytes[start - 4] = tag;
    bytes[start - 3] = length + 2;
    bytes[start - 2] = textTag;
    bytes[start - 1] = length;
    this.at = start + length;
    return true;
  }

  #longText(value: string): void {
    const isHuge = value.length >= HUGE_TEXT;
    const most = isHuge ? Buffer.byteLength(value) : value.length * 3;
    this.reserve(most + MAX_VARINT_BYTES);
    // The most likely case: every character is ASCII.
    const reserved = varintSize(isHuge ? most : value.length);
    const start = this.at;
    this.at = start + reserved + this.#bytes.write(value, start + reserved, 'utf8');
    this.end(start, reserved);
  }

  /**
   * Reserves space for a length.
   * @param reserved the number of bytes the length will probably take
   * @returns the `start` for {@link end}
   */
  begin(reserved: number): number {
    this.reserve(MAX_VARINT_BYTES);
    const start = this.at;
    this.at += reserved;
    return start;
  }

  /** Fills in the length of what was written since `start`. */
  end(start: number, reserved: number): void {
    const length = this.at - start - reserved;
    if (length < 0x80 && reserved === 1) {
      this.#bytes[start] = length;
      return;
    }
    const size = varintSize(length);
    if (size !== reserved) {
      this.reserve(MAX_VARINT_BYTES);
      this.#bytes.copyWithin(start + size, start + reserved, this.at);
    }
    this.at = start;
    this.putVarint(length);
    this.at += length;
  }
}

/** Size of a varint in bytes, for values below 2^32. */
export function varintSize(value: number): number {
  if (value < 0x80) return 1;
  if (value < 0x4000) return 2;
  if (value < 0x20_0000) return 3;
  return value < 0x1000_0000 ? 4 : 5;
}

function viewOf(bytes: Buffer): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
