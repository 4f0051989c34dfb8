import type { BatchCount, Behind, ByCause } from './stats.ts';

/**
 * The contract between the parts of the daemon: receivers append batches to the journal, sinks read them from
 * it. Each part is tested against this contract alone.
 */

/**
 * The position of a batch in the sequence of one exporter instance. Numbers are whole, from 1, below 2^53.
 */
export interface Origin {
  /** 16 random bytes that identify an exporter instance. */
  readonly producer: Uint8Array;
  /** The sequence number of the batch; numbers increase. */
  readonly seq: number;
  /**
   * The highest lower `seq` that the sender did not drop; 0: none. The batches between `prev` and `seq` were
   * dropped.
   */
  readonly prev: number;
  /** The sender, a CURVE key or a host, for the limits on remembered producers. */
  readonly owner?: string | undefined;
}

/** A batch from a receiver. */
export interface Batch {
  /** `ExportLogsServiceRequest`, protobuf, uncompressed and validated. Never modified. */
  readonly body: Uint8Array;
  /** Number of records. */
  readonly records: number;
  /** The CRC-32 of the body, if it is known. */
  readonly bodyCrc?: number | undefined;
  /** Absent: the sender does not number its batches (OTLP, push), so duplicates are not detected. */
  readonly origin?: Origin | undefined;
}

/** The result of an append. Only `accepted` and `duplicate` may be acknowledged. */
export type Accepted =
  /** The batch is on disk, as the journal's entry `index`. */
  | { readonly kind: 'accepted'; readonly index: number }
  /** The batch was already on disk: `seq <= last`. Returned only when the first copy is on disk. */
  | { readonly kind: 'duplicate'; readonly last: number }
  /** `prev > last`: a batch before this one is missing. The sender sends again from `last`. */
  | { readonly kind: 'gap'; readonly last: number }
  /** The journal is full, or the minimum of free disk space is reached. Nothing was written. */
  | { readonly kind: 'full'; readonly retryAfterMillis: number };

/** The receivers' interface to the journal. */
export interface Intake {
  /**
   * 16 random bytes, generated with the journal. A different id means that the remembered producers are lost.
   */
  readonly id: Uint8Array;
  /** The highest `seq` on disk for this producer; 0: none. */
  lastSeq(producer: Uint8Array): number;
  /** The owner of this producer's first batch since the start; undefined if it is unknown. */
  ownerOf?(producer: Uint8Array): string | undefined;
  /**
   * Appends a batch. Batches are written in the order of the calls, in groups, with one fdatasync per group.
   * @returns after the batch is on disk
   * @throws (rejects) after a write or fsync error: no later append succeeds, and the daemon exits
   */
  append(batch: Batch): Promise<Accepted>;
}

/** A batch that a sink reads. */
export interface JournalEntry {
  /** Its index in the journal, from 1. Gaps are entries that were lost, or never acknowledged. */
  readonly index: number;
  /** The time of receipt, in milliseconds since 1970. */
  readonly receivedMillis: number;
  /** Number of records. */
  readonly records: number;
  /** `ExportLogsServiceRequest`, protobuf, uncompressed. Must not be modified. */
  readonly body: Uint8Array;
  /** Its origin; absent for senders that do not number their batches. */
  readonly origin?: Origin | undefined;
  /** A replayed dead letter of this sink: entries with higher indexes may have been written before. */
  readonly isReplay?: true | undefined;
  /** A processor failed for it: if it becomes a dead letter, it is processed when it is replayed. */
  readonly isUnprocessed?: true | undefined;
  /** Identifies the run of the processors that produced it. Absent: it is unchanged from the journal. */
  readonly processing?: number | undefined;
}

/** The sinks' interface to the journal. A sink's cursor is the index of the next entry to read. */
export interface JournalReader {
  /**
   * Returns the next entries, about `maxBytes` at most, but at least one; waits until there is one. They are
   * on disk, and their indexes are consecutive. If entries were lost, it returns none, and `position` has
   * moved past the gap.
   * @throws (rejects) with the signal's reason if it is aborted
   */
  next(maxBytes: number, signal: AbortSignal): Promise<readonly JournalEntry[]>;
  /** The index of the next entry. */
  readonly position: number;
  /** Number of records ever written to the journal before `position`; undefined if unknown. */
  readonly recordsBefore: number | undefined;
  /**
   * Batches that this reader skipped because the journal lost them: they were damaged or removed. Truncated
   * bytes that were never acknowledged are not counted. The number of records becomes known at the next
   * segment at the latest.
   */
  readonly missing: BatchCount;
}

/** The interface of the journal for the other parts of the daemon. */
export interface JournalView {
  /** 16 random bytes, as in {@link Intake}. */
  readonly id: Uint8Array;
  /** The index of the oldest entry that still exists, and of the next one to be written. */
  readonly first: number;
  readonly next: number;
  /** Whether entries have the same indexes as in a journal with this id, 32 hex digits. */
  continues(id: string): boolean;
  /** @param recordsBefore `recordsBefore` of the reader that reached this position, if known */
  reader(position: number, recordsBefore?: number): JournalReader;
  /**
   * The batches from `position` to the end. Cheap enough to be called for each sink whenever the journal
   * grows.
   */
  behind(position: number): Behind;
  /** Registers a callback for when entries are on disk. @returns a function that removes it */
  onGrowth(listener: () => void): () => void;
}

