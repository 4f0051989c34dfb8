/** Why records could not be read. */
export type ReaderErrorKind =
  /** A file or a store does not exist. */
  | 'not_found'
  /** The server does not answer. */
  | 'unavailable'
  /** The server requires a different token. */
  | 'refused'
  /** The query is invalid. */
  | 'query'
  /** The server closed the connection before the end of its answer. */
  | 'cut'
  /** The answer of the server is invalid. */
  | 'answer';

/** An error that prevents reading. The message suggests a remedy. */
export class ReaderError extends Error {
  override readonly name = 'ReaderError';
  readonly kind: ReaderErrorKind;

  constructor(kind: ReaderErrorKind, message: string) {
    super(message);
    this.kind = kind;
  }
}
