import type { RejectedError, RetryLaterError } from './contract.ts';

class Rejected extends Error implements RejectedError {
  readonly rejected = true as const;
  override readonly cause: string;
  readonly indexes?: readonly number[];
  readonly state?: unknown;

  constructor(cause: string, message: string, indexes: readonly number[] | undefined, state: unknown) {
    super(message);
    this.cause = cause;
    if (indexes !== undefined) this.indexes = indexes;
    this.state = state;
  }
}

class RetryLater extends Error implements RetryLaterError {
  readonly retryAfterMillis: number;

  constructor(message: string, retryAfterMillis: number) {
    super(message);
    this.retryAfterMillis = retryAfterMillis;
  }
}

/** Creates the error that a sink throws for permanently rejected entries. */
export function rejectedError(
  cause: string,
  message: string,
  indexes?: readonly number[],
  state?: unknown,
): RejectedError {
  return new Rejected(cause, message, indexes, state);
}

/** Creates the error that a sink throws to retry the same entries after this many milliseconds. */
export function retryLaterError(message: string, retryAfterMillis: number): RetryLaterError {
  return new RetryLater(message, retryAfterMillis);
}

/** Checks for a rejection by fields, because copies of a class can meet in one process. */
export function asRejected(error: unknown): RejectedError | undefined {
  return field(error, 'rejected') === true ? (error as RejectedError) : undefined;
}

/** The minimum delay that a sink requested, in milliseconds; 0: none. */
export function retryAfterOf(error: unknown): number {
  const millis = field(error, 'retryAfterMillis');
  return typeof millis === 'number' && millis > 0 ? millis : 0;
}

function field(error: unknown, name: string): unknown {
  try {
    return typeof error === 'object' && error !== null ? (error as Record<string, unknown>)[name] : undefined;
  } catch {
    return undefined;
  }
}
