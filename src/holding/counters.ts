/** Why a held record was lost to a bound or a rule. */
export type EvictionCause = 'capacity' | 'bytes' | 'age' | 'idle' | 'limit' | 'size' | 'shutdown';

/** A count for each cause. */
export type Evictions = Record<EvictionCause, number>;

/** Nothing evicted yet. */
export function noEvictions(): Evictions {
  return { capacity: 0, bytes: 0, age: 0, idle: 0, limit: 0, size: 0, shutdown: 0 };
}

/**
 * The counters of one processor. Two sums hold at every moment:
 * held = released + discarded + evicted + still held, and
 * released + passed + live = delivered + failed + pending.
 */
export class Counters {
  /** Quiet records that came to be held. */
  held = 0;
  /** Held records that left on a burst. */
  released = 0;
  /** Held records that were discarded because all went well. */
  discarded = 0;
  readonly evicted: Evictions = noEvictions();
  /** Quiet records that passed straight on in an after-window. */
  passed = 0;
  /** Loud records, triggers and manifests. */
  live = 0;
  /** Released records that the byte bound or shutdown took before they were handed on. */
  readonly dropped = { bytes: 0, shutdown: 0 };
  /** Records emitted from inside a callback, a downstream processor or an export. */
  reentrant = 0;
  /** Records that threw when they were read. */
  unreadable = 0;
  bursts = 0;
  /** Triggers within an after-window, which joined the open burst. */
  joined = 0;
}
