export { type Files, nodeFiles, type OpenFile } from './files.ts';
export type { InspectedDamage, InspectedSegment, Inspection } from './inspect.ts';
export type { FullCause } from './intake-queue.ts';
export { Journal, type JournalStats } from './journal.ts';
export type { JournalOptions, ProducerOptions } from './options.ts';
export type { DamageCounts } from './set-aside.ts';
