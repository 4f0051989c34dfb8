import type { Clock } from './clock.ts';
import type { FlushOptionsLike } from './otel.ts';

/** Whether a wait ended in time, and the error if what was awaited rejected. */
export interface Waited {
  readonly inTime: boolean;
  readonly error?: unknown;
}

/**
 * Waits for a promise, at most so long. Never rejects.
 * @param keepsAlive whether the process stays alive meanwhile: while somebody awaits a flush or a shutdown,
 * yes,
 *   since no other timer of ours does that, and a program whose last line awaits it would end in the middle
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

/** Calls an asynchronous method that may throw instead of rejecting. */
export async function attempt(call: () => Promise<unknown> | undefined): Promise<void> {
  await call();
}

/**
 * How long a flush may take: what the caller asks for, if it is a number of milliseconds, else `otherwise`.
 */
export function flushMillis(options: FlushOptionsLike | undefined, otherwise: number): number {
  const millis = options?.timeoutMillis;
  return typeof millis === 'number' && millis >= 0 ? millis : otherwise;
}

/**
 * Callers that wait until everything up to a sequence number is settled. Two that wait for the same number
 * share one promise.
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

  /** @param firstOpen the lowest sequence number that is not settled; Infinity when all are */
  settle(firstOpen: number): void {
    while (this.#waiting.length > 0 && this.#waiting[0]!.sequence < firstOpen)
      this.#waiting.shift()!.resolve();
  }
}
