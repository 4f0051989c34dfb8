import type { Clock } from '../record/index.ts';

const LONGEST_MILLIS = 50;
/** The part of the time since the last sign of life that is waited before the next look. */
const SHARE = 1 / 8;

/**
 * Looks at a socket again and again, while there is something to wait for: each millisecond at first, less often
 * the longer nothing happens. ZeroMQ could wait by itself, but a process with a waiting socket never ends; these
 * timers let it.
 */
export class LookAgain {
  readonly #clock: Clock;
  readonly #look: () => void;
  #lastSignAt: number;
  #cancel: (() => void) | undefined;

  constructor(clock: Clock, look: () => void) {
    this.#clock = clock;
    this.#look = look;
    this.#lastSignAt = clock.now();
  }

  /** Something happened: the next looks come quickly. */
  sign(): void {
    this.#lastSignAt = this.#clock.now();
  }

  /** Looks once more, later. */
  arm(): void {
    if (this.#cancel !== undefined) return;
    const silentMillis = this.#clock.now() - this.#lastSignAt;
    const delayMillis = Math.min(LONGEST_MILLIS, Math.max(1, silentMillis * SHARE));
    this.#cancel = this.#clock.after(delayMillis, () => {
      this.#cancel = undefined;
      this.#look();
    });
  }

  disarm(): void {
    this.#cancel?.();
    this.#cancel = undefined;
  }
}
