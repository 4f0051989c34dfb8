import type { Clock } from '../../src/record/clock.ts';

interface Timer {
  readonly dueMillis: number;
  readonly callback: () => void;
}

/**
 * A clock that stands still until a test moves it, so that an hour passes in no time and no test sleeps.
 *
 * Timers fire inside `advance()`, in the order in which they are due (those due together in the order in which
 * they were set), and each sees its own due time as `monotonicNow()`. A timer set while others fire is fired too if
 * it is due by the end of the step. The wall clock, `now()`, moves along, and can be set like that of a machine.
 */
export class ManualClock implements Clock {
  /** Far from the wall clock's numbers: who mixes the two fails. */
  #nowMillis = 1_000;
  #wallOffsetMillis: number;
  readonly #timers = new Set<Timer>();

  constructor(startMillis = 1_700_000_000_000) {
    this.#wallOffsetMillis = startMillis - this.#nowMillis;
  }

  now(): number {
    return this.#nowMillis + this.#wallOffsetMillis;
  }

  monotonicNow(): number {
    return this.#nowMillis;
  }

  /** Sets the wall clock forward, or back if negative, as NTP does; timers and the monotonic clock do not notice. */
  setForward(millis: number): void {
    this.#wallOffsetMillis += millis;
  }

  /** A delay of 0 fires at the next `advance()`, even by 0; Infinity never. */
  after(delayMillis: number, callback: () => void): () => void {
    const timer = { dueMillis: this.#nowMillis + (delayMillis > 0 ? delayMillis : 0), callback };
    this.#timers.add(timer);
    return () => {
      this.#timers.delete(timer);
    };
  }

  /** Lets so much time pass and calls what falls due on the way. What a timer throws reaches the caller. */
  advance(millis: number): void {
    const endMillis = this.#nowMillis + millis;
    for (let timer = this.#nextDue(endMillis); timer !== undefined; timer = this.#nextDue(endMillis)) {
      this.#timers.delete(timer);
      this.#nowMillis = Math.max(this.#nowMillis, timer.dueMillis);
      timer.callback();
    }
    this.#nowMillis = Math.max(this.#nowMillis, endMillis);
  }

  /** How many timers are set and have neither fired nor been cancelled. */
  get pendingTimers(): number {
    return this.#timers.size;
  }

  #nextDue(endMillis: number): Timer | undefined {
    let next: Timer | undefined;
    for (const timer of this.#timers) {
      if (timer.dueMillis > endMillis) continue;
      if (next === undefined || timer.dueMillis < next.dueMillis) next = timer;
    }
    return next;
  }
}
