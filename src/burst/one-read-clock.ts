import type { Clock } from '../record/index.ts';

/** How long a measured offset between the two clocks is used, in milliseconds of the wall clock. */
const CALIBRATED_MILLIS = 1_000;
/** The wall clock counts whole milliseconds, so the measured offset may vary by one. */
const JITTER_MILLIS = 2;

/**
 * Derives both times of a record from one reading of the wall clock: its timestamp, and its time of arrival
 * in terms of `Clock.monotonicNow()`, from which its age is computed. Reading both clocks would add a sixth
 * to the cost of a held record.
 *
 * The offset between the clocks is measured once a second, and at once if the wall clock goes back or jumps
 * ahead. Until a step of the wall clock is detected, an age may be wrong by less than a second; a timestamp
 * is never wrong.
 */
export class OneReadClock {
  readonly #clock: Clock;
  /** Monotonic time minus wall time, as of the last call to `now()`. */
  offset = Number.NaN;
  #last = Number.POSITIVE_INFINITY;
  #until = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Returns the monotonic time. Minus `offset`, it is the wall time at the resolution of the wall clock. */
  now(): number {
    const wall = this.#clock.now();
    if (wall < this.#last || wall >= this.#until) this.#calibrate(wall);
    this.#last = wall;
    return wall + this.offset;
  }

  #calibrate(wall: number): void {
    const offset = this.#clock.monotonicNow() - wall;
    if (!(Math.abs(offset - this.offset) <= JITTER_MILLIS)) this.offset = offset;
    this.#until = wall + CALIBRATED_MILLIS;
  }
}
