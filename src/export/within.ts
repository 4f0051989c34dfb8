import type { Clock } from '../record/index.ts';

/**
 * Waits for a promise, but not for ever. Never rejects.
 * @returns whether it settled in time, and its error if it rejected
 */
export function within(
  promise: Promise<unknown>,
  millis: number,
  clock: Clock,
): Promise<{ readonly inTime: boolean; readonly error?: unknown }> {
  return new Promise((resolve) => {
    const cancel =
      millis === Number.POSITIVE_INFINITY ? () => {} : clock.after(millis, () => resolve({ inTime: false }));
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
