import type { Context } from '@opentelemetry/api';
import type { ReleaseLimit } from '../limit/index.ts';
import type { Clock } from '../record/index.ts';
import type { Burst, Trigger } from './burst.ts';
import type { Counters } from './counters.ts';
import type { HoldingEvents } from './observer.ts';
import type { Replay } from './replay.ts';
import type { Target } from './target.ts';

/** The bounds of holding: how much, for how long, and how much passes after a burst. */
export interface HoldingBounds {
  readonly capacity: number;
  readonly threshold: number;
  readonly maxRecordBytes: number;
  readonly maxAgeMillis: number;
  readonly idleMillis: number;
  readonly maxDelayMillis: number;
  /** The after-window. If either value is 0, nothing passes. */
  readonly after: { readonly records: number; readonly millis: number };
}

/** The dependencies of an {@link Order}. */
export interface OrderParts<T> {
  readonly bounds: HoldingBounds;
  readonly target: Target<T>;
  readonly replay: Replay<T>;
  readonly counters: Counters;
  readonly limit: ReleaseLimit<T>;
  readonly clock: Clock;
  readonly events: HoldingEvents;
  readonly newBurstId: () => string;
  /** Whether a trace has open spans in this process. */
  readonly isOpen: (key: string) => boolean;
}

/** The key of items without a trace, and of all items in the global scope. */
export const SHARED_KEY = '';

/** All keys, or a list of keys. */
export type Keys = 'all' | readonly string[];

/**
 * Defines how records are held and in which order they are sent. There are two implementations: `immediate`
 * (loud records at once, quiet ones held by key) and `chronological` (one queue, no record overtakes
 * another).
 */
export interface Order<T> {
  /** Holds a quiet item, or passes it in an after-window. This is the hot path. */
  hold(key: string, item: T, size: number, now: number): void;
  /** Counts a quiet item that exceeds `maxRecordBytes` as evicted. */
  evictOversized(key: string): void;
  /** Passes a loud item that is not a trigger. */
  pass(item: T, size: number, now: number, context: Context | undefined): void;
  /** Starts a burst of the key and sends the trigger. */
  trigger(key: string, item: T, size: number, trigger: Trigger, now: number, context: Context): void;
  /** Starts a burst of keys without a trigger record. @returns undefined if nothing was released */
  burst(keys: Keys, trigger: Trigger, now: number): Burst<T> | undefined;
  /** Discards held quiet items. @returns the number of discarded items */
  discard(keys: Keys): number;
  /** Called when the last span of a trace has ended: discards its quiet items. */
  settle(key: string, now: number): void;
  /** Called when a span of a settled trace starts. */
  reopen(key: string): void;
  /** Evicts the oldest held item. @returns false if nothing is held */
  evictOldest(): boolean;
  /** Sends held loud items in order. Resolves when every item to send is in the replay. */
  releaseLoud(): Promise<void>;
  /** Removes the oldest entry of the table of recent bursts. @returns false if the table is empty */
  removeOldestBurst(): boolean;
  /** Evicts all held items when the processor shuts down. */
  shutdown(): void;
  readonly heldBytes: number;
  /** Estimated bytes of the table of recent bursts. */
  readonly keyBytes: number;
  /** The number of held quiet items. */
  readonly quietCount: number;
  /** The number of released items that are not yet in the replay. */
  readonly releasingCount: number;
  /** The number of held loud items (chronological order only). */
  readonly loudCount: number;
  readonly keyCount: number;
}
