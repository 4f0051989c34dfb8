/** Time and timers, passed in so that tests decide what time it is. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
  /**
   * Calls back once, after `delayMillis`. The timer never keeps the process alive.
   * @returns a function that cancels it
   */
  after(delayMillis: number, callback: () => void): () => void;
}

/** The clock of the machine. */
export const systemClock: Clock = {
  now: () => Date.now(),
  after: (delayMillis, callback) => {
    // setTimeout turns longer delays into one millisecond.
    const timer = setTimeout(callback, Math.min(delayMillis, 2_147_483_647));
    timer.unref?.();
    return () => clearTimeout(timer);
  },
};
