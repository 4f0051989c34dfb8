import { COMMAND, FRAME_HEAD_BYTES, type Frame, LONG, MORE } from './frame.ts';
import { ZmtpError } from './zmtp-error.ts';

/**
 * Splits received data into frames. It holds only bytes that have arrived, whatever length a frame declares.
 * Source: RFC 37 of ZeroMQ, "Framing"
 */
export class FrameReader {
  /** The maximum size of a frame's body in bytes. */
  maxFrameBytes: number;
  #chunks: Buffer[] = [];
  /** The total size of the chunks. */
  #bytes = 0;
  /** How many bytes must have arrived before the next frame can be read. */
  #needed = 2;

  constructor(maxFrameBytes: number) {
    this.maxFrameBytes = maxFrameBytes;
  }

  /** Bytes that have arrived and do not belong to a frame that was returned. */
  get bytes(): number {
    return this.#bytes;
  }

  add(chunk: Buffer): void {
    if (chunk.length === 0) return;
    this.#chunks.push(chunk);
    this.#bytes += chunk.length;
  }

  /** Takes exactly `length` bytes if they have arrived: a view of one chunk, or a contiguous copy. */
  take(length: number): Buffer | undefined {
    if (this.#bytes < length) return undefined;
    this.#bytes -= length;
    const first = this.#chunks[0];
    if (first === undefined || length === 0) return Buffer.alloc(0);
    if (length < first.length) {
      this.#chunks[0] = first.subarray(length);
      return first.subarray(0, length);
    }
    if (length === first.length) return this.#chunks.shift();
    const whole = Buffer.allocUnsafeSlow(length);
    for (let at = 0; at < length; ) {
      const chunk = this.#chunks[0]!;
      const part = chunk.subarray(0, length - at);
      whole.set(part, at);
      at += part.length;
      if (part.length === chunk.length) this.#chunks.shift();
      else this.#chunks[0] = chunk.subarray(part.length);
    }
    return whole;
  }

  /**
   * Returns the next frame if it has arrived completely.
   * @throws ZmtpError for an invalid or too large frame
   */
  next(): Frame | undefined {
    if (this.#bytes < this.#needed) return this.#compact();
    const head = this.#peek(FRAME_HEAD_BYTES);
    const flags = head[0]!;
    if (flags > (MORE | LONG | COMMAND) || (flags & (COMMAND | MORE)) === (COMMAND | MORE)) {
      throw new ZmtpError('not_zmtp', `a frame has the invalid flags ${flags}`);
    }
    const headBytes = (flags & LONG) === 0 ? 2 : FRAME_HEAD_BYTES;
    if (this.#bytes < headBytes) return this.#wait(headBytes);
    const length = headBytes === 2 ? head[1]! : Number(head.readBigUInt64BE(1));
    if (length > this.maxFrameBytes) {
      throw new ZmtpError('too_large', `a frame has ${length} bytes, the limit is ${this.maxFrameBytes}`);
    }
    if (this.#bytes < headBytes + length) return this.#wait(headBytes + length);
    this.#needed = 2;
    this.take(headBytes);
    const body = this.take(length)!;
    return { isCommand: (flags & COMMAND) !== 0, hasMore: (flags & MORE) !== 0, body };
  }

  #wait(needed: number): undefined {
    this.#needed = needed;
    this.#compact();
  }

  /** Copies a small rest, so that it does not keep a large chunk in memory until more data arrives. */
  #compact(): undefined {
    const first = this.#chunks[0];
    if (this.#chunks.length !== 1 || first!.buffer.byteLength < 2 * first!.length + 1024) return;
    const copy = Buffer.allocUnsafeSlow(first!.length);
    copy.set(first!);
    this.#chunks[0] = copy;
  }

  /** Returns up to `length` bytes from the beginning without removing them. */
  #peek(length: number): Buffer {
    const first = this.#chunks[0]!;
    if (first.length >= length || this.#chunks.length === 1) return first;
    return Buffer.concat(this.#chunks.slice(0, length));
  }
}
