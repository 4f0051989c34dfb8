import type { Keys } from './order.ts';

/** Gives an observer access to the held items. */
export interface HeldItems<T> {
  /** Visits the items that arrived since the last call and are still held, in order of arrival. */
  eachNew(visit: VisitItem<T>): void;
  /** Visits the held items of `keys` for which `visit` returned 0 before. */
  eachUnknown(keys: Keys, visit: VisitItem<T>): void;
}

/**
 * @param cameAt the time of arrival, as returned by `Clock.monotonicNow()`
 * @returns the observer's number for the item, kept as long as the item exists; 0 for none
 */
export type VisitItem<T> = (item: T, key: string, cameAt: number) => number;

/**
 * Observes what happens to held items, so that it can be reconstructed after the process has died. Its
 * methods are called synchronously and must not throw. Without an observer the hot path makes no call for it.
 */
export interface HoldingObserver<T> {
  /** Called once, before all other methods. */
  attach(held: HeldItems<T>): void;
  /** Called after a quiet item was added. This is the hot path. */
  held(now: number): void;
  /** Called before items of these keys may be released. */
  releasing(keys: Keys): void;
  /** Called when a burst releases `count` items of a key. */
  released(key: string, count: number): void;
  /** Called after a trigger was processed and the items it released are queued for delivery. */
  triggered(): void;
  /** Called when the last held item of a key was discarded or evicted. */
  emptied(key: string): void;
  /** Called when the byte bound dropped a released item. */
  dropped(number: number): void;
}

/** The events that the core reports to an observer. */
export type HoldingEvents = Pick<HoldingObserver<unknown>, 'released' | 'emptied' | 'dropped'>;

/** Used if there is no observer. */
export const NO_OBSERVER: HoldingEvents = { released() {}, emptied() {}, dropped() {} };
