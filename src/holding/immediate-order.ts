import type { Context } from '@opentelemetry/api';
import { Arena } from '../record/index.ts';
import { AfterWindow } from './after-window.ts';
import { type Bucket, BucketTable } from './bucket-table.ts';
import {
  type Beginning,
  Burst,
  type BurstAttributes,
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

const NOTHING: Beginning<never> = { burst: undefined, repeat: undefined };
/** Empty buckets are kept, for what they know of losses, until so many keys are there. */
const MANY_KEYS = 16_384;

/**
 * Loud records leave at once; quiet ones are held by key and leave when their key bursts. What is released
 * carries its own time and a sequence number, since it arrives after the loud ones that came later.
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
    // Buckets are swept as well, whatever their records: so there is always something that becomes too old.
    const oldMillis = Math.min(maxAgeMillis, idleMillis, Number.MAX_SAFE_INTEGER);
    this.#sweep = new ExpirySweep(parts.clock, oldMillis, (now) => this.#look(now));
  }

  /** What is held, for an observer. */
  protected items(): HeldItems<T> {
    return {
      eachNew: (see) =>
        this.#arena.visitNew((item, bucket, cameAt) => see(item, (bucket as Bucket).key, cameAt)),
      eachUnknown: (keys, see) => {
        for (const bucket of this.#buckets.of(keys)) {
          this.#arena.visitUnknown(bucket, (item, cameAt) => see(item, bucket.key, cameAt));
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
    if (size > this.#maxRecordBytes) return this.#buckets.lose(bucket, 'size', 1);
    this.#arena.add(bucket, item, size, now);
    if (bucket.count > this.#capacity) this.#buckets.evict(bucket, bucket.count - this.#keep, 'capacity');
  }

  evictOversized(key: string): void {
    this.#parts.counters.held += 1;
    this.#buckets.lose(this.#buckets.get(key) ?? this.#open(key), 'size', 1);
  }

  pass(item: T, size: number, now: number, context: Context | undefined): void {
    this.#parts.counters.live += 1;
    this.#parts.target.send(item, size, undefined, context, now);
  }

  trigger(key: string, item: T, size: number, trigger: Trigger, now: number, context: Context): void {
    const { counters, target } = this.#parts;
    const bucket = this.#buckets.get(key) ?? this.#open(key);
    // Work can outlive the spans of its trace.
    bucket.isSettled = false;
    let added: BurstAttributes;
    if (bucket.window?.isOpen(now)) {
      counters.joined += 1;
      added = triggerAttributes(trigger, bucket.window.burstId);
    } else {
      const { burst, repeat } = this.#begin([bucket], trigger, now);
      added = triggerAttributes(trigger, burst?.id, repeat);
    }
    // The trigger leaves first, since a replay begins in a later turn: it must not wait behind what it
    // released.
    counters.live += 1;
    target.send(item, size, added, context, now);
    target.wake();
  }

  burst(keys: Keys, trigger: Trigger, now: number): Burst<T> | undefined {
    if (keys === 'all') this.#releases.finish();
    const { burst } = this.#begin(this.#toBurst(keys, trigger, now), trigger, now);
    this.#parts.target.wake();
    return burst;
  }

  discard(keys: Keys): number {
    let count = 0;
    for (const bucket of this.#buckets.of(keys)) {
      count += this.#buckets.discard(bucket);
      this.#buckets.forgetIfBlank(bucket);
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
      this.#buckets.forgetIfBlank(bucket);
    }
  }

  reopen(key: string): void {
    const bucket = this.#buckets.get(key);
    if (bucket !== undefined) bucket.isSettled = false;
  }

  forgetOldestKey(): boolean {
    return this.#buckets.forgetFirstBurst();
  }

  evictOldest(): boolean {
    // What is released is no longer held, and must not go before what is.
    this.#releases.finish();
    const bucket = this.#arena.oldestGroup() as Bucket | undefined;
    if (bucket === undefined) return false;
    this.#arena.dropFirst(bucket);
    this.#buckets.lose(bucket, 'bytes', 1);
    if (bucket.count === 0) this.#parts.events.emptied(bucket.key);
    if (bucket.count === 0 && this.#buckets.size > MANY_KEYS) this.#buckets.forgetIfBlank(bucket);
    return true;
  }

  /** Loud records are never held in this order; what bursts have released moves on. */
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

  /** Whether an item passes in the after-window, or is discarded because its trace is over. */
  #passes(bucket: Bucket, item: T, size: number, now: number): boolean {
    const { counters, limit, target } = this.#parts;
    const window = bucket.window!;
    if (window.isOpen(now)) {
      if (!limit.pass(window.isNew, now)) {
        counters.held += 1;
        this.#buckets.lose(bucket, 'limit', 1);
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
   * A burst begins and the after-windows open, if the limit admits it; else all that it would release is
   * evicted.
   */
  #begin(buckets: readonly Bucket[], trigger: Trigger, now: number): Beginning<T> {
    if (buckets.length === 0) return NOTHING;
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
    for (const bucket of buckets) this.#opensWindow(bucket, burst, admission.isNew, now);
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

  #opensWindow(bucket: Bucket, burst: Burst<T> | undefined, isNew: boolean, now: number): void {
    bucket.window = new AfterWindow(burst?.id, this.#bounds.after, isNew, now);
    this.#buckets.noteBurst(bucket, now);
  }

  /** Those of the keys whose after-window is not open: there nothing is held, and the burst is joined. */
  #toBurst(keys: Keys, trigger: Trigger, now: number): Bucket[] {
    // A span decides about its trace even when nothing is held; a manual call only of what it releases.
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

  /** Evicts what is too old, and forgets keys that have been silent for too long. */
  #look(now: number): boolean {
    this.#releases.finish();
    this.#buckets.sweep(now, this.#parts.isOpen);
    this.#arena.shrinkIfEmpty();
    return this.#buckets.size > 0;
  }
}

function closedWindow(now: number): AfterWindow {
  return new AfterWindow(undefined, { records: 0, millis: 0 }, false, now);
}
