/** Why a connection was closed, as a label for counters. */
export type ZmtpErrorCause =
  /** The peer does not speak ZMTP 3, or violates the protocol. */
  | 'not_zmtp'
  /** The peer's socket type, security mechanism or role does not match. */
  | 'mismatch'
  /** The peer's key is not allowed, or its boxes cannot be decrypted. */
  | 'unauthorized'
  /** A message exceeds the limit for bytes, or for frames. */
  | 'too_large'
  | 'too_many_frames'
  /** The peer did not complete its handshake, or a message, in time. */
  | 'too_slow'
  /** The peer does not read what is sent to it. */
  | 'not_reading'
  /** The peer has sent nothing for too long. */
  | 'silent'
  /** The maximum number of connections is reached. */
  | 'connections'
  /** The connection failed or could not be established. */
  | 'connection';

/** The reason why a connection ends. */
export class ZmtpError extends Error {
  override readonly name = 'ZmtpError';
  override readonly cause: ZmtpErrorCause;

  constructor(cause: ZmtpErrorCause, message: string) {
    super(message);
    this.cause = cause;
  }
}
