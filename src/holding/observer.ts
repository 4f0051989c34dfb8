import type { Keys } from './order.ts';

/** Shows an observer what is held. */
export interface HeldItems<T> {
  /** The items that came since the last call and are still held, in the order in which they came. */
  eachNew(see: SeeItem<T>): void;
  /** Those of some keys for which `see` returned 0 before. */
  eachUnknown(keys: Keys, see: SeeItem<T>): void;
}

/**
 * @param cameAt when it came, as `Clock.monotonicNow()` counts
 * @returns the number by which the item is known from now on, until it leaves; 0: none
 */
export type SeeItem<T> = (item: T, key: string, cameAt: number) => number;

/**
 * Follows what becomes of held items, so that it can be known after the process has died. Its methods are
 * called as things happen, and never throw. Without an observer nothing on the way of an item knows of it.
 */
export interface HoldingObserver<T> {
  /** Called once, before all others. */
  attach(held: HeldItems<T>): void;
  /** An item came. This is the hot path. */
  held(now: number): void;
  /** What is held of these keys may be released now. */
  releasing(keys: Keys): void;
  /** A key bursts: this many items that it holds are released. */
  released(key: string, count: number): void;
  /** A trigger has been dealt with, and what it released is on its way. */
  triggered(): void;
  /** Nothing of a key is held any more: it was discarded or evicted. */
  emptied(key: string): void;
  /** The byte bound took a released item. */
  dropped(number: number): void;
}

/** How the core reports to an observer. One that is not there hears nothing. */
export type HoldingEvents = Pick<HoldingObserver<unknown>, 'released' | 'emptied' | 'dropped'>;

export const NOBODY: HoldingEvents = { released() {}, emptied() {}, dropped() {} };
