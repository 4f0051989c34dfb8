/**
 * The counters of the daemon's parts, in one set of terms. `/status` shows these objects unchanged;
 * `/metrics` and `distlogd status` show every field of them.
 *
 * *Refused*: not accepted; the sender is informed, and may send again. *Dropped*: accepted, then lost.
 * *Rejected*: permanently refused by the destination of a sink, kept as a dead letter. Counters only
 * increase, and start at 0 with the process.
 */

/** Counts by cause. A cause is a fixed word, never derived from data. */
export type ByCause<T = number> = Readonly<Record<string, T>>;

/** Batches (entries of the journal) and the records in them. */
export interface BatchCount {
  readonly batches: number;
  readonly records: number;
}

/** The part of the journal that a sink has not yet written. */
export interface Behind extends BatchCount {
  readonly bytes: number;
  /** Age of the oldest entry that it has not written, in milliseconds; 0: none. */
  readonly ageMillis: number;
}

/** The counters of a receiver. */
export interface ReceiverStats {
  /** Accepted batches, which are in the journal. */
  readonly batches: number;
  readonly records: number;
  /** Decompressed. */
  readonly bytes: number;
  /** Batches that had been accepted before, and were acknowledged again. */
  readonly duplicates: number;
  /** Batches, requests and connections that were refused. */
  readonly refused: ByCause;
  /** Records that were read and then dropped without informing the sender (mode `push`). */
  readonly dropped: ByCause;
}

/** Damage found in the journal. */
export interface DamageStats {
  /** Ranges of segments that are damaged although they were once on disk. */
  readonly damagedRanges: number;
  readonly damagedBytes: number;
  /** The part of these bytes that was not copied to a separate file: too many, or no space. */
  readonly uncopiedBytes: number;
  /** Bytes truncated after the last complete group: a torn write. */
  readonly cutBytes: number;
  /** Batches and records of the newest segments that were missing at the start, as far as known. */
  readonly missingBatches: number;
  readonly missingRecords: number;
}

/** The counters and the current size of the journal. */
export interface JournalStats extends DamageStats {
  /** Size of all segments. */
  readonly bytes: number;
  /** The size at which it is full. */
  readonly maxBytes: number;
  readonly segments: number;
  /** Batches that at least one sink has not yet written. */
  readonly batches: number;
  /** Batches and bytes that wait to be written. */
  readonly queuedBatches: number;
  readonly queuedBytes: number;
  /** Groups of batches that were written together, and fdatasync calls. */
  readonly groups: number;
  readonly syncs: number;
  /** It currently accepts nothing: it has reached `maxBytes`, or the disk is full. */
  readonly isFull: boolean;
  /** Batches that were refused because there was no space. */
  readonly refused: ByCause;
  /** Senders whose last batch is remembered. */
  readonly producers: number;
  /** Senders that were evicted because of their number or age. */
  readonly forgottenProducers: number;
}

/** The counters of a sink since it was started, and its condition. */
export interface SinkStats {
  readonly name: string;
  /**
   * `opening`, `running`; `waiting` for the next attempt after a failure; `hung`: a call of the sink does not
   * return, although its signal was aborted; `stopped`; `removed`: it is no longer in the configuration.
   */
  readonly condition: 'new' | 'opening' | 'running' | 'waiting' | 'hung' | 'stopped' | 'removed';
  readonly written: BatchCount & { readonly bytes: number };
  readonly behind: Behind;
  /** Calls that failed and were repeated. */
  readonly retries: number;
  /** Entries that the destination rejected. */
  readonly rejected: ByCause<BatchCount>;
  /** Rejected entries that were kept as dead letters. */
  readonly deadLetters: BatchCount;
  /** Bytes of dead letters that were found damaged on replay. */
  readonly damagedLetterBytes: number;
  /**
   * Records that rules filtered out for this sink, by rule; `not_routed`: no rule routes them to it. They
   * count neither as written nor as dropped.
   */
  readonly filtered: ByCause;
  /** Records that rules changed for this sink, by rule. */
  readonly redacted: ByCause;
  /**
   * Entries that this sink will never write: it was too far behind (`behind_bytes`, `behind_age`; with
   * `onFull: skip`), the journal no longer had them (`trimmed`), the limit of the dead letters was reached
   * (`dead_letters`), the sink was removed (`released`), or for a reason specific to the sink, see
   * `Sink.dropped`.
   */
  readonly dropped: ByCause<BatchCount>;
  /** It is too far behind with `onFull: block`, so the receivers refuse all requests. */
  readonly blocking: boolean;
  /** The error after which it is retrying. */
  readonly trouble?: string | undefined;
  /** The last error, even if it has been resolved. */
  readonly lastError?: { readonly text: string; readonly atMillis: number } | undefined;
  /** Counters specific to this type of sink, see `Sink.counters`. */
  readonly own: Readonly<Record<string, number>>;
}

/** Counters of the daemon's own log records. */
export interface SelfLogStats {
  /** Records that were not written to the journal. */
  readonly dropped: number;
  /** Records that were suppressed because there were too many similar ones within ten seconds. */
  readonly suppressed: number;
}

/** The counters of a processor. */
export interface ProcessorStats {
  readonly name: string;
  readonly type: string;
  readonly batches: number;
  /** Records that it returned. */
  readonly records: number;
  /** Number of times it threw, or its process could not be started, exited, or timed out. */
  readonly failures: number;
}
