import { armTimeout, clearTimeout, monotonicNow } from './timers.ts';

/** Time and timers. Passed in so that tests can control them. */
export interface Clock {
  /**
   * Returns the milliseconds since the epoch. Only for timestamps, because this clock may be set at any time.
   */
  now(): number;
  /** Returns the milliseconds of a monotonic clock, from an arbitrary start. For ages, waits and rates. */
  monotonicNow(): number;
  /**
   * Calls `callback` once after `delayMillis`, outside the caller's async context. The timer does not keep
   * the process alive unless `keepsAlive` is true.
   * @returns a function that cancels it
   */
  after(delayMillis: number, callback: () => void, keepsAlive?: boolean): () => void;
}

/** The methods of a {@link Clock}. */
export const CLOCK_METHODS: readonly (keyof Clock)[] = ['now', 'monotonicNow', 'after'];

/** The system clock. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonicNow,
  after: (delayMillis, callback, keepsAlive = false) => {
    const timer = armTimeout(callback, delayMillis);
    if (!keepsAlive) timer.unref();
    return () => clearTimeout(timer);
  },
};
