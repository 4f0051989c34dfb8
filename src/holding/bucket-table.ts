import { type Arena, Group } from '../record/index.ts';
import type { AfterWindow } from './after-window.ts';
import { type Counters, type EvictionCause, type Evictions, noEvictions } from './counters.ts';
import type { HoldingEvents } from './observer.ts';
import { type HoldingBounds, type Keys, SHARED_KEY } from './order.ts';

/** How many keys with a recent burst are kept. */
const MAX_RECENT = 65_536;
/**
 * Estimated bytes of one of them: its key, its bucket with the window, its entries in two maps. Measured: 500
 * to 600.
 */
const RECENT_BYTES = 600;

/** The held items and the state of one key. */
export class Bucket extends Group {
  readonly key: string;
  /** Set while the after-window may be open, and permanently once a trace with a burst has settled. */
  window: AfterWindow | undefined;
  /** Whether a burst of this key is in the table of recent bursts. */
  hasBurst = false;
  /** Whether the trace had a burst and has no open span: late records are discarded, not held. */
  isSettled = false;
  /** Items evicted since the last burst. Created on the first eviction. */
  evicted: Evictions | undefined;

  constructor(key: string) {
    super();
    this.key = key;
  }
}

/**
 * The table of keys. A key has a bucket while it holds items, while its last burst is recent, or while it has
 * evictions to report in its next manifest.
 */
export class BucketTable<T> {
  readonly #arena: Arena<T>;
  readonly #buckets = new Map<string, Bucket>();
  /** Buckets with a recent burst, in the order of their first burst, with the time of the last one. */
  readonly #recent = new Map<Bucket, number>();
  /** The bucket returned last. Caching it pays off because consecutive records often have the same trace. */
  #last: Bucket | undefined;

  readonly #bounds: HoldingBounds;
  readonly #counters: Counters;

  readonly #events: HoldingEvents;

  constructor(arena: Arena<T>, bounds: HoldingBounds, counters: Counters, events: HoldingEvents) {
    this.#arena = arena;
    this.#bounds = bounds;
    this.#events = events;
    this.#counters = counters;
  }

  get size(): number {
    return this.#buckets.size;
  }

  /** Estimated bytes of the entries of recent bursts. */
  get recentBytes(): number {
    return this.#recent.size * RECENT_BYTES;
  }

