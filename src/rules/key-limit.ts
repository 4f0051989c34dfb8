/** So many values of a key have a limit of their own; the others share one. */
const MAX_KEYS = 10_000;

interface Bucket {
  tokens: number;
  atMillis: number;
}

/**
 * A token bucket for each value of a key. Time is what the caller says, so that the same entries always meet the same
 * decisions. Beyond 10,000 values that have been used lately, further ones share a bucket.
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
    // Also backwards: a clock that was ahead for a while does not stop the refill until then.
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

  /** A bucket that is full again is like one that was never used. Each sweep costs its time, so they are rare. */
  #sweep(nowMillis: number): void {
    if (Math.abs(nowMillis - this.#sweptMillis) < this.#perMillis) return;
    this.#sweptMillis = nowMillis;
    for (const [key, { atMillis }] of this.#buckets) {
      if (Math.abs(nowMillis - atMillis) >= this.#perMillis) this.#buckets.delete(key);
    }
  }
}
