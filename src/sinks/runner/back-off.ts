import type { Clock } from '../../record/index.ts';

/** The longest wait that a server is believed. */
const MAX_ASKED_MILLIS = 3_600_000;

/** Waits between attempts: doubled each time up to a bound, with jitter, never less than was asked for. */
export class BackOff {
  readonly #clock: Clock;
  readonly #random: () => number;
  readonly #initialMillis: number;
  readonly #maxMillis: number;
  #failures = 0;
  #cut: () => void = () => {};

  constructor(clock: Clock, random: () => number, initialMillis: number, maxMillis: number) {
    this.#clock = clock;
    this.#random = random;
    this.#initialMillis = initialMillis;
    this.#maxMillis = maxMillis;
  }

  /** An attempt went well. */
  reset(): void {
    this.#failures = 0;
  }

  /** The next wait, between three quarters and the whole of the bound that holds now. */
  nextMillis(askedMillis: number): number {
    const bound = Math.min(this.#initialMillis * 2 ** Math.min(this.#failures, 40), this.#maxMillis);
    this.#failures += 1;
    const asked = Math.min(askedMillis, MAX_ASKED_MILLIS);
    const luck = this.#random();
    return Math.ceil(Math.max(bound * (1 - luck / 4), asked * (1 + luck / 10)));
  }

  /** Resolves after so long, or when it is cut short. */
  wait(millis: number): Promise<void> {
    return new Promise((resolve) => {
      const cancel = this.#clock.after(millis, resolve);
      this.#cut = () => {
        cancel();
        resolve();
      };
    });
  }

  /** Ends a wait. */
  cut(): void {
    this.#cut();
  }
}
