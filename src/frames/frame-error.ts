/** Why a frame was rejected, as a label for counters. */
export type FrameErrorCause =
  /** Not three frames, a wrong magic, a header of the wrong length, or a field out of range. */
  | 'malformed'
  /** The checksum does not match: the message was truncated or changed in transit. */
  | 'checksum'
  /** The version of the layout is unknown. */
  | 'version'
  /** The type of the frame, of the content or of the encoding is unknown. */
  | 'unknown'
  /** The body, or its declared uncompressed size, exceeds the receiver's limit. */
  | 'too_large'
  /** The body does not decompress, or not to the declared length. */
  | 'encoding';

/**
 * An invalid frame. The receiver rejects it and counts the cause. It has the same shape as a `WireError`, so
 * that one check covers both.
 */
export class FrameError extends Error {
  override readonly name = 'FrameError';
  /** Identifies the error without `instanceof`: several copies of this class can exist in one process. */
  readonly malformed = true;
  override readonly cause: FrameErrorCause;

  constructor(cause: FrameErrorCause, message: string) {
    super(message);
    this.cause = cause;
  }
}
