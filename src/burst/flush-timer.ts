import type { Clock } from '../record/index.ts';

/** A flush is due after this part of `flushMillis`: the timer comes late, and the record before it was earlier. */
const DUE = 0.8;

/** When what a black box knows is written: by a timer, and by a record that finds the timer overdue. */
export class FlushTimer {
  /** When a held record is to look, as `Clock.monotonicNow()` counts: no flush is scheduled, or it is overdue. */
  nextLookAt = Number.NEGATIVE_INFINITY;
  readonly #clock: Clock;
  readonly #dueMillis: number;
  readonly #flush: () => void;
  #cancel: (() => void) | undefined;

  /** @param flush is to call `cancel()` or `stop()` */
  constructor(clock: Clock, flushMillis: number, flush: () => void) {
    this.#clock = clock;
    this.#dueMillis = Math.max(1, Math.floor(flushMillis * DUE));
    this.#flush = flush;
  }

  get isScheduled(): boolean {
    return this.#cancel !== undefined;
  }

  /** Schedules a flush, unless one is scheduled. */
  arm(): void {
    if (this.#cancel !== undefined) return;
    this.nextLookAt = this.#clock.monotonicNow() + this.#dueMillis;
    this.#cancel = this.#clock.after(this.#dueMillis, () => {
      this.#cancel = undefined;
      this.#flush();
    });
  }

  /** The flush takes place now; the next record schedules another one. */
  cancel(): void {
    this.#cancel?.();
    this.#cancel = undefined;
    this.nextLookAt = Number.NEGATIVE_INFINITY;
  }

  /** Nothing is to be flushed any more. */
  stop(): void {
    this.cancel();
    this.nextLookAt = Number.POSITIVE_INFINITY;
  }
}
