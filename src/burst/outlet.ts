import type { Context } from '@opentelemetry/api';
import type { Limited, Recurrence } from '../limit/index.ts';
import type { Burst, Mark } from './burst.ts';

/** What became of the items that were sent. */
export interface Outcome {
  readonly delivered: number;
  /** By cause. */
  readonly failed: Readonly<Record<string, number>>;
  readonly pending: number;
}

/**
 * Where the core sends what leaves it. The core knows keys, sizes, times and triggers; what an item is, and how
 * it is delivered, only the outlet knows.
 */
export interface Outlet<T> {
  /** How much an item matters when something must be dropped, 0 to 24. */
  rank(item: T): number;
  /** The time of an item, milliseconds since the epoch; NaN if it has none. */
  timeOf(item: T): number;
  /** Something light that stands for an item when its burst is told of, long after the item has left. */
  originOf(item: T): T;
  /** Sends one item on, with what is to be added to it. Never throws. */
  send(item: T, size: number, mark: Mark | undefined, context: Context | undefined): void;
  /** Sends the record that tells of a burst. Never throws. */
  sendManifest(burst: Burst<T>): void;
  /** The record that says what the limit did not let out. */
  summaryOf(limited: Limited<T>, recurrence: Recurrence<T> | undefined): T;
  /** Estimated bytes that were sent and are not yet delivered, as far as the outlet keeps them. */
  readonly bytes: number;
  /** Gives up the least important item it keeps. @returns false if it keeps none */
  dropQuietest(): boolean;
  /** Lets what was sent leave in the next turn of the event loop. */
  wake(): void;
  /** Resolves when all that was sent before is delivered or has failed. Never rejects. */
  flush(): Promise<void>;
  /** Flushes and ends within the bound. Never rejects. */
  shutdown(timeoutMillis: number): Promise<void>;
  outcome(): Outcome;
}

/** The size of a manifest, and of a summary, which is always much the same. */
export const MANIFEST_BYTES = 1_500;
