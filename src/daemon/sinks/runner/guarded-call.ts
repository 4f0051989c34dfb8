import type { Clock } from '../../../record/index.ts';

/** What ends a call before its own end. */
export interface CallBounds {
  readonly clock: Clock;
  /** Then the call's signal is aborted. */
  readonly timeoutMillis: number;
  /** Aborts the call's signal too. */
  readonly signal: AbortSignal;
  /** Rejects when nobody waits for the call any more, whatever it does. */
  readonly abandoned: Promise<never>;
  /** Called when the call did not come back within a grace after its signal was aborted. */
  readonly onHung: () => void;
}

const GRACE_MILLIS = 5_000;

/**
 * Calls a method of a sink, which may be anybody's code: it may throw at once, never settle, or return no promise.
 * A second call is not made while the first is under way, so that a call that hangs is waited for.
 */
export async function guardedCall<T>(
  call: (signal: AbortSignal) => Promise<T>,
  { clock, timeoutMillis, signal, abandoned, onHung }: CallBounds,
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
  try {
    return await Promise.race([(async () => await call(own.signal))(), abandoned]);
  } finally {
    signal.removeEventListener('abort', forward);
    cancelTimeout();
    cancelGrace();
  }
}
