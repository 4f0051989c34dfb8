import type { Clock } from '../record/index.ts';

/** A larger change of the wall clock against the monotonic clock counts as a clock adjustment. */
const SET_MILLIS = 100;
/** How many adjustments are kept; the oldest are dropped. */
const MAX_OFFSETS = 256;

interface Offset {
  /** The first entry that was received with this offset. */
  readonly index: number;
  readonly millis: number;
}

/**
 * Computes the age of entries. The journal stores when an entry was received by the wall clock, which may be
 * adjusted at any moment, so this class records which entries came before and after each adjustment. For
 * entries from before the journal was opened, the age is taken from the wall clock at opening; from then on
 * it grows by the monotonic clock.
 */
export class ClockOffsets {
  readonly #clock: Clock;
  #offsets: readonly Offset[];

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#offsets = [{ index: 0, millis: this.now() }];
  }

  /** The difference of the wall clock and the monotonic clock. */
  now(): number {
    return this.#clock.now() - this.#clock.monotonicNow();
  }

  /** Records the offset with which an entry was received. Must be called in the order of the entries. */
  received(index: number, millis: number): void {
    if (Math.abs(millis - this.#offsets.at(-1)!.millis) <= SET_MILLIS) return;
    const newest = this.#offsets.slice(1 - MAX_OFFSETS);
    this.#offsets = [...newest, { index, millis }];
  }

  /** @param receivedMillis wall clock time */
  ageMillis(index: number, receivedMillis: number): number {
    const { millis } = this.#offsets.findLast((each) => each.index <= index) ?? this.#offsets[0]!;
    return Math.max(0, this.#clock.monotonicNow() - (receivedMillis - millis));
  }
}
