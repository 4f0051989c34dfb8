import { COMMAND, FRAME_HEAD_BYTES, type Frame, LONG, MORE } from './frame.ts';
import { ZmtpError } from './zmtp-error.ts';

/**
 * Takes frames out of what arrives in any pieces. It holds only what has arrived, whatever length a frame declares.
 * Source: RFC 37 of ZeroMQ, "Framing"
 */
export class FrameReader {
  /** Most bytes of a frame's body. */
  maxFrameBytes: number;
  #chunks: Buffer[] = [];
  /** Bytes of the chunks. */
  #bytes = 0;
  /** So many bytes are needed before it is worth looking again. */
  #needed = 2;

  constructor(maxFrameBytes: number) {
    this.maxFrameBytes = maxFrameBytes;
  }

  /** Bytes that arrived and are not part of a frame that was taken. */
  get bytes(): number {
    return this.#bytes;
  }

  add(chunk: Buffer): void {
    if (chunk.length === 0) return;
    this.#chunks.push(chunk);
    this.#bytes += chunk.length;
  }

  /** Takes exactly so many bytes, if they are here: a view of what arrived, or a copy in one piece. */
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
   * The next frame, if all of it is here.
   * @throws ZmtpError for what is no frame, or is too large
   */
  next(): Frame | undefined {
    if (this.#bytes < this.#needed) return this.#compact();
    const head = this.#peek(FRAME_HEAD_BYTES);
    const flags = head[0]!;
    if (flags > (MORE | LONG | COMMAND) || (flags & (COMMAND | MORE)) === (COMMAND | MORE)) {
      throw new ZmtpError('not_zmtp', `a frame has the flags ${flags}`);
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

  /** What is left of a chunk must not keep all of it in memory while the rest is on its way. */
  #compact(): undefined {
    const first = this.#chunks[0];
    if (this.#chunks.length !== 1 || first!.buffer.byteLength < 2 * first!.length + 1024) return;
    const copy = Buffer.allocUnsafeSlow(first!.length);
    copy.set(first!);
    this.#chunks[0] = copy;
  }

  /** Up to so many bytes from the beginning, left where they are. */
  #peek(length: number): Buffer {
    const first = this.#chunks[0]!;
    if (first.length >= length || this.#chunks.length === 1) return first;
    return Buffer.concat(this.#chunks.slice(0, length));
  }
}
