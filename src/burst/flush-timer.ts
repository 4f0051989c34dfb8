import type { Clock } from '../record/index.ts';

/**
 * The part of `flushMillis` after which the timer fires. Timers fire late, and the first record came earlier.
 */
const DUE = 0.8;

/**
 * Schedules the flushes of a black box: by a timer, and by a record that arrives when the timer is overdue.
 */
export class FlushTimer {
  /**
   * From this time of `Clock.monotonicNow()` on, a held record must call the timer's owner, because no flush
   * is scheduled or the scheduled one is overdue.
   */
  nextCheckAt = Number.NEGATIVE_INFINITY;
  readonly #clock: Clock;
  readonly #dueMillis: number;
  readonly #flush: () => void;
  #cancel: (() => void) | undefined;

  /** @param flush must call `cancel()` or `stop()` */
  constructor(clock: Clock, flushMillis: number, flush: () => void) {
    this.#clock = clock;
    this.#dueMillis = Math.max(1, Math.floor(flushMillis * DUE));
    this.#flush = flush;
  }

  get isScheduled(): boolean {
    return this.#cancel !== undefined;
  }

  /** Schedules a flush unless one is scheduled. */
  arm(): void {
    if (this.#cancel !== undefined) return;
    this.nextCheckAt = this.#clock.monotonicNow() + this.#dueMillis;
    this.#cancel = this.#clock.after(this.#dueMillis, () => {
      this.#cancel = undefined;
      this.#flush();
    });
  }

  /** Cancels the scheduled flush. The next record schedules another one. */
  cancel(): void {
    this.#cancel?.();
    this.#cancel = undefined;
    this.nextCheckAt = Number.NEGATIVE_INFINITY;
  }

  /** Cancels the scheduled flush and schedules no further ones. */
  stop(): void {
    this.cancel();
    this.nextCheckAt = Number.POSITIVE_INFINITY;
  }
}
