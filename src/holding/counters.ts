/** Why a held record was evicted. */
export type EvictionCause = 'capacity' | 'bytes' | 'age' | 'idle' | 'limit' | 'size' | 'shutdown';

/** The number of evicted records by cause. */
export type Evictions = Record<EvictionCause, number>;

/** Returns a count of 0 for each cause. */
export function noEvictions(): Evictions {
  return { capacity: 0, bytes: 0, age: 0, idle: 0, limit: 0, size: 0, shutdown: 0 };
}

/**
 * The counters of one processor. Two equations hold at all times:
 * held = released + discarded + evicted + still held, and
 * released + passed + live = delivered + failed + pending.
 */
export class Counters {
  /** Quiet records that were submitted to be held. */
  held = 0;
  /** Held records that were released by a burst. */
  released = 0;
  /** Held records that were discarded because no trigger occurred. */
  discarded = 0;
  readonly evicted: Evictions = noEvictions();
  /** Quiet records that passed in an after-window. */
  passed = 0;
  /** Loud records, triggers and manifests. */
  live = 0;
  /** Released records that were dropped by the byte bound or by shutdown before they were sent. */
  readonly dropped = { bytes: 0, shutdown: 0 };
  /** Records emitted from inside a callback, a downstream processor or an export. */
  reentrant = 0;
  /** Records that threw an error when read. */
  unreadable = 0;
  bursts = 0;
  /** Triggers that joined an open burst, within its after-window. */
  joined = 0;
}
