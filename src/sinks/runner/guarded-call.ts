import type { Clock } from '../../record/index.ts';

/** What can end a call early. */
export interface CallBounds {
  readonly clock: Clock;
  /** The call's signal is aborted after this time. */
  readonly timeoutMillis: number;
  /** When this signal is aborted, the call's signal is aborted too. */
  readonly signal: AbortSignal;
  /** The callers that wait for a call. Rejecting them stops the waiting, whatever the call does. */
  readonly waiting: Set<(error: Error) => void>;
  /** Called if the call does not return within a grace period after its signal was aborted. */
  readonly onHung: () => void;
}

const GRACE_MILLIS = 5_000;

/**
 * Calls a method of a sink, which may be third-party code: it may throw synchronously, never settle, or
 * return no promise. Only one call is made at a time, so a call that hangs is waited for.
 */
export async function guardedCall<T>(
  call: (signal: AbortSignal) => Promise<T>,
  { clock, timeoutMillis, signal, waiting, onHung }: CallBounds,
): Promise<T> {
  const own = new AbortController();
  const forward = () => own.abort(signal.reason);
  if (signal.aborted) forward();
  else signal.addEventListener('abort', forward, { once: true });
  let cancelGrace = () => {};
  const cancelTimeout = clock.after(timeoutMillis, () => {
    own.abort(new Error(`no answer within ${timeoutMillis} ms`));
    cancelGrace = clock.after(GRACE_MILLIS, onHung);
  });
  let abandon: (error: Error) => void = () => {};
  try {
    // No race with a promise that all calls share: it would keep every call in memory until it settles.
    return await new Promise<T>((resolve, reject) => {
      abandon = reject;
      waiting.add(reject);
      (async () => await call(own.signal))().then(resolve, reject);
    });
  } finally {
    waiting.delete(abandon);
    signal.removeEventListener('abort', forward);
    cancelTimeout();
    cancelGrace();
  }
}
