import { type Arena, Group } from '../record/index.ts';
import type { AfterWindow } from './after-window.ts';
import { type Counters, type EvictionCause, type Evictions, noEvictions } from './counters.ts';
import type { HoldingEvents } from './observer.ts';
import { type HoldingBounds, type Keys, SHARED_KEY } from './order.ts';

/** Keys of which it is remembered that they burst. */
const MAX_RECENT = 65_536;
/**
 * What one of them costs: its key, its bucket with the window, its place in two maps. Measured: 500 to 600.
 */
const RECENT_BYTES = 600;

/** What one key holds, and what is known of it. */
export class Bucket extends Group {
  readonly key: string;
  /** Set while the after-window may be open, and permanently when a trace that burst has settled. */
  window: AfterWindow | undefined;
  /** Whether it burst since it came to be. */
  hasBurst = false;
  /** Whether its trace burst and has no open span any more: what comes late is not held again. */
  isSettled = false;
  /** Lost since its last burst. Made when the first one is lost. */
  evicted: Evictions | undefined;

  constructor(key: string) {
    super();
    this.key = key;
  }
}

/**
 * The keys that are known: those that hold something, those that burst lately, and those that lost something.
 */
export class BucketTable<T> {
  readonly #arena: Arena<T>;
  readonly #buckets = new Map<string, Bucket>();
  /** Buckets that burst, in the order of their first burst, with the time of the last. */
  readonly #recent = new Map<Bucket, number>();
  /** The one that was asked for last: records of a trace come together. */
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

  /** Estimated bytes of the keys of which it is remembered that they burst. */
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

  /** All buckets; they may be forgotten while they are walked through. */
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

  /** The one of these that holds the oldest item. At least one holds something. */
  oldest(buckets: readonly Bucket[]): Bucket {
    const filled = buckets.filter(({ count }) => count > 0);
    return filled.reduce((one, other) =>
      this.#arena.firstTime(other) < this.#arena.firstTime(one) ? other : one,
    );
  }

  /** Discards all that a bucket holds. @returns how many items that were */
  discard(bucket: Bucket): number {
    const { count } = bucket;
    if (count === 0) return 0;
    while (bucket.count > 0) this.#arena.dropFirst(bucket);
    this.#counters.discarded += count;
    this.#events.emptied(bucket.key);
    return count;
  }

  /** Evicts the oldest items of a bucket. */
  evict(bucket: Bucket, count: number, cause: EvictionCause): void {
    for (let left = count; left > 0; left -= 1) this.#arena.dropFirst(bucket);
    if (count > 0) this.lose(bucket, cause, count);
  }

  /** Evicts all that a bucket holds. */
  evictAll(bucket: Bucket, cause: EvictionCause): void {
    if (bucket.count === 0) return;
    this.evict(bucket, bucket.count, cause);
    this.#events.emptied(bucket.key);
  }

  /** Evicts what is older than `maxAgeMillis`. */
  evictAged(bucket: Bucket, now: number): void {
    if (bucket.count === 0) return;
    while (bucket.count > 0 && now - this.#arena.firstTime(bucket) > this.#bounds.maxAgeMillis) {
      this.evict(bucket, 1, 'age');
    }
    if (bucket.count === 0) this.#events.emptied(bucket.key);
  }

  /** Counts evicted items, also for the next manifest of the bucket. */
  lose(bucket: Bucket, cause: EvictionCause, count: number): void {
    this.#counters.evicted[cause] += count;
    bucket.evicted ??= noEvictions();
    bucket.evicted[cause] += count;
  }

  /**
   * Evicts what is too old or belongs to a silent key, and forgets keys that burst long ago.
   * @param isOpen whether a key has open spans: then it is not silent
   */
  sweep(now: number, isOpen: (key: string) => boolean): void {
    while (now - this.#arena.oldestTime() > this.#bounds.maxAgeMillis) {
      this.evictAged(this.#arena.oldestGroup() as Bucket, now);
    }
    for (const bucket of this.#buckets.values()) {
      if (isOpen(bucket.key)) continue;
      if (this.#isIdle(bucket, now)) this.evictAll(bucket, 'idle');
      this.#forgetOldBurst(bucket, now);
      this.forgetIfBlank(bucket);
    }
  }

  /** Forgets a bucket about which nothing is to be remembered. */
  forgetIfBlank(bucket: Bucket): void {
    if (bucket.count > 0 || bucket.hasBurst || bucket.index < 0) return;
    this.#buckets.delete(bucket.key);
    if (this.#last === bucket) this.#last = undefined;
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
    this.#last = undefined;
    for (const bucket of this.#buckets.values()) this.#arena.close(bucket);
    this.#buckets.clear();
  }

  /**
   * Whether a bucket has been silent for too long. The shared one belongs to no trace: only age ends what it
   * holds.
   */
  #isIdle(bucket: Bucket, now: number): boolean {
    if (bucket.count === 0 || bucket.key === SHARED_KEY) return false;
    return now - this.#arena.lastTime(bucket) > this.#bounds.idleMillis;
  }

  /** Forgets a burst that is longer ago than `idleMillis` and lets nothing pass any more. */
  #forgetOldBurst(bucket: Bucket, now: number): void {
    const burstAt = this.#recent.get(bucket);
    const isRecent = burstAt === undefined || now - burstAt <= this.#bounds.idleMillis;
    if (!isRecent && !bucket.window?.isOpen(now)) this.#forgetBurst(bucket);
  }

  #forgetBurst(bucket: Bucket): void {
    this.#recent.delete(bucket);
    bucket.hasBurst = false;
    bucket.window = undefined;
  }
}
