import type { Context } from '@opentelemetry/api';
import type { ReleaseLimit } from '../limit/index.ts';
import type { Clock } from '../record/index.ts';
import type { Accounts } from './accounts.ts';
import type { Burst, Trigger } from './burst.ts';
import type { Outlet } from './outlet.ts';
import type { Replay } from './replay.ts';

/** What an order is told by the options. */
export interface OrderSettings {
  readonly capacity: number;
  readonly threshold: number;
  readonly maxRecordBytes: number;
  readonly maxAgeMillis: number;
  readonly idleMillis: number;
  readonly maxDelayMillis: number;
  readonly after: { readonly records: number; readonly millis: number } | false;
}

/** What both orders work with. */
export interface OrderParts<T> {
  readonly settings: OrderSettings;
  readonly outlet: Outlet<T>;
  readonly replay: Replay<T>;
  readonly accounts: Accounts;
  readonly limit: ReleaseLimit<T>;
  readonly clock: Clock;
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
  quiet(key: string, item: T, size: number, now: number): void;
  /** A quiet item came that is too big to be held. */
  tooBig(key: string): void;
  /** A loud item comes that is no trigger. */
  loud(item: T, size: number, now: number, context: Context | undefined): void;
  /** A trigger comes: its key bursts. */
  trigger(key: string, item: T, size: number, trigger: Trigger, now: number, context: Context): void;
  /** Keys burst without a record that triggers. @returns undefined if nothing was held */
  burst(keys: Keys, trigger: Trigger, now: number): Burst<T> | undefined;
  /** Lets held quiet items go. @returns how many */
  discard(keys: Keys): number;
  /** The last span of a trace has ended. */
  settle(key: string, now: number): void;
  /** A settled trace has a span again. */
  reopen(key: string): void;
  /** Gives up the oldest held item. @returns false if nothing is held */
  evictOldest(): boolean;
  /** Lets the loud ones go that are held, in order. Resolves when all that is to leave is in the replay. */
  releaseLoud(): Promise<void>;
  /** Forgets the key that burst first. @returns false if none is remembered */
  forgetOldestKey(): boolean;
  /** Gives up everything held: the processor ends. */
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
