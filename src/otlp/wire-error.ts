/**
 * In one word, for counters, why bytes were refused: the form that they are not (`protobuf`, `json`,
 * `pickle`), an `unsupported` topic or encoding, `too_deep`, or `too_large`.
 */
export type WireErrorCause = 'protobuf' | 'json' | 'pickle' | 'unsupported' | 'too_deep' | 'too_large';

/**
 * Bytes that are not what they should be. The same bytes will never be taken, so their sender must not repeat
 * them. All readers of this room throw this, and nothing else, whatever the bytes are.
 */
export class WireError extends Error {
  override readonly name = 'WireError';
  /**
   * Distinguishes it from other errors without `instanceof`: copies of this class can meet in one process.
   */
  readonly malformed = true;
  override readonly cause: WireErrorCause;

  /** @param message what is wrong, and at which byte or in which field */
  constructor(cause: WireErrorCause, message: string) {
    super(message);
    this.cause = cause;
  }
}

/** The word for counters of an error of a reader: its cause; `malformed` for any other error. */
export function causeOf(error: unknown): string {
  const { malformed, cause } = (error ?? {}) as { readonly malformed?: unknown; readonly cause?: unknown };
  return malformed === true && typeof cause === 'string' ? cause : 'malformed';
}

/** Whether bytes are to blame for an error. */
export function isWireError(error: unknown): boolean {
  const { name, malformed } = (error ?? {}) as { readonly name?: unknown; readonly malformed?: unknown };
  return malformed === true || name === 'RangeError';
}
