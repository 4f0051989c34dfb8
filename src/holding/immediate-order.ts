import type { Context } from '@opentelemetry/api';
import { Arena } from '../record/index.ts';
import { AfterWindow } from './after-window.ts';
import { type Bucket, BucketTable } from './bucket-table.ts';
import {
  Burst,
  type BurstAttributes,
  type BurstOutcome,
  needsRecords,
  passedAttributes,
  type Trigger,
  triggerAttributes,
} from './burst.ts';
import type { EvictionCause } from './counters.ts';
import { ExpirySweep } from './expiry-sweep.ts';
import type { HeldItems } from './observer.ts';
import type { HoldingBounds, Keys, Order, OrderParts } from './order.ts';
import { PendingReleases } from './pending-releases.ts';

const NO_BURST: BurstOutcome<never> = { burst: undefined, repeat: undefined };
/** Up to this number of keys, empty buckets are kept for their eviction counts. */
const MANY_KEYS = 16_384;

/**
 * Loud records are sent at once; quiet ones are held by key and sent on a burst of their key. A released
 * record keeps its own time and carries a sequence number, because it arrives after later loud records.
 *
 * - **Full**: a key with more than `capacity` records evicts its oldest ones.
 * - **Stops**: `shutdown()` sends what was released and evicts what is held.
 */
export class ImmediateOrder<T> implements Order<T> {
  readonly #parts: OrderParts<T>;
  readonly #bounds: HoldingBounds;
  readonly #arena: Arena<T>;
  readonly #buckets: BucketTable<T>;
  readonly #capacity: number;
  readonly #keep: number;
  readonly #maxRecordBytes: number;
  readonly #releases: PendingReleases<T>;
  readonly #sweep: ExpirySweep;

  constructor(parts: OrderParts<T>) {
    this.#parts = parts;
    this.#bounds = parts.bounds;
    this.#arena = new Arena((item) => parts.target.items.dropped(item));
    this.#buckets = new BucketTable(this.#arena, parts.bounds, parts.counters, parts.events);
    this.#releases = new PendingReleases(this.#arena, parts.replay);
    this.#capacity = parts.bounds.capacity;
    this.#keep = Math.max(1, Math.floor(parts.bounds.capacity * parts.bounds.threshold));
    this.#maxRecordBytes = parts.bounds.maxRecordBytes;
    const { maxAgeMillis, idleMillis } = parts.bounds;
    // The sweep also removes empty buckets, so it is needed even if no age is bounded.
    const sweptAfterMillis = Math.min(maxAgeMillis, idleMillis, Number.MAX_SAFE_INTEGER);
    this.#sweep = new ExpirySweep(parts.clock, sweptAfterMillis, (now) => this.#sweepExpired(now));
  }

  /** The held items, for an observer. */
  protected items(): HeldItems<T> {
    return {
      eachNew: (visit) =>
        this.#arena.visitNew((item, bucket, cameAt) => visit(item, (bucket as Bucket).key, cameAt)),
      eachUnknown: (keys, visit) => {
        for (const bucket of this.#buckets.of(keys)) {
          this.#arena.visitUnknown(bucket, (item, cameAt) => visit(item, bucket.key, cameAt));
        }
      },
    };
  }

  get heldBytes(): number {
    return this.#arena.bytes;
  }

  get keyBytes(): number {
    return this.#buckets.recentBytes;
  }

  get quietCount(): number {
    return this.#arena.count - this.#releases.count;
  }

  get releasingCount(): number {
    return this.#releases.count;
  }

  get loudCount(): number {
    return 0;
  }

  get keyCount(): number {
    return this.#buckets.size;
  }

