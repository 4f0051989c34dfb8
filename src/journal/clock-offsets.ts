import type { Clock } from '../record/index.ts';

/** The wall clock was set if it moved by more than this against the monotonic one. */
const SET_MILLIS = 100;
/** Of a clock that is set more often than this, the oldest times are forgotten. */
const MAX_OFFSETS = 256;

interface Offset {
  /** The first entry that was received under it. */
  readonly index: number;
  readonly millis: number;
}

/**
 * How old entries are. The journal notes when an entry came by the wall clock, which may be set at any
 * moment; so it is remembered here which entries came before and after that. What came before the journal was
 * opened is as old as the wall clock says at the opening, and ages from then on by the monotonic clock.
 */
export class ClockOffsets {
  readonly #clock: Clock;
  #offsets: readonly Offset[];

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#offsets = [{ index: 0, millis: this.now() }];
  }

  /** By how much the wall clock is ahead of the monotonic one. */
  now(): number {
    return this.#clock.now() - this.#clock.monotonicNow();
  }

  /** An entry was received under this offset. In the order of the entries. */
  received(index: number, millis: number): void {
    if (Math.abs(millis - this.#offsets.at(-1)!.millis) <= SET_MILLIS) return;
    const newest = this.#offsets.slice(1 - MAX_OFFSETS);
    this.#offsets = [...newest, { index, millis }];
  }

  /** @param receivedMillis by the wall clock */
  ageMillis(index: number, receivedMillis: number): number {
    const { millis } = this.#offsets.findLast((each) => each.index <= index) ?? this.#offsets[0]!;
    return Math.max(0, this.#clock.monotonicNow() - (receivedMillis - millis));
  }
}
