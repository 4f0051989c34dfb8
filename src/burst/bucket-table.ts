import type { Arena } from '../record/index.ts';
import { Bucket } from './bucket.ts';
import type { Keys } from './order.ts';

/** Keys of which it is remembered that they burst. */
const MAX_RECENT = 65_536;
/** What one of them costs: its key, its bucket with the window, its place in two maps. Measured: 500 to 600. */
const RECENT_BYTES = 600;

/** The keys that are known: those that hold something, those that burst lately, and those that lost something. */
export class BucketTable<T> {
  readonly #arena: Arena<T>;
  readonly #buckets = new Map<string, Bucket>();
  /** Buckets that burst, in the order of their first burst, with the time of the last. */
  readonly #recent = new Map<Bucket, number>();

  constructor(arena: Arena<T>) {
    this.#arena = arena;
  }

  get size(): number {
    return this.#buckets.size;
  }

  /** Estimated bytes of the keys of which it is remembered that they burst. */
  get recentBytes(): number {
    return this.#recent.size * RECENT_BYTES;
  }

  get(key: string): Bucket | undefined {
    return this.#buckets.get(key);
  }

  open(key: string): Bucket {
    const bucket = new Bucket(key);
    this.#arena.open(bucket);
    this.#buckets.set(key, bucket);
    return bucket;
  }

  /** All buckets; they may be forgotten while they are walked through. */
  all(): Iterable<Bucket> {
    return this.#buckets.values();
  }

  of(keys: Keys): Bucket[] {
    if (keys === 'all') return [...this.#buckets.values()];
    return [...new Set(keys)].flatMap((key) => this.#buckets.get(key) ?? []);
  }

  /** Forgets a bucket about which nothing is to be remembered. */
  forgetIfBlank(bucket: Bucket): void {
    if (bucket.count > 0 || bucket.hasBurst || bucket.index < 0) return;
    this.#buckets.delete(bucket.key);
    this.#arena.close(bucket);
  }

  /** Remembers that a bucket burst; when too many did, forgets the first of them. */
  noteBurst(bucket: Bucket, now: number): void {
    bucket.hasBurst = true;
    this.#recent.set(bucket, now);
    if (this.#recent.size > MAX_RECENT) this.forgetFirstBurst();
  }

  /** Forgets the burst of the key that burst first. @returns false if none is remembered */
  forgetFirstBurst(): boolean {
    const [first] = this.#recent.keys();
    if (first === undefined) return false;
    this.#forgetBurst(first);
    this.forgetIfBlank(first);
    return true;
  }

  /** Forgets everything. The buckets hold nothing any more. */
  clear(): void {
    this.#recent.clear();
    for (const bucket of this.#buckets.values()) this.#arena.close(bucket);
    this.#buckets.clear();
  }

  /** Forgets a burst that is longer ago than `millis` and lets nothing pass any more. */
  forgetOldBurst(bucket: Bucket, millis: number, now: number): void {
    const burstAt = this.#recent.get(bucket);
    if (burstAt === undefined || now - burstAt <= millis || bucket.window?.isOpen(now)) return;
    this.#forgetBurst(bucket);
  }

  #forgetBurst(bucket: Bucket): void {
    this.#recent.delete(bucket);
    bucket.hasBurst = false;
    bucket.isSettled = false;
    bucket.window = undefined;
  }
}
