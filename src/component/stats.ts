/**
 * What the parts of the daemon count, in one set of words. `/status` shows these objects as they are, `/metrics` and
 * `distlogd status` show every field of them.
 *
 * *Refused*: not taken; the sender knows it, and may send again. *Dropped*: taken, then lost. *Rejected*: refused
 * permanently by the destination of a sink, kept as a dead letter. Counters only grow, and begin at 0 with the process.
 */

/** Counts by cause. A cause is a fixed word, never built from data. */
export type ByCause<T = number> = Readonly<Record<string, T>>;

/** Batches (entries of the journal) and the records in them. */
export interface BatchCount {
  readonly batches: number;
  readonly records: number;
}

/** What is in the journal and a sink has not written yet. */
export interface Behind extends BatchCount {
  readonly bytes: number;
  /** Age of the oldest entry it has not written, milliseconds; 0: none. */
  readonly ageMillis: number;
}

/** What a receiver has counted. */
export interface ReceiverStats {
  /** What was taken: it is in the journal. */
  readonly batches: number;
  readonly records: number;
  /** Decompressed. */
  readonly bytes: number;
  /** Batches that had been taken before, and were acknowledged again. */
  readonly duplicates: number;
  /** Batches, requests and connections that were refused. */
  readonly refused: ByCause;
  /** Records that were read and dropped; the sender does not know it (mode `push`). */
  readonly dropped: ByCause;
}

/** What of the journal's bytes does not check out. */
export interface DamageStats {
  /** Ranges of segments that are damaged although they were on the disk once. */
  readonly damagedRanges: number;
  readonly damagedBytes: number;
  /** Of these, the bytes that were not copied into a file beside: too many, or no room. */
  readonly uncopiedBytes: number;
  /** Bytes that were cut off behind the last complete group: a torn write. */
  readonly cutBytes: number;
  /** Batches, and the records in them, of newest segments that were gone at the start, as far as it is known. */
  readonly missingBatches: number;
  readonly missingRecords: number;
}

/** What the journal has counted, and how large it is now. */
export interface JournalStats extends DamageStats {
  /** Size of all segments. */
  readonly bytes: number;
  /** The size from which on it is full. */
  readonly maxBytes: number;
  readonly segments: number;
  /** Batches that some sink has not written yet. */
  readonly batches: number;
  /** Batches and bytes that wait to be written. */
  readonly queuedBatches: number;
  readonly queuedBytes: number;
  /** Groups of batches that were written together, and calls of fdatasync. */
  readonly groups: number;
  readonly syncs: number;
  /** It takes nothing at the moment: it has reached `maxBytes`, or the disk is full. */
  readonly isFull: boolean;
  /** Batches that were refused because there was no room. */
  readonly refused: ByCause;
  /** Senders whose last batch is remembered. */
  readonly producers: number;
  /** Senders that were forgotten, for their number or their age. */
  readonly forgottenProducers: number;
}

/** What a sink has done since it was started, and how it is. */
export interface SinkStats {
  readonly name: string;
  /**
   * `opening`, `running`; `waiting` for the next attempt after a failure; `hung`: a call of the sink does not come
   * back, though its signal was aborted; `stopped`; `removed`: it is not in the configuration any more.
   */
  readonly condition: 'new' | 'opening' | 'running' | 'waiting' | 'hung' | 'stopped' | 'removed';
  readonly written: BatchCount & { readonly bytes: number };
  readonly behind: Behind;
  /** Calls that failed and were repeated. */
  readonly retries: number;
  /** What the destination rejected. */
  readonly rejected: ByCause<BatchCount>;
  /** What of that was kept as dead letters. */
  readonly deadLetters: BatchCount;
  /** Bytes of dead letters that were damaged when they were handed back. */
  readonly damagedLetterBytes: number;
  /**
   * Records that rules keep from this sink, by rule; `not_routed`: no rule sends them here. They count neither as
   * written nor as dropped.
   */
  readonly filtered: ByCause;
  /** Records that rules changed for this sink, by rule. */
  readonly redacted: ByCause;
  /**
   * What this sink will never write: it was too far behind (`behind_bytes`, `behind_age`; with `onFull: skip`), the
   * journal did not have it any more (`trimmed`), the bound of the dead letters was reached (`dead_letters`), it was removed (`released`), or for a
   * reason of the sink's own, see `Sink.dropped`.
   */
  readonly dropped: ByCause<BatchCount>;
  /** It is too far behind with `onFull: block`, so the receivers refuse everything. */
  readonly blocking: boolean;
  /** The error that it is retrying after. */
  readonly trouble?: string | undefined;
  /** The last error, also if it is over. */
  readonly lastError?: { readonly text: string; readonly atMillis: number } | undefined;
  /** Counters that only this type of sink has, see `Sink.counters`. */
  readonly own: Readonly<Record<string, number>>;
}

/** What became of the daemon's own log records. */
export interface SelfLogStats {
  /** Records that did not come into the journal. */
  readonly dropped: number;
  /** Records that were neither printed nor kept, because too many like them came within ten seconds. */
  readonly suppressed: number;
}

/** What a processor has done. */
export interface ProcessorStats {
  readonly name: string;
  readonly type: string;
  readonly batches: number;
  /** Records that it returned. */
  readonly records: number;
  /** How often it threw, or its process could not be started, ended, or took too long. */
  readonly failures: number;
}
