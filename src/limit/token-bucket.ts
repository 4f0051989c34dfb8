/** A token bucket: `size` tokens at once, refilled evenly over `millis`. It never holds more than `size`. */
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
   * Takes all of `wanted` tokens, or none if fewer than `kept` would remain. @returns whether they were taken
   */
  take(wanted: number, kept: number, now: number): boolean {
    this.#tokens = Math.min(this.#size, this.#tokens + ((now - this.#filledAt) * this.#size) / this.#millis);
    this.#filledAt = now;
    if (this.#tokens - wanted < kept) return false;
    this.#tokens -= wanted;
    return true;
  }
}