  get(key: string): Bucket | undefined {
    if (this.#last?.key === key) return this.#last;
    const found = this.#buckets.get(key);
    if (found !== undefined) this.#last = found;
    return found;
  }

  open(key: string): Bucket {
    const bucket = new Bucket(key);
    this.#arena.open(bucket);
    this.#buckets.set(key, bucket);
    return bucket;
  }

  /** Returns all buckets. Buckets may be removed during the iteration. */
  all(): Iterable<Bucket> {
    return this.#buckets.values();
  }

  of(keys: Keys): Bucket[] {
    if (keys === 'all') return [...this.#buckets.values()];
    if (keys.length === 1) {
      const bucket = this.#buckets.get(keys[0]!);
      return bucket === undefined ? [] : [bucket];
    }
    return [...new Set(keys)].flatMap((key) => this.#buckets.get(key) ?? []);
  }

  /** Returns the bucket that holds the oldest item. At least one of `buckets` must hold an item. */
  oldest(buckets: readonly Bucket[]): Bucket {
    const filled = buckets.filter(({ count }) => count > 0);
    return filled.reduce((one, other) =>
      this.#arena.firstTime(other) < this.#arena.firstTime(one) ? other : one,
    );
  }

  /** Discards all items of a bucket. @returns the number of discarded items */
  discard(bucket: Bucket): number {
    const { count } = bucket;
    if (count === 0) return 0;
    while (bucket.count > 0) this.#arena.dropFirst(bucket);
    this.#counters.discarded += count;
    this.#events.emptied(bucket.key);
    return count;
  }

  /** Evicts the `count` oldest items of a bucket. */
  evict(bucket: Bucket, count: number, cause: EvictionCause): void {
    for (let left = count; left > 0; left -= 1) this.#arena.dropFirst(bucket);
    if (count > 0) this.countEvicted(bucket, cause, count);
  }

  /** Evicts all items of a bucket. */
  evictAll(bucket: Bucket, cause: EvictionCause): void {
    if (bucket.count === 0) return;
    this.evict(bucket, bucket.count, cause);
    this.#events.emptied(bucket.key);
  }

  /** Evicts the items of a bucket that are older than `maxAgeMillis`. */
  evictAged(bucket: Bucket, now: number): void {
    if (bucket.count === 0) return;
    while (bucket.count > 0 && now - this.#arena.firstTime(bucket) > this.#bounds.maxAgeMillis) {
      this.evict(bucket, 1, 'age');
    }
    if (bucket.count === 0) this.#events.emptied(bucket.key);
  }

  /** Counts evicted items, in total and for the next manifest of the bucket. */
  countEvicted(bucket: Bucket, cause: EvictionCause, count: number): void {
    this.#counters.evicted[cause] += count;
    bucket.evicted ??= noEvictions();
    bucket.evicted[cause] += count;
  }

  /**
   * Evicts expired items and the items of idle keys, and removes keys whose last burst is no longer recent.
   * @param isOpen whether a key has open spans; such a key is not idle
   */
  sweep(now: number, isOpen: (key: string) => boolean): void {
    while (now - this.#arena.oldestTime() > this.#bounds.maxAgeMillis) {
      this.evictAged(this.#arena.oldestGroup() as Bucket, now);
    }
    for (const bucket of this.#buckets.values()) {
      if (isOpen(bucket.key)) continue;
      if (this.#isIdle(bucket, now)) this.evictAll(bucket, 'idle');
      this.#expireBurst(bucket, now);
      this.removeIfUnused(bucket);
    }
  }

  /** Removes a bucket that holds no item and has no recent burst. */
  removeIfUnused(bucket: Bucket): void {
    if (bucket.count > 0 || bucket.hasBurst || bucket.index < 0) return;
    this.#buckets.delete(bucket.key);
    if (this.#last === bucket) this.#last = undefined;
    this.#arena.close(bucket);
  }

  /** Records a burst of a bucket. If the table of recent bursts is full, the first entry is removed. */
  noteBurst(bucket: Bucket, now: number): void {
    bucket.hasBurst = true;
    this.#recent.set(bucket, now);
    if (this.#recent.size > MAX_RECENT) this.removeFirstBurst();
  }

  /** Removes the first entry of the table of recent bursts. @returns false if the table is empty */
  removeFirstBurst(): boolean {
    const [first] = this.#recent.keys();
    if (first === undefined) return false;
    this.#removeBurst(first);
    this.removeIfUnused(first);
    return true;
  }

  /** Removes all buckets. They must be empty. */
  clear(): void {
    this.#recent.clear();
    this.#last = undefined;
    for (const bucket of this.#buckets.values()) this.#arena.close(bucket);
    this.#buckets.clear();
  }

  /**
   * Whether a bucket has received no item for `idleMillis`. The shared bucket belongs to no trace, so its
   * items expire only by age.
   */
  #isIdle(bucket: Bucket, now: number): boolean {
    if (bucket.count === 0 || bucket.key === SHARED_KEY) return false;
    return now - this.#arena.lastTime(bucket) > this.#bounds.idleMillis;
  }

  /** Removes the burst entry of a bucket if it is older than `idleMillis` and its after-window is closed. */
  #expireBurst(bucket: Bucket, now: number): void {
    const burstAt = this.#recent.get(bucket);
    const isRecent = burstAt === undefined || now - burstAt <= this.#bounds.idleMillis;
    if (!isRecent && !bucket.window?.isOpen(now)) this.#removeBurst(bucket);
  }

  #removeBurst(bucket: Bucket): void {
    this.#recent.delete(bucket);
    bucket.hasBurst = false;
    bucket.window = undefined;
  }
}
