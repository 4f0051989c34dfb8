/** The options of {@link Backoff}. */
export interface BackoffOptions {
  /** The first wait, in milliseconds, before jitter. */
  readonly initialMillis: number;
  /** The longest wait, in milliseconds, before jitter. */
  readonly maxMillis: number;
  /** The factor by which each wait is longer than the previous one, from 1. */
  readonly multiplier: number;
  /** The random part of a wait, 0 to 1, so that the clients of a server do not retry at the same time. */
  readonly jitter: number;
  /** Returns random numbers from 0 to 1. */
  readonly random: () => number;
}

/** Exponential back-off with jitter. A wait is never shorter than the server requested. */
export class Backoff {
  readonly #options: BackoffOptions;
  #millis: number;

  constructor(options: BackoffOptions) {
    this.#options = options;
    this.#millis = options.initialMillis;
  }

  /** Resets the next wait to the first one. Called when an attempt succeeded. */
  reset(): void {
    this.#millis = this.#options.initialMillis;
  }

  /**
   * Returns the next wait in milliseconds.
   * @param requestedMillis the wait requested by the server; the returned wait is at least that long
   */
  nextMillis(requestedMillis = 0): number {
    const { jitter, maxMillis, multiplier, random } = this.#options;
    const fraction = random();
    const own = this.#millis * (1 + jitter * (2 * fraction - 1));
    this.#millis = Math.min(this.#millis * multiplier, maxMillis);
    return Math.ceil(Math.max(own, requestedMillis * (1 + jitter * fraction)));
  }
}
