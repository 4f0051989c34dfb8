import type { Evictions } from './counters.ts';

/**
 * The number of records by outcome, since the start. Two equations hold at all times:
 *
 * held = released + discarded + evicted (all causes) + holding,
 * and released + passed + live = delivered + failed (all causes) + pending.
 */
export interface BurstStats {
  /** Quiet records that were submitted to be held, including oversized ones. */
  readonly held: number;
  /** Held records that were released by a burst. */
  readonly released: number;
  /** Held records that were discarded because no trigger occurred. */
  readonly discarded: number;
  /** Held records that were evicted, by cause. */
  readonly evicted: Readonly<Evictions>;
  /** Quiet records that are held now. */
  readonly holding: number;
  /** Estimated size of held records in bytes. In chronological order, this includes waiting loud records. */
  readonly holdingBytes: number;
  /** Keys that hold records or had a recent burst. */
  readonly keys: number;
  /** Quiet records that passed in an after-window. */
  readonly passed: number;
  /** Loud records, triggers and manifests. */
  readonly live: number;
  /** Records accepted by the exporter, or by the wrapped processor. */
  readonly delivered: number;
  /** Records that should have been delivered but were lost, by cause. */
  readonly failed: Readonly<Record<string, number>>;
  /** Records that are queued or being exported. */
  readonly pending: number;
  /** Estimated bytes of pending records, in the exporter form. */
  readonly pendingBytes: number;
  /** Bursts that released at least one record. */
  readonly bursts: number;
  /** Triggers that joined an open burst, within its after-window. */
  readonly joined: number;
  /** Traces with open spans, as seen by the span processor. */
  readonly openTraces: number;
}
