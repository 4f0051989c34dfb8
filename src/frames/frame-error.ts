/** Why a frame was refused, in one word for counters. */
export type FrameErrorCause =
  /** Not three frames, a wrong magic, a header of a wrong length, a field out of its range. */
  | 'malformed'
  /** The checksum is wrong: truncated or changed in transit. */
  | 'checksum'
  /** A version of the layout that this side does not know. */
  | 'version'
  /** A type of frame, of content or of encoding that this side does not know. */
  | 'unknown'
  /** The body, or what it declares to become, is bigger than the receiver takes. */
  | 'too_large'
  /** The body does not unpack, or not to the length that was declared. */
  | 'encoding';

/**
 * Bytes that are not a valid frame. The receiver refuses them and counts the cause. It has the form of a
 * `WireError`, so that one check covers both.
 */
export class FrameError extends Error {
  override readonly name = 'FrameError';
  /**
   * Distinguishes it from other errors without `instanceof`: copies of this class can meet in one process.
   */
  readonly malformed = true;
  override readonly cause: FrameErrorCause;

  /** @param message what is wrong */
  constructor(cause: FrameErrorCause, message: string) {
    super(message);
    this.cause = cause;
  }
}
