/** Time and timers, passed in so that tests decide what time it is. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
  /**
   * Calls back once, after `delayMillis`. The timer does not keep the process alive, unless it is told to.
   * @returns a function that cancels it
   */
  after(delayMillis: number, callback: () => void, keepsAlive?: boolean): () => void;
}

/** The clock of the machine. */
export const systemClock: Clock = {
  now: () => Date.now(),
  after: (delayMillis, callback, keepsAlive = false) => {
    // setTimeout turns longer delays into one millisecond.
    const timer = setTimeout(callback, Math.min(delayMillis, 2_147_483_647));
    if (!keepsAlive) timer.unref?.();
    return () => clearTimeout(timer);
  },
};

/** How long after its bound a flush or shutdown still keeps the process alive: its last timers need a turn. */
const GRACE_MILLIS = 1_000;

/**
 * Keeps the process alive while somebody awaits a flush or a shutdown. All other timers here do not, so that
 * without it a program whose last line is `await provider.shutdown()` would end in the middle of that.
 * @returns a function that lets the process end
 */
export function keepAlive(clock: Clock, boundMillis: number): () => void {
  return clock.after(boundMillis + GRACE_MILLIS, () => {}, true);
}
