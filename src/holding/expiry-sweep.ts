import type { Clock } from '../record/index.ts';

/** A sweep comes no more and no less often than this, in milliseconds. */
const LEAST_MILLIS = 10;
const MOST_MILLIS = 15_000;
/** What should be gone after a time is looked for so many times within it. */
const TIMES = 4;

/** Looks from time to time for what has become too old, as long as there is something to look through. */
export class ExpirySweep {
  readonly #clock: Clock;
  readonly #everyMillis: number;
  readonly #look: (now: number) => boolean;
  #cancel: (() => void) | undefined;
  #isEnded = false;

  /**
   * @param oldMillis after how long something is too old; Infinity: never
   * @param look looks once. @returns whether to look again
   */
  constructor(clock: Clock, oldMillis: number, look: (now: number) => boolean) {
    this.#clock = clock;
    this.#everyMillis = Math.min(MOST_MILLIS, Math.max(LEAST_MILLIS, oldMillis / TIMES));
    this.#look = look;
    this.#isEnded = oldMillis === Number.POSITIVE_INFINITY;
  }

  /** There is something to look through. */
  arm(): void {
    if (this.#cancel !== undefined || this.#isEnded) return;
    this.#cancel = this.#clock.after(this.#everyMillis, () => {
      this.#cancel = undefined;
      if (this.#look(this.#clock.monotonicNow())) this.arm();
    });
  }

  end(): void {
    this.#isEnded = true;
    this.#cancel?.();
    this.#cancel = undefined;
  }
}
