import type { Clock } from './clock.ts';
import type { FlushOptionsLike } from './otel.ts';

/** The result of a bounded wait: whether the promise settled in time, and its error if it rejected. */
export interface Waited {
  readonly inTime: boolean;
  readonly error?: unknown;
}

/**
 * Waits for a promise, at most `millis`. Never rejects.
 * @param keepsAlive whether the timer keeps the process alive. Required while a caller awaits a flush or a
 * shutdown: all other timers are unref'ed, so the process would exit before the wait ends
 */
export function within(
  promise: Promise<unknown>,
  millis: number,
  clock: Clock,
  keepsAlive = false,
): Promise<Waited> {
  return new Promise((resolve) => {
    const isBounded = millis < Number.POSITIVE_INFINITY;
    const late = isBounded ? () => resolve({ inTime: false }) : () => {};
    const cancel = isBounded || keepsAlive ? clock.after(millis, late, keepsAlive) : () => {};
    promise.then(
      () => {
        cancel();
        resolve({ inTime: true });
      },
      (error: unknown) => {
        cancel();
        resolve({ inTime: true, error });
      },
    );
  });
}

/** Calls an asynchronous method. An error that it throws becomes a rejection. */
export async function attempt(call: () => Promise<unknown> | undefined): Promise<void> {
  await call();
}

/** Returns the timeout of a flush: the caller's `timeoutMillis` if it is a valid number, else `otherwise`. */
export function flushMillis(options: FlushOptionsLike | undefined, otherwise: number): number {
  const millis = options?.timeoutMillis;
  return typeof millis === 'number' && millis >= 0 ? millis : otherwise;
}

/**
 * Promises that resolve when all items up to a sequence number are settled. Callers that wait for the same
 * number share one promise.
 */
export class FlushWaiters {
  #waiting: { readonly sequence: number; readonly promise: Promise<void>; readonly resolve: () => void }[] =
    [];

  get any(): boolean {
    return this.#waiting.length > 0;
  }

  wait(sequence: number): Promise<void> {
    const last = this.#waiting.at(-1);
    if (last !== undefined && last.sequence === sequence) return last.promise;
    let resolve: () => void = () => {};
    const promise = new Promise<void>((done) => {
      resolve = done;
    });
    this.#waiting.push({ sequence, promise, resolve });
    return promise;
  }

  /** @param firstOpen the lowest sequence number that is not settled; Infinity if all are settled */
  settle(firstOpen: number): void {
    while (this.#waiting.length > 0 && this.#waiting[0]!.sequence < firstOpen)
      this.#waiting.shift()!.resolve();
  }
}
