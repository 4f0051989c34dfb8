/**
 * Why bytes were rejected, as a value for counters: not valid `protobuf`, `json` or `pickle`, an
 * `unsupported` topic or encoding, `too_deep`, or `too_large`.
 */
export type WireErrorCause = 'protobuf' | 'json' | 'pickle' | 'unsupported' | 'too_deep' | 'too_large';

/**
 * Invalid bytes. They will never be accepted, so the sender must not retry them. The readers of this room
 * throw no other error, whatever the input.
 */
export class WireError extends Error {
  override readonly name = 'WireError';
  /** Identifies the error without `instanceof`, because copies of this class can meet in one process. */
  readonly malformed = true;
  override readonly cause: WireErrorCause;

  /** @param message the error, with the byte or field where it is */
  constructor(cause: WireErrorCause, message: string) {
    super(message);
    this.cause = cause;
  }
}

/** The counter value for a reader's error: its cause, or `malformed` for any other error. */
export function causeOf(error: unknown): string {
  const { malformed, cause } = (error ?? {}) as { readonly malformed?: unknown; readonly cause?: unknown };
  return malformed === true && typeof cause === 'string' ? cause : 'malformed';
}

/** Whether an error was caused by invalid bytes. */
export function isWireError(error: unknown): boolean {
  const { name, malformed } = (error ?? {}) as { readonly name?: unknown; readonly malformed?: unknown };
  return malformed === true || name === 'RangeError';
}
