/** Why records could not be read. */
export type ReaderErrorKind =
  /** A file or a store is not there. */
  | 'not_found'
  /** The server does not answer. */
  | 'unavailable'
  /** The server wants another token. */
  | 'refused'
  /** The query is wrong. */
  | 'query'
  /** The server closed the connection within its answer. */
  | 'cut'
  /** The server answered something that cannot be read. */
  | 'answer';

/** Nothing was read. The message says what to do. */
export class ReaderError extends Error {
  override readonly name = 'ReaderError';
  readonly kind: ReaderErrorKind;

  constructor(kind: ReaderErrorKind, message: string) {
    super(message);
    this.kind = kind;
  }
}
