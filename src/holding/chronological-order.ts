import type { Repeat } from '../limit/index.ts';
import { Arena, Group } from '../record/index.ts';
import { AfterWindow } from './after-window.ts';
import {
  Burst,
  type BurstOutcome,
  needsRecords,
  passedAttributes,
  type Trigger,
  triggerAttributes,
} from './burst.ts';
import { type EvictionCause, type Evictions, noEvictions } from './counters.ts';
import { ExpirySweep } from './expiry-sweep.ts';
import { type HoldingBounds, type Keys, type Order, type OrderParts, SHARED_KEY } from './order.ts';

/**
 * BurstLogging's order, for flat files: quiet and loud records share one queue, and no record overtakes
 * another. A loud record waits until the queue is full, a burst starts, `maxDelayMillis` elapses, or a flush.
 * The trigger is the last record of its burst, and live records queue behind a replay.
 *
 * - **Full**: the oldest records are removed until `capacity` x `threshold` remain. Loud ones are sent, quiet
 *   ones evicted.
 * - **Stops**: `shutdown()` sends loud records in order and evicts or discards the quiet ones.
 */
export class ChronologicalOrder<T> implements Order<T> {
  readonly #parts: OrderParts<T>;
  readonly #bounds: HoldingBounds;
  readonly #queue: Arena<T>;
  readonly #quiet = new Group();
  readonly #loud = new Group();
  readonly #keep: number;
  #evicted: Evictions = noEvictions();
  #window: AfterWindow | undefined;
  #cancelDelay: (() => void) | undefined;
  readonly #sweep: ExpirySweep;

