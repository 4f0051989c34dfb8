import type { Context } from '@opentelemetry/api';
import { Arena } from '../record/index.ts';
import type { EvictionCause } from './accounts.ts';
import type { Bucket } from './bucket.ts';
import { BucketTable } from './bucket-table.ts';
import { type Beginning, Burst, type Mark, passMark, type Trigger, triggerMark } from './burst.ts';
import { type Keys, type Order, type OrderParts, type OrderSettings, SHARED_KEY } from './order.ts';
import { Releases } from './releases.ts';
import { Sweep } from './sweep.ts';
import { Window } from './window.ts';

const NOTHING: Beginning<never> = { burst: undefined, repeat: undefined };
/** Empty buckets are kept, for what they know of losses, until so many keys are there. */
const MANY_KEYS = 16_384;

/**
 * Loud records leave at once; quiet ones are held by key and leave when their key bursts. What is released
 * carries its own time and a sequence number, since it arrives after the loud ones that came later.
 */
export class ImmediateOrder<T> implements Order<T> {
  readonly #parts: OrderParts<T>;
  readonly #settings: OrderSettings;
  readonly #arena = new Arena<T>();
  readonly #buckets = new BucketTable<T>(this.#arena);
  readonly #capacity: number;
  readonly #keep: number;
  readonly #maxRecordBytes: number;
  readonly #releases: Releases<T>;
  readonly #sweep: Sweep;

