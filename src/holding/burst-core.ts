import type { Context } from '@opentelemetry/api';
import { type LimitOptions, ReleaseLimit } from '../limit/index.ts';
import { type Clock, type FlushOptionsLike, flushMillis, within } from '../record/index.ts';
import type { Burst, BurstAttributes, Trigger } from './burst.ts';
import { ChronologicalOrder } from './chronological-order.ts';
import { Counters } from './counters.ts';
import { ImmediateOrder } from './immediate-order.ts';
import { ObservedOrder } from './observed-order.ts';
import { type HoldingObserver, NO_OBSERVER } from './observer.ts';
import type { HoldingBounds, Keys, Order } from './order.ts';
import { Replay } from './replay.ts';
import type { BurstStats } from './stats.ts';
import { MANIFEST_BYTES, type Target } from './target.ts';

/** The settings of {@link BurstCore}. */
export interface CoreSettings<T> {
  readonly order: 'immediate' | 'chronological';
  readonly bounds: HoldingBounds;
  readonly maxBytes: number;
  readonly limit: LimitOptions | false;
  readonly replayBatch: number;
  readonly flushTimeoutMillis: number;
  readonly clock: Clock;
  readonly newBurstId: () => string;
  readonly isOpen: (key: string) => boolean;
  /** Observes held items. Supported by the immediate order only. */
  readonly observer?: HoldingObserver<T> | undefined;
}

/**
 * If `maxBytes` is exceeded, entries of recent bursts are removed first until they use at most this share.
 */
const KEY_SHARE = 0.25;
/**
 * The part of the shutdown timeout that is reserved for the last batch and the target's own shutdown: a
 * share, but at most `TARGET_MILLIS`.
 */
const TARGET_SHARE = 0.05;
const TARGET_MILLIS = 1_000;

/**
 * Holds items by key and releases them on a trigger. It handles keys, sizes, times and triggers; the items
 * themselves are opaque and are read only by the target.
 *
 * `maxBytes` bounds the sum of held items, replaying items and items that wait in the target. When it is
 * exceeded, held items are evicted first (oldest first), then replaying items, then items of the target.
 */
export class BurstCore<T> {
  readonly #order: Order<T>;
  readonly #limit: ReleaseLimit<T>;
  readonly #replay: Replay<T>;
  readonly #target: Target<T>;
  readonly #clock: Clock;
  readonly #maxBytes: number;
  readonly #flushTimeoutMillis: number;
  readonly counters = new Counters();

  constructor(target: Target<T>, core: CoreSettings<T>) {
    this.#target = target;
    this.#clock = core.clock;
    this.#maxBytes = core.maxBytes;
    this.#flushTimeoutMillis = core.flushTimeoutMillis;
    const { observer } = core;
    const events = observer ?? NO_OBSERVER;
    this.#replay = new Replay(target, this.counters, core.replayBatch, events);
    this.#limit = new ReleaseLimit<T>(core.limit, core.clock, (limited, recurrence) =>
      this.pass(target.items.summaryOf(limited, recurrence), MANIFEST_BYTES, undefined),
    );
    const parts = {
      ...core,
      ...{ target, replay: this.#replay, counters: this.counters, limit: this.#limit, events },
    };
    if (core.order === 'chronological') this.#order = new ChronologicalOrder(parts);
    else if (observer === undefined) this.#order = new ImmediateOrder(parts);
    else this.#order = new ObservedOrder(parts, observer);
  }

