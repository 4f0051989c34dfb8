export type { Burst, BurstAttributes, Trigger, TriggerCause } from './burst.ts';
export { BurstCore } from './burst-core.ts';
export type { EvictionCause } from './counters.ts';
export type { HeldItems, HoldingObserver, VisitItem } from './observer.ts';
export { type HoldingBounds, type Keys, SHARED_KEY } from './order.ts';
export type { BurstStats } from './stats.ts';
export type { DeliveryCounts, Items, Target } from './target.ts';
