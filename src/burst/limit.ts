/**
 * A token bucket over released and passed quiet records: `records` at once, refilled evenly over `millis`.
 * It keeps an error storm from turning into a bill.
 */
export class Limit {
  readonly #records: number;
  readonly #millis: number;
  #tokens: number;
  #filledAt: number;

  constructor(records: number, millis: number, now: number) {
    this.#records = records;
    this.#millis = millis;
    this.#tokens = records;
    this.#filledAt = now;
  }

  /** Takes up to `wanted` tokens. @returns how many there were */
  take(wanted: number, now: number): number {
    // A clock that was set back gives nothing, and takes nothing away.
    const passed = Math.max(0, now - this.#filledAt);
    this.#tokens = Math.min(this.#records, this.#tokens + (passed * this.#records) / this.#millis);
    this.#filledAt = now;
    const taken = Math.min(wanted, Math.floor(this.#tokens));
    this.#tokens -= taken;
    return taken;
  }
}
