import { ZmtpError } from './zmtp-error.ts';

/** A frame's place in memory, beside its bytes. */
const FRAME_COST = 64;

/** The frames of a message until it is whole and was taken. It is bounded in bytes and frames. */
export class IncomingMessage {
  readonly #maxBytes: number;
  readonly #maxFrames: number;
  #frames: Uint8Array[] = [];
  #bytes = 0;

  constructor(maxBytes: number, maxFrames: number) {
    this.#maxBytes = maxBytes;
    this.#maxFrames = maxFrames;
  }

  /** Most bytes that one frame may have. */
  get maxFrameBytes(): number {
    return this.#maxBytes + FRAME_COST;
  }

  /** Bytes that it takes, until `release()`. */
  get bytes(): number {
    return this.#bytes;
  }

  /**
   * @returns the frames of the message, once it is whole
   * @throws ZmtpError where it passes a bound
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
      // A part that waits for the others must not keep what came with it.
      this.#frames[this.#frames.length - 1] = owned(body);
      return undefined;
    }
    const frames = this.#frames;
    this.#frames = [];
    return frames;
  }

  /** The message was taken: its bytes are no longer held. */
  release(): void {
    this.#bytes = 0;
  }

  /** Drops what is there. */
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
