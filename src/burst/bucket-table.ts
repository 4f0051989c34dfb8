import type { Arena } from '../record/index.ts';
import { Bucket } from './bucket.ts';
import type { Keys } from './order.ts';

/** Traces of which it is remembered that they burst. */
const MAX_RECENT = 65_536;

/** The keys that are known: those that hold something, those that burst lately, and those that lost something. */
export class BucketTable<T> {
  readonly #arena: Arena<T>;
  readonly #buckets = new Map<string, Bucket<T>>();
  /** Buckets that burst, in the order of their first burst, with the time of the last. */
  readonly #recent = new Map<Bucket<T>, number>();

  constructor(arena: Arena<T>) {
    this.#arena = arena;
  }

  get size(): number {
    return this.#buckets.size;
  }

  get(key: string): Bucket<T> | undefined {
    return this.#buckets.get(key);
  }

  open(key: string): Bucket<T> {
    const bucket = new Bucket<T>(key);
    this.#arena.open(bucket);
    this.#buckets.set(key, bucket);
    return bucket;
  }

  /** All buckets; they may be forgotten while they are walked through. */
  all(): Iterable<Bucket<T>> {
    return this.#buckets.values();
  }

  of(keys: Keys): Bucket<T>[] {
    if (keys === 'all') return [...this.#buckets.values()];
    return [...new Set(keys)].flatMap((key) => this.#buckets.get(key) ?? []);
  }

  /** Forgets a bucket about which nothing is to be remembered. */
  forgetIfBlank(bucket: Bucket<T>): void {
    if (bucket.count > 0 || bucket.hasBurst || bucket.index < 0) return;
    this.#buckets.delete(bucket.key);
    this.#arena.close(bucket);
  }

  /** Remembers that a bucket burst; when too many did, forgets it of the first. */
  noteBurst(bucket: Bucket<T>, now: number): void {
    bucket.hasBurst = true;
    this.#recent.set(bucket, now);
    if (this.#recent.size <= MAX_RECENT) return;
    const [first] = this.#recent.keys();
    if (first === undefined) return;
    this.#forgetBurst(first);
    this.forgetIfBlank(first);
  }

  /** Forgets a burst that is longer ago than `millis` and lets nothing pass any more. */
  forgetOldBurst(bucket: Bucket<T>, millis: number, now: number): void {
    const burstAt = this.#recent.get(bucket);
    if (burstAt === undefined || now - burstAt <= millis || bucket.window?.isOpen(now)) return;
    this.#forgetBurst(bucket);
  }

  #forgetBurst(bucket: Bucket<T>): void {
    this.#recent.delete(bucket);
    bucket.hasBurst = false;
    bucket.isSettled = false;
    bucket.window = undefined;
  }
}
