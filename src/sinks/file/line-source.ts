import type { JournalEntry } from '../../component/index.ts';

/** What a file sink writes: see `FileSinkOptions.format`. */
export type LineFormat = 'otlpJson' | 'text';

/** Entries that are not what the journal should hold. */
export interface BadEntries {
  /** Their `index`. */
  readonly indexes: number[];
  /** What is wrong with the last of them. */
  message: string;
}

/** Makes the lines of a file out of entries. For one call at a time. */
export interface LineSource {
  /**
   * The lines of these entries, in their order, in pieces of whole lines. A piece is good until the next is asked for.
   * What cannot be read is noted in `bad` and leaves nothing; of an entry that makes more than 8 MiB, what was read
   * before.
   * @throws the signal's reason when it is aborted
   */
  lines(entries: readonly JournalEntry[], bad: BadEntries, signal: AbortSignal): AsyncIterable<Uint8Array>;
  /** Ends what it has begun. May be called twice. */
  close(): Promise<void>;
}
