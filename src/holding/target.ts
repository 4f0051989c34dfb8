import type { Context } from '@opentelemetry/api';
import type { Limited, Recurrence } from '../limit/index.ts';
import type { ReadableLogRecordLike } from '../record/index.ts';
import type { Burst, BurstAttributes } from './burst.ts';

/** The number of sent items by outcome. */
export interface DeliveryCounts {
  readonly delivered: number;
  /** By cause. */
  readonly failed: Readonly<Record<string, number>>;
  readonly pending: number;
}

/** Reads items for the core, to which they are opaque. */
export interface Items<T> {
  /** Returns the rank of an item, 0 to 24. Items of the lowest rank are dropped first. */
  rankOf(item: T): number;
  /**
   * Returns the time of an item in milliseconds since the epoch, NaN if it has none.
   * @param cameAt the time of arrival, as returned by `Clock.monotonicNow()`
   */
  timeOf(item: T, cameAt: number): number;
  /**
   * Called when a held item was evicted or discarded and the core no longer references it. On the hot path.
   */
  dropped(item: T): void;
  /** Returns a small item with the same origin, which a manifest or summary keeps after the item was sent. */
  originOf(item: T): T;
  /** Builds the manifest record of a burst. */
  manifestOf(burst: Burst<T>): T;
  /** Builds the summary record of bursts that the limit did not admit. */
  summaryOf(limited: Limited<T>, recurrence: Recurrence<T> | undefined): T;
}

/** Delivers the items that the core sends, to an exporter, a wrapped processor or a logger provider. */
export interface Target<T> {
  readonly items: Items<T>;
  /**
   * Sends one item with the attributes to add to it. Never throws.
   * @param context the context of the record if it is sent at once, otherwise undefined
   * @param cameAt the time of arrival, as returned by `Clock.monotonicNow()`
   */
  send(
    item: T,
    size: number,
    added: BurstAttributes | undefined,
    context: Context | undefined,
    cameAt: number,
  ): void;
  /** Estimated bytes of sent items that wait in the target. */
  readonly bytes: number;
  /** Drops the lowest-ranked item that waits in the target. @returns false if none waits */
  dropQuietest(): boolean;
  /** Starts the delivery of sent items in the next turn of the event loop. */
  wake(): void;
  /** Resolves when all items sent before are delivered or have failed. Never rejects. */
  flush(): Promise<void>;
  /** Flushes and shuts down within the timeout. Never rejects. */
  shutdown(timeoutMillis: number): Promise<void>;
  counts(): DeliveryCounts;
  /** Removes and returns the records that are known to be undelivered. */
  undelivered(): readonly ReadableLogRecordLike[];
}

/** The estimated size of a manifest or summary record, which varies little. */
export const MANIFEST_BYTES = 1_500;