  constructor(parts: OrderParts<T>) {
    this.#parts = parts;
    this.#bounds = parts.bounds;
    this.#keep = Math.max(1, Math.floor(parts.bounds.capacity * parts.bounds.threshold));
    this.#queue = new Arena((item) => parts.target.items.dropped(item));
    this.#queue.open(this.#quiet);
    this.#queue.open(this.#loud);
    this.#sweep = new ExpirySweep(parts.clock, parts.bounds.maxAgeMillis, (now) => {
      this.#evictAged(now);
      return this.#quiet.count > 0;
    });
  }

  get heldBytes(): number {
    return this.#queue.bytes;
  }

  get keyBytes(): number {
    return 0;
  }

  get quietCount(): number {
    return this.#quiet.count;
  }

  get releasingCount(): number {
    return 0;
  }

  get loudCount(): number {
    return this.#loud.count;
  }

  get keyCount(): number {
    return this.#quiet.count > 0 ? 1 : 0;
  }

  hold(_key: string, item: T, size: number, now: number): void {
    if (this.#window !== undefined && this.#passes(item, size, now)) return;
    this.#parts.counters.held += 1;
    if (size > this.#bounds.maxRecordBytes) return this.#countEvicted('size', 1);
    this.#queue.add(this.#quiet, item, size, now);
    this.#trim();
    this.#sweep.arm();
  }

  evictOversized(): void {
    this.#parts.counters.held += 1;
    this.#countEvicted('size', 1);
  }

  pass(item: T, size: number, now: number): void {
    this.#parts.counters.live += 1;
    if (this.#isPassing(now)) {
      this.#parts.replay.addLive(item, size, now);
      return;
    }
    this.#queue.add(this.#loud, item, size, now);
    this.#trim();
    this.#armDelay(now);
  }

  trigger(_key: string, item: T, size: number, trigger: Trigger, now: number): void {
    const { counters, replay } = this.#parts;
    if (this.#isPassing(now)) {
      counters.joined += 1;
      counters.live += 1;
      replay.addLive(item, size, now, triggerAttributes(trigger, this.#window?.burstId));
      replay.hurry();
      return;
    }
    const { burst, repeat } = this.#begin(trigger, now);
    counters.live += 1;
    replay.addLive(item, size, now, triggerAttributes(trigger, burst?.id, repeat));
    this.#end(burst);
  }

  burst(_keys: Keys, trigger: Trigger, now: number): Burst<T> | undefined {
    if (this.#isPassing(now)) {
      this.#parts.counters.joined += 1;
      return undefined;
    }
    const { burst } = this.#begin(trigger, now);
    this.#end(burst);
    return burst;
  }

  discard(keys: Keys): number {
    if (keys !== 'all' && !keys.includes(SHARED_KEY)) return 0;
    return this.#discardQuiet(this.#quiet.count);
  }

  settle(): void {
    // The queue belongs to no trace.
  }

  reopen(): void {
    // The queue belongs to no trace.
  }

  removeOldestBurst(): boolean {
    return false;
  }

  evictOldest(): boolean {
    const group = this.#queue.oldestGroup();
    if (group === undefined) return false;
    if (group === this.#loud) this.#releaseFirstLoud();
    else this.#evict(1, 'bytes');
    return true;
  }

  async releaseLoud(): Promise<void> {
    this.#releaseLoudUntil(Number.POSITIVE_INFINITY);
  }

  shutdown(): void {
    this.#releaseLoudUntil(Number.POSITIVE_INFINITY);
    this.#evict(this.#quiet.count, 'shutdown');
    this.#cancelDelay?.();
    this.#sweep.end();
    this.#queue.shrinkIfEmpty();
  }

  /** Moves the queue to the replay. If the limit does not admit the burst, the quiet items are evicted. */
  #begin(trigger: Trigger, now: number): BurstOutcome<T> {
    const { counters, limit, newBurstId, target } = this.#parts;
    this.#evictAged(now);
    const count = this.#quiet.count;
    const admission = limit.admit(trigger.fingerprint, count, now);
    let burst: Burst<T> | undefined;
    let repeat: Repeat | undefined;
    if (count > 0) {
      const origin = target.items.originOf(this.#queue.first(this.#quiet));
      if (admission.isAdmitted) {
        burst = new Burst<T>(newBurstId(), trigger, origin, count);
        admission.recurrence?.noteBurst(burst.id, now);
        counters.bursts += 1;
        Object.assign(burst.evicted, this.#evicted);
        this.#evicted = noEvictions();
      } else {
        this.#evict(count, 'limit');
        repeat = limit.noteLimited(admission, count, origin);
      }
    }
    this.#drain(burst);
    if (admission.isAdmitted && (burst !== undefined || !needsRecords(trigger.cause))) {
      this.#window = new AfterWindow(burst?.id, this.#bounds.after, admission.isNew, now);
    }
    return { burst, repeat };
  }

  /** Sends the records of a trigger at once, with the manifest if there is a burst. */
  #end(burst: Burst<T> | undefined): void {
    if (burst === undefined) this.#parts.replay.hurry();
    else this.#parts.replay.addManifest(burst);
  }

  #drain(burst: Burst<T> | undefined): void {
    const { counters, replay } = this.#parts;
    for (let group = this.#queue.oldestGroup(); group !== undefined; group = this.#queue.oldestGroup()) {
      if (group === this.#loud || burst === undefined) {
        this.#releaseFirstLoud();
        continue;
      }
      const size = this.#queue.firstSize(group);
      const cameAt = this.#queue.firstTime(group);
      const item = this.#queue.takeFirst(group);
      counters.released += 1;
      replay.addReleased(item, size, cameAt, burst, 0);
    }
    this.#queue.shrinkIfEmpty();
  }

  /** Moves the first item of the queue, which must be loud, to the replay. */
  #releaseFirstLoud(): void {
    const size = this.#queue.firstSize(this.#loud);
    const cameAt = this.#queue.firstTime(this.#loud);
    this.#parts.replay.addLive(this.#queue.takeFirst(this.#loud), size, cameAt);
  }

  #passes(item: T, size: number, now: number): boolean {
    const { counters, limit, replay } = this.#parts;
    const window = this.#window!;
    if (!window.isOpen(now)) {
      this.#window = undefined;
      return false;
    }
    if (!limit.pass(window.isNew, now)) {
      counters.held += 1;
      this.#countEvicted('limit', 1);
      return true;
    }
    window.count();
    counters.passed += 1;
    replay.addLive(item, size, now, passedAttributes(window.burstId));
    return true;
  }

  /** Whether the after-window is open. A window that was found closed is removed and does not open again. */
  #isPassing(now: number): boolean {
    if (this.#window?.isOpen(now)) return true;
    this.#window = undefined;
    return false;
  }

  #trim(): void {
    if (this.#queue.count <= this.#bounds.capacity) return;
    while (this.#queue.count > this.#keep) {
      if (this.#queue.oldestGroup() === this.#loud) this.#releaseFirstLoud();
      else this.#evict(1, 'capacity');
    }
  }

  /**
   * Sends loud items that arrived up to `time`, and discards quiet items that are older than the last of
   * them.
   */
  #releaseLoudUntil(time: number): void {
    while (this.#loud.count > 0 && this.#queue.firstTime(this.#loud) <= time) {
      if (this.#queue.oldestGroup() === this.#loud) this.#releaseFirstLoud();
      else this.#discardQuiet(1);
    }
  }

  #discardQuiet(count: number): number {
    for (let left = count; left > 0; left -= 1) this.#queue.dropFirst(this.#quiet);
    this.#parts.counters.discarded += count;
    return count;
  }

  #evict(count: number, cause: EvictionCause): void {
    for (let left = count; left > 0; left -= 1) this.#queue.dropFirst(this.#quiet);
    this.#countEvicted(cause, count);
  }

  #countEvicted(cause: EvictionCause, count: number): void {
    this.#parts.counters.evicted[cause] += count;
    this.#evicted[cause] += count;
  }

  #evictAged(now: number): void {
    const { maxAgeMillis } = this.#bounds;
    while (this.#quiet.count > 0 && now - this.#queue.firstTime(this.#quiet) > maxAgeMillis) {
      this.#evict(1, 'age');
    }
  }

  #armDelay(now: number): void {
    const { maxDelayMillis } = this.#bounds;
    if (this.#cancelDelay !== undefined || this.#loud.count === 0) return;
    if (maxDelayMillis === Number.POSITIVE_INFINITY) return;
    const waits = Math.max(0, this.#queue.firstTime(this.#loud) + maxDelayMillis - now);
    this.#cancelDelay = this.#parts.clock.after(waits, () => {
      this.#cancelDelay = undefined;
      const later = this.#parts.clock.monotonicNow();
      this.#releaseLoudUntil(later - maxDelayMillis);
      this.#armDelay(later);
    });
  }
}
