import { ZmtpError } from './zmtp-error.ts';

/** The memory cost of a frame beyond its bytes. */
const FRAME_COST = 64;

/** Collects the frames of a message until it is complete and processed. Bounded in bytes and frames. */
export class IncomingMessage {
  readonly #maxBytes: number;
  readonly #maxFrames: number;
  #frames: Uint8Array[] = [];
  #bytes = 0;

  constructor(maxBytes: number, maxFrames: number) {
    this.#maxBytes = maxBytes;
    this.#maxFrames = maxFrames;
  }

  /** The maximum size of one frame in bytes. */
  get maxFrameBytes(): number {
    return this.#maxBytes + FRAME_COST;
  }

  /** Bytes that the message holds, until `release()`. */
  get bytes(): number {
    return this.#bytes;
  }

  /**
   * @returns the frames of the message when it is complete
   * @throws ZmtpError if the message exceeds a bound
   */
  add(body: Uint8Array, hasMore: boolean): readonly Uint8Array[] | undefined {
    this.#frames.push(body);
    this.#bytes += body.length + FRAME_COST;
    if (this.#frames.length > this.#maxFrames) {
      throw new ZmtpError('too_many_frames', `a message has more than ${this.#maxFrames} frames`);
    }
    if (this.#bytes > this.#maxBytes + this.#maxFrames * FRAME_COST) {
      throw new ZmtpError('too_large', `a message has more than ${this.#maxBytes} bytes`);
    }
    if (hasMore) {
      // Copied, so that a waiting part does not keep the rest of its receive buffer in memory.
      this.#frames[this.#frames.length - 1] = owned(body);
      return undefined;
    }
    const frames = this.#frames;
    this.#frames = [];
    return frames;
  }

  /** Call when the message has been processed: its bytes are no longer held. */
  release(): void {
    this.#bytes = 0;
  }

  /** Drops the incomplete message. */
  clear(): void {
    this.#frames = [];
    this.#bytes = 0;
  }
}

function owned(body: Uint8Array): Uint8Array {
  const copy = Buffer.allocUnsafeSlow(body.length);
  copy.set(body);
  return copy;
}
