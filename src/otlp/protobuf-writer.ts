/** From this length on, one native call is cheaper than a loop over the characters. */
const LONG_TEXT = 72;
/** From this length on, the bytes of a text are counted before room is made for them. */
const HUGE_TEXT = 4_096;
const TWO_TO_32 = 2 ** 32;
const MAX_VARINT_BYTES = 10;

/**
 * Writes protobuf (https://protobuf.dev/programming-guides/encoding) into one buffer that grows by doubling.
 *
 * A nested message is written behind a place for its length, {@link begin}, and the length is put there at
 * its {@link end}; only where it needs more or fewer bytes than were kept free is the message moved.
 */
export class ProtobufWriter {
  /** How many bytes are written. May be set back to an earlier value, to take back what follows it. */
  at = 0;
  #bytes: Buffer;
  #view: DataView;

  /** @param expectedBytes how much will be written, about */
  constructor(expectedBytes: number) {
    // Not from Node's shared pool: what is returned goes to ZeroMQ by reference.
    this.#bytes = Buffer.allocUnsafeSlow(expectedBytes);
    this.#view = viewOf(this.#bytes);
  }

  /** What was written, in a buffer that nobody writes to again. The writer must not be used after this. */
  finish(): Uint8Array {
    const { length } = this.#bytes;
    const written = this.#bytes.subarray(0, this.at);
    // A quarter of waste is cheaper than a copy; more would be held for as long as the batch is.
    if (this.at >= length - (length >> 2)) return written;
    const copy = Buffer.allocUnsafeSlow(this.at);
    written.copy(copy);
    return copy;
  }

  /** How much it holds before it grows. */
  get capacity(): number {
    return this.#bytes.length;
  }

  /** A copy of what was written. The writer may be used again, from `at` 0 on. */
  copy(): Uint8Array {
    const copy = Buffer.allocUnsafeSlow(this.at);
    this.#bytes.copy(copy, 0, 0, this.at);
    return copy;
  }

  /** Makes room for so many bytes more. All `put` methods write without looking. */
  reserve(bytes: number): void {
    if (this.at + bytes > this.#bytes.length) this.#grow(this.at + bytes);
  }

  #grow(needed: number): void {
    const grown = Buffer.allocUnsafeSlow(Math.max(needed, this.#bytes.length * 2));
    this.#bytes.copy(grown, 0, 0, this.at);
    this.#bytes = grown;
    this.#view = viewOf(grown);
  }

  /** One byte: a tag of a field number below 16, or a small value. */
  put(byte: number): void {
    this.#bytes[this.at] = byte;
    this.at += 1;
  }

  /** A whole number from 0 to 2^32 - 1 as a varint. */
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

  /** A whole number from -2^63 to 2^63 - 1 as a varint of 64 bits. */
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

  /** Its lowest 64 bits as a varint. */
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

  /** A length and so many bytes. Makes its own room. */
  bytes(value: Uint8Array): void {
    this.reserve(value.length + MAX_VARINT_BYTES);
    this.putVarint(value.length);
    this.#bytes.set(value, this.at);
    this.at += value.length;
  }

  /** Bytes as they are. Makes its own room. */
  raw(source: Uint8Array, start: number, end: number): void {
    if (end <= start) return;
    this.reserve(end - start);
    this.#bytes.set(source.subarray(start, end), this.at);
    this.at += end - start;
  }

  /**
   * A length and the bytes that hex digits stand for, as far as they are some; at most 127. Makes its own
   * room.
   */
  hex(digits: string): void {
    this.reserve(digits.length);
    const start = this.begin(1);
    this.at += this.#bytes.write(digits, this.at, 'hex');
    this.end(start, 1);
  }

  /** A length and the text in UTF-8; half a surrogate pair becomes U+FFFD. Makes its own room. */
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
   * The beginning of a message whose first field is a text: its tag, place for its length, the field.
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
   * A message of nothing but a short ASCII text.
   * @returns false, with nothing written, if the text is none
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
    // The most likely length of all: every character is ASCII.
    const reserved = varintSize(isHuge ? most : value.length);
    const start = this.at;
    this.at = start + reserved + this.#bytes.write(value, start + reserved, 'utf8');
    this.end(start, reserved);
  }

  /**
   * Keeps place for a length.
   * @param reserved how many bytes the length will take, probably
   * @returns the `start` for {@link end}
   */
  begin(reserved: number): number {
    this.reserve(MAX_VARINT_BYTES);
    const start = this.at;
    this.at += reserved;
    return start;
  }

  /** Puts in the length of what was written since `start`. */
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

/** How many bytes a varint takes, for values below 2^32. */
export function varintSize(value: number): number {
  if (value < 0x80) return 1;
  if (value < 0x4000) return 2;
  if (value < 0x20_0000) return 3;
  return value < 0x1000_0000 ? 4 : 5;
}

function viewOf(bytes: Buffer): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
