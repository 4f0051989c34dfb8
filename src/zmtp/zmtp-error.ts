/** Why a connection was closed, in one word for counters. */
export type ZmtpErrorCause =
  /** The peer does not speak ZMTP 3, or breaks its rules. */
  | 'not_zmtp'
  /** The peer's socket type, security mechanism or role does not fit. */
  | 'mismatch'
  /** The peer's key is not allowed, or its boxes do not open. */
  | 'unauthorized'
  /** A message has more bytes, or more frames, than are taken. */
  | 'too_large'
  | 'too_many_frames'
  /** The peer did not finish its handshake, or a message, in time. */
  | 'too_slow'
  /** The peer does not read what it is sent. */
  | 'not_reading'
  /** Nothing was heard from the peer for too long. */
  | 'silent'
  /** More connections than are taken. */
  | 'connections'
  /** The connection broke, or could not be made. */
  | 'connection';

/** Why a connection ends. */
export class ZmtpError extends Error {
  override readonly name = 'ZmtpError';
  override readonly cause: ZmtpErrorCause;

  constructor(cause: ZmtpErrorCause, message: string) {
    super(message);
    this.cause = cause;
  }
}
