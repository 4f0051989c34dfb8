import type { Context } from '@opentelemetry/api';
import type { Limited, Recurrence } from '../limit/index.ts';
import type { ReadableLogRecordLike } from '../record/index.ts';
import type { Burst, BurstAttributes } from './burst.ts';

/** What became of the items that were sent. */
export interface DeliveryCounts {
  readonly delivered: number;
  /** By cause. */
  readonly failed: Readonly<Record<string, number>>;
  readonly pending: number;
}

/** What the core must know of the items that it holds. What they are, it does not know. */
export interface Items<T> {
  /** How much an item matters when something must be dropped, 0 to 24. */
  rankOf(item: T): number;
  /**
   * The time of an item, milliseconds since the epoch; NaN if it has none.
   * @param cameAt when it came, as `Clock.monotonicNow()` counts
   */
  timeOf(item: T, cameAt: number): number;
  /** A held item was evicted or discarded: nothing of the core refers to it any more. This is on the hot path. */
  dropped(item: T): void;
  /** Something light that stands for an item in a manifest or a summary, long after the item has left. */
  originOf(item: T): T;
  /** The record of a burst. */
  manifestOf(burst: Burst<T>): T;
  /** The record of what the limit did not let out. */
  summaryOf(limited: Limited<T>, recurrence: Recurrence<T> | undefined): T;
}

/**
 * Where the core sends what leaves it, and who delivers it. There are two: an exporter, and a wrapped
 * processor.
 */
export interface Target<T> {
  readonly items: Items<T>;
  /**
   * Sends one item on, with what is to be added to it. Never throws.
   * @param context that of the record, if it leaves at once
   * @param cameAt when it came, as `Clock.monotonicNow()` counts
   */
  send(
    item: T,
    size: number,
    added: BurstAttributes | undefined,
    context: Context | undefined,
    cameAt: number,
  ): void;
  /** Estimated bytes that were sent and are not yet delivered, as far as the target keeps them. */
  readonly bytes: number;
  /** Drops the least important item it keeps. @returns false if it keeps none */
  dropQuietest(): boolean;
  /** Lets what was sent leave in the next turn of the event loop. */
  wake(): void;
  /** Resolves when all that was sent before is delivered or has failed. Never rejects. */
  flush(): Promise<void>;
  /** Flushes and ends within the bound. Never rejects. */
  shutdown(timeoutMillis: number): Promise<void>;
  counts(): DeliveryCounts;
  /** Gives away what it has not delivered, as far as it knows. */
  undelivered(): readonly ReadableLogRecordLike[];
}

/** The size of a manifest, and of a summary, which is always much the same. */
export const MANIFEST_BYTES = 1_500;
