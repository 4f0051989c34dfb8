import type { Repeat } from '../limit/index.ts';
import { Arena, Group } from '../record/index.ts';
import { AfterWindow } from './after-window.ts';
import {
  type Beginning,
  Burst,
  needsRecords,
  passedAttributes,
  type Trigger,
  triggerAttributes,
} from './burst.ts';
import { type EvictionCause, type Evictions, noEvictions } from './counters.ts';
import { ExpirySweep } from './expiry-sweep.ts';
import { type HoldingBounds, type Keys, type Order, type OrderParts, SHARED_KEY } from './order.ts';

/**
 * BurstLogging's order, for flat files: one row for all records, quiet and loud, and no record ever overtakes
 * another. Loud ones wait too: until the row is full, a burst, `maxDelayMillis`, or a flush. The trigger
 * comes last in its burst, and what is live queues behind a replay.
 */
export class ChronologicalOrder<T> implements Order<T> {
  readonly #parts: OrderParts<T>;
  readonly #bounds: HoldingBounds;
  readonly #row: Arena<T>;
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
    this.#row = new Arena((item) => parts.target.items.dropped(item));
    this.#row.open(this.#quiet);
    this.#row.open(this.#loud);
    this.#sweep = new ExpirySweep(parts.clock, parts.bounds.maxAgeMillis, (now) => {
      this.#evictAged(now);
      return this.#quiet.count > 0;
    });
  }

  get heldBytes(): number {
    return this.#row.bytes;
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
    if (size > this.#bounds.maxRecordBytes) return this.#lose('size', 1);
    this.#row.add(this.#quiet, item, size, now);
    this.#trim();
    this.#sweep.arm();
  }

  evictOversized(): void {
    this.#parts.counters.held += 1;
    this.#lose('size', 1);
  }

  pass(item: T, size: number, now: number): void {
    this.#parts.counters.live += 1;
    if (this.#isPassing(now)) {
      this.#parts.replay.addLive(item, size, now);
      return;
    }
    this.#row.add(this.#loud, item, size, now);
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
    // The row belongs to no trace.
  }

  reopen(): void {
    // The row belongs to no trace.
  }

  forgetOldestKey(): boolean {
    return false;
  }

  evictOldest(): boolean {
    const group = this.#row.oldestGroup();
    if (group === undefined) return false;
    if (group === this.#loud) this.#leave();
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
    this.#row.shrinkIfEmpty();
  }

  /** Empties the row into the replay; the quiet ones are evicted if the limit does not admit them. */
  #begin(trigger: Trigger, now: number): Beginning<T> {
    const { counters, limit, newBurstId, target } = this.#parts;
    this.#evictAged(now);
    const count = this.#quiet.count;
    const admission = limit.admit(trigger.fingerprint, count, now);
    let burst: Burst<T> | undefined;
    let repeat: Repeat | undefined;
    if (count > 0) {
      const origin = target.items.originOf(this.#row.first(this.#quiet));
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
    this.#empty(burst);
    if (admission.isAdmitted && (burst !== undefined || !needsRecords(trigger.cause))) {
      this.#window = new AfterWindow(burst?.id, this.#bounds.after, admission.isNew, now);
    }
    return { burst, repeat };
  }

  /** Lets what a trigger began leave at once. */
  #end(burst: Burst<T> | undefined): void {
    if (burst === undefined) this.#parts.replay.hurry();
    else this.#parts.replay.addManifest(burst);
  }

  #empty(burst: Burst<T> | undefined): void {
    const { counters, replay } = this.#parts;
    for (let group = this.#row.oldestGroup(); group !== undefined; group = this.#row.oldestGroup()) {
      if (group === this.#loud || burst === undefined) {
        this.#leave();
        continue;
      }
      const size = this.#row.firstSize(group);
      const cameAt = this.#row.firstTime(group);
      const item = this.#row.takeFirst(group);
      counters.released += 1;
      replay.addReleased(item, size, cameAt, burst, 0);
    }
    this.#row.shrinkIfEmpty();
  }

  /** The first of the row, which is loud, leaves. */
  #leave(): void {
    const size = this.#row.firstSize(this.#loud);
    const cameAt = this.#row.firstTime(this.#loud);
    this.#parts.replay.addLive(this.#row.takeFirst(this.#loud), size, cameAt);
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
      this.#lose('limit', 1);
      return true;
    }
    window.count();
    counters.passed += 1;
    replay.addLive(item, size, now, passedAttributes(window.burstId));
    return true;
  }

  /** Whether the after-window is open. Once closed it stays so, whatever the clock says later. */
  #isPassing(now: number): boolean {
    if (this.#window?.isOpen(now)) return true;
    this.#window = undefined;
    return false;
  }

  #trim(): void {
    if (this.#row.count <= this.#bounds.capacity) return;
    while (this.#row.count > this.#keep) {
      if (this.#row.oldestGroup() === this.#loud) this.#leave();
      else this.#evict(1, 'capacity');
    }
  }

  /** Loud records that came up to `time` leave; quiet ones older than the newest of them cannot any more. */
  #releaseLoudUntil(time: number): void {
    while (this.#loud.count > 0 && this.#row.firstTime(this.#loud) <= time) {
      if (this.#row.oldestGroup() === this.#loud) this.#leave();
      else this.#discardQuiet(1);
    }
  }

  #discardQuiet(count: number): number {
    for (let left = count; left > 0; left -= 1) this.#row.dropFirst(this.#quiet);
    this.#parts.counters.discarded += count;
    return count;
  }

  #evict(count: number, cause: EvictionCause): void {
    for (let left = count; left > 0; left -= 1) this.#row.dropFirst(this.#quiet);
    this.#lose(cause, count);
  }

  #lose(cause: EvictionCause, count: number): void {
    this.#parts.counters.evicted[cause] += count;
    this.#evicted[cause] += count;
  }

  #evictAged(now: number): void {
    const { maxAgeMillis } = this.#bounds;
    while (this.#quiet.count > 0 && now - this.#row.firstTime(this.#quiet) > maxAgeMillis) {
      this.#evict(1, 'age');
    }
  }

  #armDelay(now: number): void {
    const { maxDelayMillis } = this.#bounds;
    if (this.#cancelDelay !== undefined || this.#loud.count === 0) return;
    if (maxDelayMillis === Number.POSITIVE_INFINITY) return;
    const waits = Math.max(0, this.#row.firstTime(this.#loud) + maxDelayMillis - now);
    this.#cancelDelay = this.#parts.clock.after(waits, () => {
      this.#cancelDelay = undefined;
      const later = this.#parts.clock.monotonicNow();
      this.#releaseLoudUntil(later - maxDelayMillis);
      this.#armDelay(later);
    });
  }
}