/** The journal's entries as one sink receives them. */
export interface EntryView {
  /**
   * @param isReplay the entries are dead letters of the sink, to which limits and samples were already
   * applied
   * @returns the entries for the sink
   */
  view(entries: readonly JournalEntry[], signal: AbortSignal, isReplay: boolean): Promise<ViewedEntries>;
}

/** Entries as a sink receives them, with counts of what was changed. */
export interface ViewedEntries {
  /** With their indexes and times. Entries without records for the sink are omitted. */
  readonly entries: readonly JournalEntry[];
  /**
   * Records that the sink does not receive, by rule or processor; `not_routed`: no rule routes them to the
   * sink.
   */
  readonly filtered: ByCause;
  /** Records that were changed, by rule. */
  readonly redacted: ByCause;
  /** Entries that cannot be processed and become dead letters. */
  readonly rejected?: readonly RejectedEntry[] | undefined;
}

export interface RejectedEntry {
  readonly entry: JournalEntry;
  readonly error: RejectedError;
}

/**
 * A destination of records. A factory creates it from its part of the configuration. The sink runner reads
 * the journal, calls `write` with one call at a time, keeps the cursor, retries, and counts.
 */
export interface Sink {
  /**
   * Called once before the first `write`. `state` is the value that the last successful `write` returned
   * before the daemon stopped, or undefined. If possible, the sink undoes here what it wrote after that
   * state.
   */
  open(state: unknown): Promise<void>;
  /**
   * Called before each `write`, never concurrently with another call. It makes a sink exact across a crash
   * when it switches to another destination, such as a new file: the state that names the new file is stored
   * before anything is written to it.
   * @returns a state that must be on disk before `write` is called; undefined: the last one remains valid
   * @throws as `write` does; a `RejectedError` has no special meaning here
   */
  prepare?(signal: AbortSignal): Promise<unknown>;
  /**
   * Writes entries. When it resolves, they are as durable as this sink makes them, and the cursor moves past
   * them, together with the returned state (plain data for JSON, at most 4 KiB).
   * @throws RejectedError for permanently rejected entries: they become dead letters, and the next entries
   * follow
   * @throws any other error: the same entries are retried after a back-off
   */
  write(entries: readonly JournalEntry[], signal: AbortSignal): Promise<unknown>;
  /** Closes files and connections. Called once, also after a failed `open`. */
  close(): Promise<void>;
  /**
   * Running totals specific to this type of sink, such as `rotations`. Names are fixed words in snake_case,
   * and become metric names.
   */
  counters?(): Readonly<Record<string, number>>;
  /** Running totals of records that `write` accepted but the sink dropped, such as `partial_success`. */
  dropped?(): ByCause;
}

/** The destination rejects records permanently, or they cannot be written at all. */
export interface RejectedError extends Error {
  /** Marks a permanent rejection; the records become dead letters. */
  readonly rejected: true;
  /** The cause in one word, for counters and the dead letter file, for example `http_400`. */
  readonly cause: string;
  /** The rejected entries; the others of the call were written. Absent: all were rejected. */
  readonly indexes?: readonly number[];
  /** The state after the entries that were written, as `write` returns it. */
  readonly state?: unknown;
}

/** An error after which a retry must wait. */
export interface RetryLaterError extends Error {
  /** Minimum delay before the next attempt, in milliseconds. */
  readonly retryAfterMillis: number;
}

/** A running receiver. Its constructor only checks; `start` opens sockets. */
export interface Receiver {
  /**
   * Opens its sockets. @throws an error that names the problem and the setting that resolves it, for example
   * for a port in use
   */
  start(): Promise<void>;
  /**
   * Accepts no new batches, answers those in flight within `graceMillis`, closes sockets. May be called
   * twice.
   */
  stop(graceMillis: number): Promise<void>;
  /** The address it listens on, with the actual port, for example `tcp://127.0.0.1:5010`. */
  readonly endpoint: string;
}

/** Counters of one receiver, which the metrics page reads. */
export interface ReceiverCounters {
  batches: number;
  records: number;
  bytes: number;
  duplicates: number;
  /** Batches that were refused, by cause: `malformed`, `too_large`, `unauthorized`, `full`, ... */
  readonly refused: Map<string, number>;
  /** Records that were read and then dropped, by cause (push only: `full`, `malformed`). */
  readonly dropped: Map<string, number>;
}

/** The log of the daemon itself. */
export interface OwnLog {
  /**
   * Writes a record of the daemon itself, unless it is suppressed by the rate limit for similar records.
   * @param severity a number of `Severity`
   */
  emit(
    severity: number,
    message: string,
    attributes?: Readonly<Record<string, string | number | boolean>>,
  ): void;
}
