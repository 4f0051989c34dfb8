/** Maximum number of key values with separate limits; further ones share one limit. */
const MAX_KEYS = 10_000;

interface Bucket {
  tokens: number;
  atMillis: number;
}

/**
 * A token bucket for each value of a key. The caller passes the time, so decisions on the same entries are
 * deterministic. If more than 10,000 values were used recently, further ones share a bucket.
 */
export class KeyLimit {
  readonly #records: number;
  readonly #perMillis: number;
  readonly #buckets = new Map<string, Bucket>();
  readonly #shared: Bucket;
  #sweptMillis = Number.NEGATIVE_INFINITY;

  constructor(records: number, perMillis: number) {
    this.#records = records;
    this.#perMillis = perMillis;
    this.#shared = { tokens: records, atMillis: 0 };
  }

  /** @returns whether one more record of this key is within the limit */
  take(key: string, nowMillis: number): boolean {
    const bucket = this.#bucketOf(key, nowMillis);
    const passed = Math.max(0, nowMillis - bucket.atMillis);
    bucket.tokens = Math.min(this.#records, bucket.tokens + (passed * this.#records) / this.#perMillis);
    // Also set backwards: otherwise a clock that was temporarily ahead would stop the refill until it reaches
    // that time again.
    bucket.atMillis = nowMillis;
    if (bucket.tokens < 1) return false;
    bucket.tokens -= 1;
    return true;
  }

  #bucketOf(key: string, nowMillis: number): Bucket {
    const found = this.#buckets.get(key);
    if (found !== undefined) return found;
    if (this.#buckets.size >= MAX_KEYS) this.#sweep(nowMillis);
    if (this.#buckets.size >= MAX_KEYS) return this.#shared;
    const bucket = { tokens: this.#records, atMillis: nowMillis };
    this.#buckets.set(key, bucket);
    return bucket;
  }

  /**
   * Removes buckets that are full again, which are equivalent to unused ones. A sweep is expensive, so it is
   * rare.
   */
  #sweep(nowMillis: number): void {
    if (Math.abs(nowMillis - this.#sweptMillis) < this.#perMillis) return;
    this.#sweptMillis = nowMillis;
    for (const [key, { atMillis }] of this.#buckets) {
      if (Math.abs(nowMillis - atMillis) >= this.#perMillis) this.#buckets.delete(key);
    }
  }
}
