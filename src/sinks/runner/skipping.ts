import type { JournalEntry } from '../../component/index.ts';
import { Severity } from '../../record/index.ts';
import type { ResolvedRunnerOptions } from './runner-options.ts';
import type { SinkHealth } from './sink-health.ts';
import type { DropCause, SinkCounters } from './sink-stats.ts';
import { passedBound, withinBounds } from './too-far-behind.ts';

const TOLD_MILLIS = 60_000;

/**
 * Lets the oldest entries go when a sink is too far behind and may skip. A call of `write` that is under way keeps what
 * it has; if it fails, it loses what is skipped.
 */
export class Skipping {
  readonly #options: ResolvedRunnerOptions;
  readonly #counters: SinkCounters;
  readonly #health: SinkHealth;
  #to = 0;
  #cause: DropCause = 'behind_bytes';
  #untold = { batches: 0, records: 0 };
  #toldAt = Number.NEGATIVE_INFINITY;

  constructor(options: ResolvedRunnerOptions, counters: SinkCounters, health: SinkHealth) {
    this.#options = options;
    this.#counters = counters;
    this.#health = health;
  }

  /** What lies before this index is skipped, unless it was written before. */
  get to(): number {
    return this.#to;
  }

  /**
   * Decides anew.
   * @param position the first entry that is not written
   * @param readTo the first entry that is in nobody's hands: what is skipped from there on is counted at once, as
   *   exactly as the journal knows
   */
  check(position: number, readTo: number): void {
    const { journal, onFull } = this.#options;
    if (onFull !== 'skip') return;
    const from = Math.max(position, this.#to);
    const cause = passedBound(journal.behind(from), this.#options);
    if (cause === undefined) return;
    const target = withinBounds(journal, from, this.#options);
    const unread = Math.max(this.#to, readTo);
    if (target > unread) {
      const [before, after] = [journal.behind(unread), journal.behind(target)];
      this.#count(cause, target - unread, before.records - after.records);
    }
    this.#to = target;
    this.#cause = cause;
  }

  /** What is left of entries that were not written. */
  without(entries: readonly JournalEntry[]): readonly JournalEntry[] {
    if (entries.length === 0 || entries[0]!.index >= this.#to) return entries;
    const kept = entries.filter(({ index }) => index >= this.#to);
    let records = 0;
    for (const each of entries) if (each.index < this.#to) records += each.records;
    this.#count(this.#cause, entries.length - kept.length, records);
    return kept;
  }

  #count(cause: DropCause, batches: number, records: number): void {
    this.#counters.addDropped(cause, batches, records);
    this.#untold.batches += batches;
    this.#untold.records += records;
    const now = this.#options.clock.now();
    if (now - this.#toldAt < TOLD_MILLIS) return;
    const all = this.#untold;
    this.#health.tell(
      Severity.WARN,
      `it is too far behind (${cause}); the oldest ${all.batches} batches with ${all.records} records were skipped`,
    );
    this.#untold = { batches: 0, records: 0 };
    this.#toldAt = now;
  }
}
