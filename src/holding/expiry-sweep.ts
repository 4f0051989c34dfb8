import type { Clock } from '../record/index.ts';

/** The bounds of the interval between two sweeps. */
const MIN_INTERVAL_MILLIS = 10;
const MAX_INTERVAL_MILLIS = 15_000;
/** The number of sweeps per maximum age, within the bounds of the interval. */
const SWEEPS_PER_AGE = 4;

/** Removes expired items periodically, as long as there are items. */
export class ExpirySweep {
  readonly #clock: Clock;
  readonly #intervalMillis: number;
  readonly #sweep: (now: number) => boolean;
  #cancel: (() => void) | undefined;
  #isEnded = false;

  /**
   * @param maxAgeMillis the age at which items expire; Infinity disables the sweep
   * @param sweep removes expired items, and returns whether items remain
   */
  constructor(clock: Clock, maxAgeMillis: number, sweep: (now: number) => boolean) {
    this.#clock = clock;
    this.#intervalMillis = Math.min(
      MAX_INTERVAL_MILLIS,
      Math.max(MIN_INTERVAL_MILLIS, maxAgeMillis / SWEEPS_PER_AGE),
    );
    this.#sweep = sweep;
    this.#isEnded = maxAgeMillis === Number.POSITIVE_INFINITY;
  }

  /** Schedules the next sweep. Called when an item was added. */
  arm(): void {
    if (this.#cancel !== undefined || this.#isEnded) return;
    this.#cancel = this.#clock.after(this.#intervalMillis, () => {
      this.#cancel = undefined;
      if (this.#sweep(this.#clock.monotonicNow())) this.arm();
    });
  }

  end(): void {
    this.#isEnded = true;
    this.#cancel?.();
    this.#cancel = undefined;
  }
}