  hold(key: string, item: T, size: number, now: number): void {
    const bucket = this.#buckets.get(key) ?? this.#open(key);
    if (bucket.window !== undefined && this.#passes(bucket, item, size, now)) return;
    this.#parts.counters.held += 1;
    if (size > this.#maxRecordBytes) return this.#buckets.countEvicted(bucket, 'size', 1);
    this.#arena.add(bucket, item, size, now);
    if (bucket.count > this.#capacity) this.#buckets.evict(bucket, bucket.count - this.#keep, 'capacity');
  }

  evictOversized(key: string): void {
    this.#parts.counters.held += 1;
    this.#buckets.countEvicted(this.#buckets.get(key) ?? this.#open(key), 'size', 1);
  }

  pass(item: T, size: number, now: number, context: Context | undefined): void {
    this.#parts.counters.live += 1;
    this.#parts.target.send(item, size, undefined, context, now);
  }

  trigger(key: string, item: T, size: number, trigger: Trigger, now: number, context: Context): void {
    const { counters, target } = this.#parts;
    const bucket = this.#buckets.get(key) ?? this.#open(key);
    // Work can continue after the last span of its trace has ended.
    bucket.isSettled = false;
    let added: BurstAttributes;
    if (bucket.window?.isOpen(now)) {
      counters.joined += 1;
      added = triggerAttributes(trigger, bucket.window.burstId);
    } else {
      const { burst, repeat } = this.#begin([bucket], trigger, now);
      added = triggerAttributes(trigger, burst?.id, repeat);
    }
    // The trigger is sent before the records it releases, because the replay starts in a later turn.
    counters.live += 1;
    target.send(item, size, added, context, now);
    target.wake();
  }

  burst(keys: Keys, trigger: Trigger, now: number): Burst<T> | undefined {
    if (keys === 'all') this.#releases.finish();
    const { burst } = this.#begin(this.#bucketsToBurst(keys, trigger, now), trigger, now);
    this.#parts.target.wake();
    return burst;
  }

  discard(keys: Keys): number {
    let count = 0;
    for (const bucket of this.#buckets.of(keys)) {
      count += this.#buckets.discard(bucket);
      this.#buckets.removeIfUnused(bucket);
    }
    this.#arena.shrinkIfEmpty();
    return count;
  }

  settle(key: string, now: number): void {
    const bucket = this.#buckets.get(key);
    if (bucket === undefined) return;
    this.#buckets.discard(bucket);
    if (bucket.hasBurst) {
      bucket.isSettled = true;
      bucket.window ??= closedWindow(now);
    } else {
      this.#buckets.removeIfUnused(bucket);
    }
  }

  reopen(key: string): void {
    const bucket = this.#buckets.get(key);
    if (bucket !== undefined) bucket.isSettled = false;
  }

  removeOldestBurst(): boolean {
    return this.#buckets.removeFirstBurst();
  }

  evictOldest(): boolean {
    // Released items that are still in the arena must not be evicted before held ones.
    this.#releases.finish();
    const bucket = this.#arena.oldestGroup() as Bucket | undefined;
    if (bucket === undefined) return false;
    this.#arena.dropFirst(bucket);
    this.#buckets.countEvicted(bucket, 'bytes', 1);
    if (bucket.count === 0) this.#parts.events.emptied(bucket.key);
    if (bucket.count === 0 && this.#buckets.size > MANY_KEYS) this.#buckets.removeIfUnused(bucket);
    return true;
  }

  /** Resolves when all released items are in the replay. This order never holds loud records. */
  releaseLoud(): Promise<void> {
    return this.#releases.finished();
  }

  shutdown(): void {
    this.#sweep.end();
    this.#releases.finish();
    for (const bucket of this.#buckets.all()) this.#buckets.evictAll(bucket, 'shutdown');
    this.#buckets.clear();
    this.#arena.shrinkIfEmpty();
  }

  #open(key: string): Bucket {
    this.#sweep.arm();
    return this.#buckets.open(key);
  }

  /**
   * Passes an item in the after-window, or discards it if its trace has settled.
   * @returns false to hold it
   */
  #passes(bucket: Bucket, item: T, size: number, now: number): boolean {
    const { counters, limit, target } = this.#parts;
    const window = bucket.window!;
    if (window.isOpen(now)) {
      if (!limit.pass(window.isNew, now)) {
        counters.held += 1;
        this.#buckets.countEvicted(bucket, 'limit', 1);
        return true;
      }
      window.count();
      counters.passed += 1;
      target.send(item, size, passedAttributes(window.burstId), undefined, now);
      return true;
    }
    if (bucket.isSettled) {
      counters.held += 1;
      counters.discarded += 1;
      return true;
    }
    bucket.window = undefined;
    return false;
  }

  /**
   * Starts a burst and opens the after-windows if the limit admits it. Otherwise the items of the buckets are
   * evicted.
   */
  #begin(buckets: readonly Bucket[], trigger: Trigger, now: number): BurstOutcome<T> {
    if (buckets.length === 0) return NO_BURST;
    const { counters, limit, newBurstId, target } = this.#parts;
    let count = 0;
    for (const bucket of buckets) {
      this.#buckets.evictAged(bucket, now);
      count += bucket.count;
    }
    const admission = limit.admit(trigger.fingerprint, count, now);
    let burst: Burst<T> | undefined;
    if (count > 0) {
      const origin = target.items.originOf(this.#arena.first(this.#buckets.oldest(buckets)));
      if (!admission.isAdmitted) {
        for (const bucket of buckets) this.#buckets.evictAll(bucket, 'limit');
        return { burst: undefined, repeat: limit.noteLimited(admission, count, origin) };
      }
      burst = new Burst<T>(newBurstId(), trigger, origin, count);
      admission.recurrence?.noteBurst(burst.id, now);
      counters.bursts += 1;
      this.#release(buckets, burst);
    }
    for (const bucket of buckets) this.#openWindow(bucket, burst, admission.isNew, now);
    return { burst, repeat: undefined };
  }

  #release(buckets: readonly Bucket[], burst: Burst<T>): void {
    const { counters, events } = this.#parts;
    for (const bucket of buckets) {
      if (bucket.count > 0) events.released(bucket.key, bucket.count);
      if (bucket.evicted === undefined) continue;
      for (const cause of Object.keys(bucket.evicted) as EvictionCause[]) {
        burst.evicted[cause] += bucket.evicted[cause];
      }
      bucket.evicted = undefined;
    }
    counters.released += burst.released;
    if (buckets.length === 1) this.#releases.add(buckets[0]!, burst);
    else this.#releases.addAll(buckets, burst);
  }

  #openWindow(bucket: Bucket, burst: Burst<T> | undefined, isNew: boolean, now: number): void {
    bucket.window = new AfterWindow(burst?.id, this.#bounds.after, isNew, now);
    this.#buckets.noteBurst(bucket, now);
  }

  /** Returns the buckets to burst. Keys with an open after-window hold nothing and join their open burst. */
  #bucketsToBurst(keys: Keys, trigger: Trigger, now: number): Bucket[] {
    // A span trigger opens an after-window even if nothing is held. A manual call only releases held items.
    if (keys !== 'all' && !needsRecords(trigger.cause)) {
      for (const key of keys) if (!this.#buckets.get(key)) this.#open(key);
    }
    return this.#buckets.of(keys).filter((bucket) => {
      if (bucket.window?.isOpen(now)) {
        this.#parts.counters.joined += 1;
        return false;
      }
      return bucket.count > 0 || !needsRecords(trigger.cause);
    });
  }

  /** Evicts expired items and removes idle keys. @returns whether any key remains */
  #sweepExpired(now: number): boolean {
    this.#releases.finish();
    this.#buckets.sweep(now, this.#parts.isOpen);
    this.#arena.shrinkIfEmpty();
    return this.#buckets.size > 0;
  }
}

function closedWindow(now: number): AfterWindow {
  return new AfterWindow(undefined, { records: 0, millis: 0 }, false, now);
}
