import { armTimeout, clearTimeout, monotonicNow } from './timers.ts';

/** Time and timers, passed in so that tests decide what time it is. */
export interface Clock {
  /** Milliseconds since the epoch. Only for times that are written: this clock may be set at any moment. */
  now(): number;
  /** Milliseconds of a monotonic clock, from an arbitrary start. For every age, wait and rate. */
  monotonicNow(): number;
  /**
   * Calls back once, after `delayMillis`, outside the caller's async context. The timer does not keep the
   * process alive unless `keepsAlive` is true.
   * @returns a function that cancels it
   */
  after(delayMillis: number, callback: () => void, keepsAlive?: boolean): () => void;
}

/** What an object must have to be a {@link Clock}. */
export const CLOCK_METHODS: readonly (keyof Clock)[] = ['now', 'monotonicNow', 'after'];

/** The clock of the machine. */
export const systemClock: Clock = {
  now: () => Date.now(),
  monotonicNow,
  after: (delayMillis, callback, keepsAlive = false) => {
    const timer = armTimeout(callback, delayMillis);
    if (!keepsAlive) timer.unref();
    return () => clearTimeout(timer);
  },
};