  /**
   * Holds a quiet item, or passes it in an after-window. This is the hot path.
   * @param now the time of `Clock.monotonicNow()`, passed in because the caller may have read it already
   */
  hold(key: string, item: T, size: number, now: number): void {
    this.#order.hold(key, item, size, now);
    if (this.#isOver()) this.#makeRoom();
  }

  /** Counts a quiet item that exceeds `maxRecordBytes` as evicted. */
  evictOversized(key: string): void {
    this.#order.evictOversized(key);
  }

  /** Passes a loud item that is not a trigger. */
  pass(item: T, size: number, context: Context | undefined): void {
    this.#order.pass(item, size, this.#clock.monotonicNow(), context);
    if (this.#isOver()) this.#makeRoom();
  }

  /** Starts a burst of the key and sends the trigger. */
  trigger(key: string, item: T, size: number, trigger: Trigger, context: Context): void {
    this.#order.trigger(key, item, size, trigger, this.#clock.monotonicNow(), context);
    if (this.#isOver()) this.#makeRoom();
  }

  /** Starts a burst without a trigger record. @returns undefined if nothing was released */
  burst(keys: Keys, trigger: Trigger): Burst<T> | undefined {
    return this.#order.burst(keys, trigger, this.#clock.monotonicNow());
  }

  /** Discards held items. @returns the number of discarded items */
  discard(keys: Keys): number {
    return this.#order.discard(keys);
  }

  settle(key: string, now: number): void {
    this.#order.settle(key, now);
  }

  reopen(key: string): void {
    this.#order.reopen(key);
  }

  /**
   * Resolves when every loud or released item is delivered or has failed, at the latest after the flush
   * timeout. Keeps the process alive in the meantime. Never rejects.
   * @param shutdown the shutdown in progress, which is awaited instead
   * @returns whether the flush completed in time, and the timeout that was used
   */
  async forceFlush(
    options: FlushOptionsLike | undefined,
    shutdown: Promise<void> | undefined,
  ): Promise<{ readonly inTime: boolean; readonly millis: number }> {
    const millis = flushMillis(options, this.#flushTimeoutMillis);
    const { inTime } = await within(shutdown ?? this.#flush(), millis, this.#clock, true);
    return { inTime, millis };
  }

  /** Sends loud and released items, evicts held ones, and shuts down the target, all within the timeout. */
  async shutdown(timeoutMillis: number): Promise<void> {
    const startedAt = this.#clock.monotonicNow();
    this.#limit.end();
    const forTarget = Math.min(timeoutMillis * TARGET_SHARE, TARGET_MILLIS);
    this.#order.shutdown();
    await within(this.#replay.drained(), timeoutMillis - forTarget, this.#clock, true);
    this.#replay.stop();
    await this.#target.shutdown(Math.max(0, timeoutMillis - (this.#clock.monotonicNow() - startedAt)));
  }

  /** For process exit: removes and visits every released item not yet sent. Held items are evicted. */
  takeUnsent(visit: (item: T, added: BurstAttributes | undefined, cameAt: number) => void): void {
    this.#order.shutdown();
    this.#replay.takeAll(visit);
  }

  stats(openTraces: number): BurstStats {
    const { counters } = this;
    const outcome = this.#target.counts();
    return {
      held: counters.held,
      released: counters.released,
      discarded: counters.discarded,
      evicted: { ...counters.evicted },
      holding: this.#order.quietCount,
      holdingBytes: this.#order.heldBytes,
      keys: this.#order.keyCount,
      passed: counters.passed,
      live: counters.live,
      delivered: outcome.delivered,
      failed: {
        ...outcome.failed,
        bytes: counters.dropped.bytes,
        shutdown: (outcome.failed.shutdown ?? 0) + counters.dropped.shutdown,
        reentrant: counters.reentrant,
        unreadable: counters.unreadable,
      },
      pending: outcome.pending + this.#replay.count + this.#order.releasingCount + this.#order.loudCount,
      pendingBytes: this.#target.bytes + this.#replay.bytes,
      bursts: counters.bursts,
      joined: counters.joined,
      openTraces,
    };
  }

  async #flush(): Promise<void> {
    await this.#order.releaseLoud();
    await this.#replay.drained();
    await this.#target.flush();
  }

  #isOver(): boolean {
    const { heldBytes, keyBytes } = this.#order;
    return heldBytes + keyBytes + this.#replay.bytes + this.#target.bytes > this.#maxBytes;
  }

  /**
   * Evicts until `maxBytes` is met: entries of recent bursts beyond their share, then held items, then the
   * quietest replaying items, then the quietest items of the target.
   */
  #makeRoom(): void {
    while (this.#isOver()) {
      if (this.#order.keyBytes > this.#maxBytes * KEY_SHARE && this.#order.removeOldestBurst()) continue;
      if (this.#order.evictOldest()) continue;
      if (this.#replay.dropQuietest()) continue;
      if (!this.#target.dropQuietest()) return;
    }
  }
}
