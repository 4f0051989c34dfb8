/** How the waits between attempts grow. */
export interface BackoffOptions {
  /** The first wait, in milliseconds, before jitter. */
  readonly initialMillis: number;
  /** The longest wait, in milliseconds, before jitter. */
  readonly maxMillis: number;
  /** By how much each wait is longer than the one before, from 1. */
  readonly multiplier: number;
  /**
   * How far a wait is moved at random, 0 to 1, so that many clients of one server do not come back together.
   */
  readonly jitter: number;
  /** Random numbers from 0 to 1. */
  readonly random: () => number;
}

/** Exponential back-off with jitter, never less than a server asked for. */
export class Backoff {
  readonly #options: BackoffOptions;
  #millis: number;

  constructor(options: BackoffOptions) {
    this.#options = options;
    this.#millis = options.initialMillis;
  }

  /** An attempt succeeded: the next wait is the first one again. */
  reset(): void {
    this.#millis = this.#options.initialMillis;
  }

  /**
   * The next wait, in milliseconds.
   * @param askedMillis what the server asked for; the wait is not shorter, and at random a little longer
   */
  nextMillis(askedMillis = 0): number {
    const { jitter, maxMillis, multiplier, random } = this.#options;
    const luck = random();
    const own = this.#millis * (1 + jitter * (2 * luck - 1));
    this.#millis = Math.min(this.#millis * multiplier, maxMillis);
    return Math.ceil(Math.max(own, askedMillis * (1 + jitter * luck)));
  }
}
