import type { Behind, JournalEntry, JournalView } from '../../component/index.ts';
import { Severity } from '../../record/index.ts';
import type { ResolvedRunnerOptions } from './runner-options.ts';
import type { SinkHealth } from './sink-health.ts';
import type { DropCause, SinkCounters } from './sink-stats.ts';

const LOG_MILLIS = 60_000;

/** How far a sink may be behind. Infinity: no limit. */
export interface BehindBounds {
  readonly maxBehindBytes: number;
  readonly maxBehindMillis: number;
}

/** The limit that is exceeded; undefined if none is. */
export function exceededBound(
  behind: Behind,
  { maxBehindBytes, maxBehindMillis }: BehindBounds,
): 'behind_bytes' | 'behind_age' | undefined {
  if (behind.bytes > maxBehindBytes) return 'behind_bytes';
  return behind.batches > 0 && behind.ageMillis > maxBehindMillis ? 'behind_age' : undefined;
}

/**
 * Discards the oldest entries when a sink is too far behind and may skip. A call of `write` in progress keeps
 * its entries; if it fails, the skipped ones are not retried.
 */
export class Skipping {
  readonly #options: ResolvedRunnerOptions;
  readonly #counters: SinkCounters;
  readonly #health: SinkHealth;
  #to = 0;
  #cause: DropCause = 'behind_bytes';
  #unlogged = { batches: 0, records: 0 };
  #loggedAt = Number.NEGATIVE_INFINITY;

  constructor(options: ResolvedRunnerOptions, counters: SinkCounters, health: SinkHealth) {
    this.#options = options;
    this.#counters = counters;
    this.#health = health;
  }

  /** Entries before this index are skipped, unless they were written before. */
  get to(): number {
    return this.#to;
  }

  /**
   * Checks the limits, and skips entries that exceed them.
   * @param position the first entry that is not written
   * @param readTo the first entry that is not being written: entries skipped from there on are counted at
   * once, as exactly as the journal knows
   */
  check(position: number, readTo: number): void {
    const { journal, onFull } = this.#options;
    if (onFull !== 'skip') return;
    const from = Math.max(position, this.#to);
    const cause = exceededBound(journal.behind(from), this.#options);
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

  /** Removes skipped entries from entries that were not written. */
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
    this.#unlogged.batches += batches;
    this.#unlogged.records += records;
    const now = this.#options.clock.monotonicNow();
    if (now - this.#loggedAt < LOG_MILLIS) return;
    const all = this.#unlogged;
    this.#health.log(
      Severity.WARN,
      `too far behind (${cause}); the oldest ${all.batches} batches with ${all.records} records were skipped`,
    );
    this.#unlogged = { batches: 0, records: 0 };
    this.#loggedAt = now;
  }
}

/** The first position from which no limit is exceeded, by binary search: about 20 calls of the journal. */
function withinBounds(journal: JournalView, position: number, bounds: BehindBounds): number {
  let tooEarly = position;
  let within = journal.next;
  while (within - tooEarly > 1) {
    const middle = tooEarly + Math.floor((within - tooEarly) / 2);
    if (exceededBound(journal.behind(middle), bounds) === undefined) within = middle;
    else tooEarly = middle;
  }
  return within;
}
