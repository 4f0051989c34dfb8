import type { BatchCount, JournalEntry, JournalReader } from '../../component/index.ts';
import { Severity } from '../../record/index.ts';
import type { Progress } from './progress.ts';
import type { ResolvedRunnerOptions } from './runner-options.ts';
import type { SinkHealth } from './sink-health.ts';
import type { SinkCounters } from './sink-stats.ts';

/** Reads the entries that a sink has not written yet, and counts those that the journal has lost. */
export class EntryReader {
  readonly #options: ResolvedRunnerOptions;
  readonly #progress: Progress;
  readonly #counters: SinkCounters;
  readonly #health: SinkHealth;
  #reader: JournalReader | undefined;
  /** Entries that were read and not written yet. */
  #entries: readonly JournalEntry[] = [];
  /** After them: the index, and the records written to the journal before it. */
  #readTo: number;
  #recordsRead: number | undefined;
  /** What the reader has skipped, as far as it was counted. */
  #missing: BatchCount = { batches: 0, records: 0 };

  constructor(
    options: ResolvedRunnerOptions,
    progress: Progress,
    counters: SinkCounters,
    health: SinkHealth,
  ) {
    this.#options = options;
    this.#progress = progress;
    this.#counters = counters;
    this.#health = health;
    this.#readTo = progress.position;
  }

  /** The first entry that was not read. */
  get readTo(): number {
    return this.#readTo;
  }

  /** Makes the next call of `next` start at the sink's position. */
  restart(): void {
    this.#reader = undefined;
  }

  /**
   * The entries from the sink's position on. @throws when the signal is aborted, or the journal cannot be
   * read
   */
  async next(maxBytes: number, signal: AbortSignal): Promise<readonly JournalEntry[]> {
    const { position, records } = this.#progress.place;
    if (this.#reader === undefined || this.#reader.position < position) {
      this.#missing = { batches: 0, records: 0 };
      this.#reader = this.#options.journal.reader(position, records);
    }
    const reader = this.#reader;
    const entries = await reader.next(maxBytes, signal);
    this.#entries = entries;
    this.#readTo = reader.position;
    this.#recordsRead = reader.recordsBefore;
    this.#countMissing(reader.missing);
    return entries;
  }

  /** The sink's position has moved. */
  movedTo(position: number): void {
    this.#readTo = Math.max(this.#readTo, position);
    this.#entries = this.#entries.filter(({ index }) => index >= position);
  }

  /** How many records were written to the journal before this entry, in total; undefined if unknown. */
  recordsBefore(position: number): number | undefined {
    const { place } = this.#progress;
    if (position === place.position) return place.records;
    if (position > this.#readTo || this.#recordsRead === undefined) return undefined;
    return this.#entries.reduce(
      (sum, { index, records }) => (index < position ? sum : sum - records),
      this.#recordsRead,
    );
  }

  /** @param missing what the reader has skipped so far */
  #countMissing({ batches, records }: BatchCount): void {
    const more = { batches: batches - this.#missing.batches, records: records - this.#missing.records };
    this.#missing = { batches, records };
    if (more.batches === 0 && more.records === 0) return;
    this.#counters.addDropped('trimmed', more.batches, more.records);
    this.#health.log(
      Severity.ERROR,
      `the journal has lost ${more.batches} batches with ${more.records} records that the sink had not written`,
    );
  }
}