  constructor(parts: OrderParts<T>) {
    this.#parts = parts;
    this.#settings = parts.settings;
    this.#releases = new Releases(this.#arena, parts.replay);
    this.#capacity = parts.settings.capacity;
    this.#keep = Math.max(1, Math.floor(parts.settings.capacity * parts.settings.threshold));
    this.#maxRecordBytes = parts.settings.maxRecordBytes;
    const { maxAgeMillis, idleMillis } = parts.settings;
    // Buckets are swept as well, whatever their records: so there is always something that becomes too old.
    const oldMillis = Math.min(maxAgeMillis, idleMillis, Number.MAX_SAFE_INTEGER);
    this.#sweep = new Sweep(parts.clock, oldMillis, (now) => this.#look(now));
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

  quiet(key: string, item: T, size: number, now: number): void {
    const bucket = this.#buckets.get(key) ?? this.#open(key);
    if (bucket.window !== undefined && this.#passes(bucket, item, size, now)) return;
    this.#parts.accounts.held += 1;
    if (size > this.#maxRecordBytes) return this.#lose(bucket, 'size', 1);
    this.#arena.add(bucket, item, size, now);
    if (bucket.count > this.#capacity) this.#trim(bucket);
  }

  tooBig(key: string): void {
    this.#parts.accounts.held += 1;
    this.#lose(this.#buckets.get(key) ?? this.#open(key), 'size', 1);
  }

  loud(item: T, size: number, _now: number, context: Context | undefined): void {
    this.#parts.accounts.live += 1;
    this.#parts.outlet.send(item, size, undefined, context);
  }

  trigger(key: string, item: T, size: number, trigger: Trigger, now: number, context: Context): void {
    const { accounts, outlet } = this.#parts;
    const bucket = this.#buckets.get(key) ?? this.#open(key);
    // Work can outlive the spans of its trace.
    bucket.isSettled = false;
    let mark: Mark;
    if (bucket.window?.isOpen(now)) {
      accounts.joined += 1;
      mark = triggerMark(trigger, bucket.window.burstId);
    } else {
      const { burst, repeat } = this.#begin([bucket], trigger, now);
      mark = triggerMark(trigger, burst?.id, repeat);
    }
    // The trigger leaves first, since a replay begins in a later turn: it must not wait behind what it released.
    accounts.live += 1;
    outlet.send(item, size, mark, context);
    outlet.wake();
  }

  burst(keys: Keys, trigger: Trigger, now: number): Burst<T> | undefined {
    if (keys === 'all') this.#releases.finish();
    const { burst } = this.#begin(this.#toBurst(keys, trigger, now), trigger, now);
    this.#parts.outlet.wake();
    return burst;
  }

  discard(keys: Keys): number {
    let count = 0;
    for (const bucket of this.#buckets.of(keys)) {
      count += this.#discardAll(bucket);
      this.#buckets.forgetIfBlank(bucket);
    }
    this.#arena.shrinkIfEmpty();
    return count;
  }

  settle(key: string, now: number): void {
    const bucket = this.#buckets.get(key);
    if (bucket === undefined) return;
    this.#discardAll(bucket);
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
    this.#arena.takeFirst(bucket);
    this.#lose(bucket, 'bytes', 1);
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
    for (const bucket of this.#buckets.all()) this.#evictFirst(bucket, bucket.count, 'shutdown');
    this.#buckets.clear();
    this.#arena.shrinkIfEmpty();
  }

  #open(key: string): Bucket {
    this.#sweep.arm();
    return this.#buckets.open(key);
  }

  /** Whether an item passes in the after-window, or is let go because its trace is over. */
  #passes(bucket: Bucket, item: T, size: number, now: number): boolean {
    const { accounts, limit, outlet } = this.#parts;
    const window = bucket.window!;
    if (window.isOpen(now)) {
      if (!limit.pass(window.isNew, now)) {
        accounts.held += 1;
        this.#lose(bucket, 'limit', 1);
        return true;
      }
      window.pass();
      accounts.passed += 1;
      outlet.send(item, size, passMark(window.burstId), undefined);
      return true;
    }
    if (bucket.isSettled) {
      accounts.held += 1;
      accounts.discarded += 1;
      return true;
    }
    bucket.window = undefined;
    return false;
  }

  /** A burst begins and the after-windows open, if the limit admits it; else all that it would release is evicted. */
  #begin(buckets: readonly Bucket[], trigger: Trigger, now: number): Beginning<T> {
    if (buckets.length === 0) return NOTHING;
    const { accounts, limit, newBurstId, outlet } = this.#parts;
    let count = 0;
    for (const bucket of buckets) {
      this.#evictAged(bucket, now);
      count += bucket.count;
    }
    const admission = limit.admit(trigger.fingerprint, count, now);
    let burst: Burst<T> | undefined;
    if (count > 0) {
      const origin = outlet.originOf(this.#arena.first(this.#oldest(buckets)));
      if (!admission.isAdmitted) {
        for (const bucket of buckets) this.#evictFirst(bucket, bucket.count, 'limit');
        return { burst: undefined, repeat: limit.noteLimited(admission, count, origin) };
      }
      burst = new Burst<T>(newBurstId(), trigger, origin, count);
      admission.recurrence?.noteBurst(burst.id, now);
      accounts.bursts += 1;
      this.#release(buckets, burst);
    }
    for (const bucket of buckets) this.#opensWindow(bucket, burst, admission.isNew, now);
    return { burst, repeat: undefined };
  }

  #release(buckets: readonly Bucket[], burst: Burst<T>): void {
    const { accounts, replay } = this.#parts;
    for (const bucket of buckets) {
      if (bucket.evicted === undefined) continue;
      for (const cause of Object.keys(bucket.evicted) as EvictionCause[]) {
        burst.evicted[cause] += bucket.evicted[cause];
      }
      bucket.evicted = undefined;
    }
    accounts.released += burst.released;
    if (buckets.length === 1) {
      this.#releases.add(buckets[0]!, burst);
      return;
    }
    this.#releases.finish();
    // All together leave in the order they came; some of them one after the other, each in that order.
    const isAll = burst.released === this.#arena.count;
    for (const bucket of buckets) {
      while (isAll ? this.#arena.count > 0 : bucket.count > 0) {
        const next = isAll ? this.#arena.oldestGroup()! : bucket;
        const size = this.#arena.firstSize(next);
        replay.addReleased(this.#arena.takeFirst(next), size, burst);
      }
    }
    this.#arena.shrinkIfEmpty();
    replay.addManifest(burst);
  }

  /** The one that holds the oldest item. At least one holds something. */
  #oldest(buckets: readonly Bucket[]): Bucket {
    const filled = buckets.filter(({ count }) => count > 0);
    return filled.reduce((one, other) =>
      this.#arena.firstTime(other) < this.#arena.firstTime(one) ? other : one,
    );
  }

  #opensWindow(bucket: Bucket, burst: Burst<T> | undefined, isNew: boolean, now: number): void {
    const { after } = this.#settings;
    bucket.window = after === false ? undefined : new Window(burst?.id, after, isNew, now);
    this.#buckets.noteBurst(bucket, now);
  }

  /** Those of the keys whose after-window is not open: there nothing is held, and the burst is joined. */
  #toBurst(keys: Keys, trigger: Trigger, now: number): Bucket[] {
    // A span tells the fate of its trace even when nothing was held; a call by hand only of what it releases.
    if (keys !== 'all' && trigger.cause !== 'manual') {
      for (const key of keys) if (!this.#buckets.get(key)) this.#open(key);
    }
    return this.#buckets.of(keys).filter((bucket) => {
      if (bucket.window?.isOpen(now)) {
        this.#parts.accounts.joined += 1;
        return false;
      }
      return bucket.count > 0 || trigger.cause !== 'manual';
    });
  }

  #discardAll(bucket: Bucket): number {
    const count = bucket.count;
    while (bucket.count > 0) this.#arena.takeFirst(bucket);
    this.#parts.accounts.discarded += count;
    return count;
  }

  #trim(bucket: Bucket): void {
    this.#evictFirst(bucket, bucket.count - this.#keep, 'capacity');
  }

  #evictAged(bucket: Bucket, now: number): void {
    const { maxAgeMillis } = this.#settings;
    while (bucket.count > 0 && now - this.#arena.firstTime(bucket) > maxAgeMillis) {
      this.#evictFirst(bucket, 1, 'age');
    }
  }

  #evictFirst(bucket: Bucket, count: number, cause: EvictionCause): void {
    for (let left = count; left > 0; left -= 1) this.#arena.takeFirst(bucket);
    if (count > 0) this.#lose(bucket, cause, count);
  }

  #lose(bucket: Bucket, cause: EvictionCause, count: number): void {
    this.#parts.accounts.evicted[cause] += count;
    bucket.lose(cause, count);
  }

  /** The shared bucket is nobody's trace: only age ends what it holds. */
  #isIdle(bucket: Bucket, now: number): boolean {
    if (bucket.count === 0 || bucket.key === SHARED_KEY) return false;
    return now - this.#arena.lastTime(bucket) > this.#settings.idleMillis;
  }

  /** Lets go what is too old, and keys that nobody speaks of any more. */
  #look(now: number): boolean {
    const { idleMillis, maxAgeMillis } = this.#settings;
    this.#releases.finish();
    while (now - this.#arena.oldestTime() > maxAgeMillis) {
      this.#evictAged(this.#arena.oldestGroup() as Bucket, now);
    }
    for (const bucket of this.#buckets.all()) {
      if (this.#parts.isOpen(bucket.key)) continue;
      if (this.#isIdle(bucket, now)) this.#evictFirst(bucket, bucket.count, 'idle');
      this.#buckets.forgetOldBurst(bucket, idleMillis, now);
      this.#buckets.forgetIfBlank(bucket);
    }
    this.#arena.shrinkIfEmpty();
    return this.#buckets.size > 0;
  }
}

function closedWindow(now: number): Window {
  return new Window(undefined, { records: 0, millis: 0 }, false, now);
}
