import type { Clock } from '../record/index.ts';

const LONGEST_MILLIS = 50;
/** The part of the time since the last sign of life that is waited before the next look. */
const SHARE = 1 / 8;

/** So long after a sign of life ZeroMQ itself may wait for the next one. It holds up a process that wants to end. */
export const WAIT_MILLIS = 20;

/**
 * Looks at a socket again and again, while there is something to wait for, less often the longer nothing happens.
 * ZeroMQ could wait by itself, but a process with a waiting socket does not end; these timers let it.
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

  /** Whether something happened within {@link WAIT_MILLIS}. */
  get isLively(): boolean {
    return this.#clock.now() - this.#lastSignAt < WAIT_MILLIS;
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
