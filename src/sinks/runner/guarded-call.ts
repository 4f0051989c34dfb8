import type { Clock } from '../../record/index.ts';

/** What ends a call before its own end. */
export interface CallBounds {
  readonly clock: Clock;
  /** Then the call's signal is aborted. */
  readonly timeoutMillis: number;
  /** Aborts the call's signal too. */
  readonly signal: AbortSignal;
  /** Who waits for a call, to be notified when nobody shall wait any more, whatever the call does. */
  readonly waiting: Set<(error: Error) => void>;
  /** Called when the call did not come back within a grace after its signal was aborted. */
  readonly onHung: () => void;
}

const GRACE_MILLIS = 5_000;

/**
 * Calls a method of a sink, which may be anybody's code: it may throw at once, never settle, or return no
 * promise. A second call is not made while the first is under way, so that a call that hangs is waited for.
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
    // Not a race with one promise for all calls: that would keep every call in memory until it settles.
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
