import type { Clock } from '../record/index.ts';

/** How long the difference between the two clocks is relied on, in milliseconds of the wall clock. */
const CALIBRATED_MILLIS = 1_000;
/** The wall clock counts whole milliseconds: a difference may seem to move by one. */
const JITTER_MILLIS = 2;

/**
 * Says with one reading of the wall clock both times of a record: when it was written, for its reader, and
 * when it came as `Clock.monotonicNow()` counts, for its age. Reading both clocks would cost a held record a
 * sixth of its price.
 *
 * The difference between them is measured once a second, and at once when the wall clock goes back or jumps
 * ahead. A step that it has not seen yet makes an age wrong by less than a second, and never a time.
 */
export class OneReadClock {
  readonly #clock: Clock;
  /** Monotonic time minus wall time, as it was when `now()` was called last. */
  offset = Number.NaN;
  #last = Number.POSITIVE_INFINITY;
  #until = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Monotonic time now. Minus `offset` it is the wall time, in whole milliseconds if that clock counts so. */
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
