import type { ViewedEntries } from '../../component/index.ts';

/**
 * Why the runner will never write entries: the sink was too far behind (`behind_bytes`, `behind_age`; with
 * `onFull: skip`), the journal no longer had them (`trimmed`; batches only), or the limit of the dead letters
 * was reached (`dead_letters`).
 */
export type DropCause = 'behind_bytes' | 'behind_age' | 'trimmed' | 'dead_letters';

/** The counters of a sink. */
export class SinkCounters {
  readonly written = { batches: 0, records: 0, bytes: 0 };
  readonly deadLetters = { batches: 0, records: 0 };
  readonly dropped: Record<DropCause, { batches: number; records: number }> = {
    behind_bytes: { batches: 0, records: 0 },
    behind_age: { batches: 0, records: 0 },
    trimmed: { batches: 0, records: 0 },
    dead_letters: { batches: 0, records: 0 },
  };
  /** Records that rules filtered out for the sink, and records that they changed, by rule. */
  readonly filtered = new Map<string, number>();
  readonly redacted = new Map<string, number>();
  readonly rejected = new Map<string, { batches: number; records: number }>();
  retries = 0;
  damagedLetterBytes = 0;

  addRejected(cause: string, records: number): void {
    // Bounded: a sink that generates causes from data must not fill the memory.
    const name = this.rejected.has(cause) || this.rejected.size < 64 ? cause : 'other';
    const found = this.rejected.get(name) ?? { batches: 0, records: 0 };
    this.rejected.set(name, { batches: found.batches + 1, records: found.records + records });
  }

  addViewed({ filtered, redacted }: ViewedEntries): void {
    for (const [rule, records] of Object.entries(filtered)) addTo(this.filtered, rule, records);
    for (const [rule, records] of Object.entries(redacted)) addTo(this.redacted, rule, records);
  }

  addDropped(cause: DropCause, batches: number, records: number): void {
    this.dropped[cause].batches += batches;
    this.dropped[cause].records += records;
  }
}

function addTo(counts: Map<string, number>, name: string, count: number): void {
  counts.set(name, (counts.get(name) ?? 0) + count);
}
