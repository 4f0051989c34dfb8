import type { Context } from '@opentelemetry/api';
import { type LimitOptions, ReleaseLimit } from '../limit/index.ts';
import { type Clock, type FlushOptionsLike, flushMillis, within } from '../record/index.ts';
import type { Burst, BurstAttributes, Trigger } from './burst.ts';
import { ChronologicalOrder } from './chronological-order.ts';
import { Counters } from './counters.ts';
import { ImmediateOrder } from './immediate-order.ts';
import { ObservedOrder } from './observed-order.ts';
import { type HoldingObserver, NOBODY } from './observer.ts';
import type { HoldingBounds, Keys, Order } from './order.ts';
import { Replay } from './replay.ts';
import type { BurstStats } from './stats.ts';
import { MANIFEST_BYTES, type Target } from './target.ts';

/** The settings of the core. */
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
  /** Follows what is held; for the immediate order only. */
  readonly observer?: HoldingObserver<T> | undefined;
}

/** The share of `maxBytes` that what is remembered of keys may use, when there is too little. */
const KEY_SHARE = 0.25;
/**
 * The end of the shutdown bound is for the last batch and the target's own shutdown: this part, and at most
 * so long.
 */
const TARGET_SHARE = 0.05;
const TARGET_MILLIS = 1_000;

/**
 * Holds and releases. It knows keys, sizes, times and triggers, but not what it holds: that is the target's
 * business. One byte bound counts for what is held, what replays and what the target keeps.
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
    const events = observer ?? NOBODY;
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
   * A quiet item comes: it is held, or passes. This is the hot path.
   * @param now as `Clock.monotonicNow()` counts: its caller may know it
   */
  hold(key: string, item: T, size: number, now: number): void {
    this.#order.hold(key, item, size, now);
    if (this.#isOver()) this.#makeRoom();
  }

  /** A quiet item came that is too big to be held. */
  evictOversized(key: string): void {
    this.#order.evictOversized(key);
  }

  /** A loud item comes that is no trigger. */
  pass(item: T, size: number, context: Context | undefined): void {
    this.#order.pass(item, size, this.#clock.monotonicNow(), context);
    if (this.#isOver()) this.#makeRoom();
  }

  /** A trigger comes: its key bursts. */
  trigger(key: string, item: T, size: number, trigger: Trigger, context: Context): void {
    this.#order.trigger(key, item, size, trigger, this.#clock.monotonicNow(), context);
    if (this.#isOver()) this.#makeRoom();
  }

  /** @returns undefined if nothing was released */
  burst(keys: Keys, trigger: Trigger): Burst<T> | undefined {
    return this.#order.burst(keys, trigger, this.#clock.monotonicNow());
  }

  /** @returns how many were discarded */
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
   * Resolves when all that is loud or released has been delivered or has failed, at the latest when the time
   * for a flush has passed. Keeps the process alive meanwhile. Never rejects.
   * @param shutdown to be awaited instead, if it has begun
   * @returns whether it was in time, and how long that was
   */
  async forceFlush(
    options: FlushOptionsLike | undefined,
    shutdown: Promise<void> | undefined,
  ): Promise<{ readonly inTime: boolean; readonly millis: number }> {
    const millis = flushMillis(options, this.#flushTimeoutMillis);
    const { inTime } = await within(shutdown ?? this.#flush(), millis, this.#clock, true);
    return { inTime, millis };
  }

  /** Hands on what is loud or released, discards the rest, and ends the target, all within the bound. */
  async shutdown(timeoutMillis: number): Promise<void> {
    const startedAt = this.#clock.monotonicNow();
    this.#limit.end();
    const forTarget = Math.min(timeoutMillis * TARGET_SHARE, TARGET_MILLIS);
    this.#order.shutdown();
    await within(this.#replay.drained(), timeoutMillis - forTarget, this.#clock, true);
    this.#replay.stop();
    await this.#target.shutdown(Math.max(0, timeoutMillis - (this.#clock.monotonicNow() - startedAt)));
  }

  /** The process ends: gives away what is released and was not handed on. What is held is evicted. */
  takeUnsent(see: (item: T, added: BurstAttributes | undefined, cameAt: number) => void): void {
    this.#order.shutdown();
    this.#replay.takeAll(see);
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
   * Held ones go first, then replaying ones, then the quietest that wait for delivery. Keys may have a share.
   */
  #makeRoom(): void {
    while (this.#isOver()) {
      if (this.#order.keyBytes > this.#maxBytes * KEY_SHARE && this.#order.forgetOldestKey()) continue;
      if (this.#order.evictOldest()) continue;
      if (this.#replay.dropQuietest()) continue;
      if (!this.#target.dropQuietest()) return;
    }
  }
}
