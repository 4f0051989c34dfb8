/** A token bucket of at most `size` tokens. It starts full and refills evenly within `millis`. */
export class TokenBucket {
  readonly #size: number;
  readonly #millis: number;
  #tokens: number;
  #filledAt: number;

  constructor(size: number, millis: number, now: number) {
    this.#size = size;
    this.#millis = millis;
    this.#tokens = size;
    this.#filledAt = now;
  }

  /**
   * Takes `wanted` tokens, or none if fewer than `kept` would remain.
   * @returns whether the tokens were taken
   */
  take(wanted: number, kept: number, now: number): boolean {
    this.#tokens = Math.min(this.#size, this.#tokens + ((now - this.#filledAt) * this.#size) / this.#millis);
    this.#filledAt = now;
    if (this.#tokens - wanted < kept) return false;
    this.#tokens -= wanted;
    return true;
  }
}
