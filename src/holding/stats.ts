import type { Evictions } from './counters.ts';

/**
 * What became of the records, as counts since the start. Two sums hold at every moment:
 *
 * held = released + discarded + evicted (all causes) + holding,
 * and released + passed + live = delivered + failed (all causes) + pending.
 */
export interface BurstStats {
  /** Quiet records that came to be held, those too big for it included. */
  readonly held: number;
  /** Held records that a burst let out. */
  readonly released: number;
  /** Held records that were discarded because all went well. */
  readonly discarded: number;
  /** Held records that were lost to a bound or a rule. */
  readonly evicted: Readonly<Evictions>;
  /** Quiet records held now. */
  readonly holding: number;
  /** Their estimated size in bytes; in chronological order with the loud ones that wait. */
  readonly holdingBytes: number;
  /** Keys that hold something or burst lately. */
  readonly keys: number;
  /** Quiet records that passed straight on after a burst. */
  readonly passed: number;
  /** Loud records, triggers and manifests. */
  readonly live: number;
  /** Accepted by the exporter, or by the wrapped processor. */
  readonly delivered: number;
  /** Meant to leave, but lost, by cause. */
  readonly failed: Readonly<Record<string, number>>;
  /** On their way. */
  readonly pending: number;
  /** Estimated bytes on their way, in the exporter form. */
  readonly pendingBytes: number;
  /** Bursts that released something. */
  readonly bursts: number;
  /** Triggers that joined a burst whose after-window was open. */
  readonly joined: number;
  /** Traces with open spans, as far as the span processor sees them. */
  readonly openTraces: number;
}
