/** Why a frame was refused, in one word for counters. */
export type FrameFault =
  /** Not three frames, a wrong magic, a header of a wrong length, a field out of its range. */
  | 'malformed'
  /** The checksum does not fit: cut or changed on the way. */
  | 'checksum'
  /** A version of the layout that this side does not know. */
  | 'version'
  /** A type of frame, of content or of encoding that this side does not know. */
  | 'unknown'
  /** The body, or what it declares to become, is bigger than the receiver takes. */
  | 'too_large'
  /** The body does not unpack, or not to the length that was declared. */
  | 'encoding';

/** Bytes that are no frame of ours. The receiver refuses them and counts the fault. */
export class FrameError extends Error {
  readonly fault: FrameFault;

  constructor(fault: FrameFault, message: string) {
    super(message);
    this.name = 'FrameError';
    this.fault = fault;
  }
}
