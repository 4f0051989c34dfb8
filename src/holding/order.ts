import type { Context } from '@opentelemetry/api';
import type { ReleaseLimit } from '../limit/index.ts';
import type { Clock } from '../record/index.ts';
import type { Burst, Trigger } from './burst.ts';
import type { Counters } from './counters.ts';
import type { HoldingEvents } from './observer.ts';
import type { Replay } from './replay.ts';
import type { Target } from './target.ts';

/** How much is held, for how long, and what passes after a burst. */
export interface HoldingBounds {
  readonly capacity: number;
  readonly threshold: number;
  readonly maxRecordBytes: number;
  readonly maxAgeMillis: number;
  readonly idleMillis: number;
  readonly maxDelayMillis: number;
  /** With no records, or no time, nothing passes. */
  readonly after: { readonly records: number; readonly millis: number };
}

/** What both orders work with. */
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

/** The key of what belongs to no trace, and of everything in the global scope. */
export const SHARED_KEY = '';

/** All keys, or these. */
export type Keys = 'all' | readonly string[];

/**
 * In which order records leave, and with it how they are held. Two exist: `immediate` (loud records at once,
 * quiet ones held by key) and `chronological` (one row, nothing overtakes).
 */
export interface Order<T> {
  /** A quiet item comes. This is the hot path. */
  hold(key: string, item: T, size: number, now: number): void;
  /** A quiet item came that is too big to be held. */
  evictOversized(key: string): void;
  /** A loud item comes that is no trigger. */
  pass(item: T, size: number, now: number, context: Context | undefined): void;
  /** A trigger comes: its key bursts. */
  trigger(key: string, item: T, size: number, trigger: Trigger, now: number, context: Context): void;
  /** Keys burst without a record that triggers. @returns undefined if nothing was held */
  burst(keys: Keys, trigger: Trigger, now: number): Burst<T> | undefined;
  /** Discards held quiet items. @returns how many */
  discard(keys: Keys): number;
  /** The last span of a trace has ended. */
  settle(key: string, now: number): void;
  /** A settled trace has a span again. */
  reopen(key: string): void;
  /** Evicts the oldest held item. @returns false if nothing is held */
  evictOldest(): boolean;
  /** Sends the loud ones that are held, in order. Resolves when all that is to leave is in the replay. */
  releaseLoud(): Promise<void>;
  /** Forgets the key that burst first. @returns false if none is remembered */
  forgetOldestKey(): boolean;
  /** Evicts everything held: the processor ends. */
  shutdown(): void;
  readonly heldBytes: number;
  /** Estimated bytes of what is remembered of keys beside what they hold. */
  readonly keyBytes: number;
  /** Quiet items held now. */
  readonly quietCount: number;
  /** Released items that have not reached the replay yet. */
  readonly releasingCount: number;
  /** Loud items held now (chronological order only). */
  readonly loudCount: number;
  readonly keyCount: number;
}
