import type { ReceiverCounters } from './contract.ts';
import type { ReceiverStats } from './stats.ts';

/** Creates counters at zero. */
export function newCounters(): ReceiverCounters {
  return { batches: 0, records: 0, bytes: 0, duplicates: 0, refused: new Map(), dropped: new Map() };
}

/** Counts a refused request. @param cause a fixed word, never derived from data */
export function countRefused(counters: ReceiverCounters, cause: string): void {
  counters.refused.set(cause, (counters.refused.get(cause) ?? 0) + 1);
}

/** The current counters. */
export function receiverStats(counters: ReceiverCounters): ReceiverStats {
  const { refused, dropped } = counters;
  return { ...counters, refused: Object.fromEntries(refused), dropped: Object.fromEntries(dropped) };
}
