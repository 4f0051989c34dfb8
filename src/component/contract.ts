import type { BatchCount, Behind, ByCause } from './stats.ts';

/**
 * What the parts of the daemon agree on: receivers hand batches to the journal, sinks read them from it.
 * Each part is tested against this page alone.
 */

/** The place of a batch in what one exporter instance sends. Numbers are whole, from 1, below 2^53. */
export interface Origin {
  /** 16 random bytes, one exporter instance. */
  readonly producer: Uint8Array;
  /** The number of the batch; each is higher than the one before. */
  readonly seq: number;
  /**
   * The highest lower `seq` that the sender still expects to be here; 0: none. What lies between was dropped.
   */
  readonly prev: number;
  /** Who sends: a key of CURVE, or a machine. For the bounds of the memory of producers. */
  readonly owner?: string | undefined;
}

/** A batch as a receiver hands it in. */
export interface Batch {
  /**
   * `ExportLogsServiceRequest`, protobuf, not compressed; it was scanned, so it parses. Never changed later.
   */
  readonly body: Uint8Array;
  /** How many records it holds. */
  readonly records: number;
  /** The crc-32 of the body, if it is known. */
  readonly bodyCrc?: number | undefined;
  /** Absent: the sender has no memory of its own (OTLP, push), so nothing is recognised as a repeat. */
  readonly origin?: Origin | undefined;
}

/** What became of a batch. Only `accepted` and `duplicate` may be acknowledged. */
export type Accepted =
  /** It is on the disk, as the journal's entry `index`. */
  | { readonly kind: 'accepted'; readonly index: number }
  /** It has been on the disk before: `seq <= last`. Answered only once the first copy is on the disk. */
  | { readonly kind: 'duplicate'; readonly last: number }
  /** `prev > last`: something between is missing. The sender sends again from `last`. */
  | { readonly kind: 'gap'; readonly last: number }
  /** The journal is full, or the disk's floor is reached. Nothing was written. */
  | { readonly kind: 'full'; readonly retryAfterMillis: number };

/** The receivers' side of the journal. */
export interface Intake {
  /** 16 random bytes, made with the journal. Another id means: the memory of producers is gone. */
  readonly id: Uint8Array;
  /** The highest `seq` on the disk for this producer; 0: none. */
  lastSeq(producer: Uint8Array): number;
  /** The owner with whom this producer was first seen since the start; undefined: none is known. */
  ownerOf?(producer: Uint8Array): string | undefined;
  /**
   * Takes a batch. Batches are written in the order of the calls, in groups, with one fdatasync a group.
   * @returns after the batch is on the disk
   * @throws (rejects) after a write or fsync error: the daemon ends then, no later append succeeds
   */
  append(batch: Batch): Promise<Accepted>;
}

/** A batch as a sink reads it. */
export interface JournalEntry {
  /** Its number in the journal, from 1. Gaps are entries that were lost, or never acknowledged. */
  readonly index: number;
  /** When it was received, milliseconds since 1970. */
  readonly receivedMillis: number;
  /** How many records it holds. */
  readonly records: number;
  /** `ExportLogsServiceRequest`, protobuf, not compressed. Must not be changed. */
  readonly body: Uint8Array;
  /** Where it comes from; absent for senders that number nothing. */
  readonly origin?: Origin | undefined;
  /** It was a dead letter of this sink: others with higher indexes may have been written before. */
  readonly isReplay?: true | undefined;
  /** A processor failed for it: as a dead letter it is processed when it comes again. */
  readonly isUnprocessed?: true | undefined;
  /** A number of this run of the processors over it. Absent: it is as it was in the journal. */
  readonly processing?: number | undefined;
}

/** The sinks' side of the journal. A sink's cursor is the index of the entry it wants next. */
export interface JournalReader {
  /**
   * The next entries, together at most about `maxBytes`, but at least one; waits until there is one. They lie
   * on the disk, and their indexes follow each other without a gap. Where entries are gone, it returns none:
   * `position` has moved over the gap then.
   * @throws (rejects) with the signal's reason when it is aborted
   */
  next(maxBytes: number, signal: AbortSignal): Promise<readonly JournalEntry[]>;
  /** The index of the entry that comes next. */
  readonly position: number;
  /** How many records were written to the journal before `position`, ever; undefined: not known here. */
  readonly recordsBefore: number | undefined;
  /**
   * What this reader passed over because the journal lost it: it was damaged, or removed. What was cut off
   * because it was never acknowledged does not count. The number of records becomes known at the next segment
   * at the latest.
   */
  readonly missing: BatchCount;
}

/** What the daemon's other parts see of the journal. */
export interface JournalView {
  /** 16 random bytes, as in {@link Intake}. */
  readonly id: Uint8Array;
  /** The index of the oldest entry that is still here, and of the next one that will be written. */
  readonly first: number;
  readonly next: number;
  /** Whether entries have the indexes that they had in a journal of this id, 32 hex digits. */
  continues(id: string): boolean;
  /** @param recordsBefore `recordsBefore` of the reader that came to this position, if known */
  reader(position: number, recordsBefore?: number): JournalReader;
  /** From `position` to the end. Cheap enough to be asked for each sink whenever the journal grows. */
  behind(position: number): Behind;
  /** Calls back whenever entries have come to the disk. @returns ends that */
  onGrowth(listener: () => void): () => void;
}

/** What one sink gets of the journal's entries. */
export interface EntryView {
  /**
   * @param isReplay the entries are dead letters of the sink: they were counted and sampled before
   * @returns what the sink gets
   */
  view(entries: readonly JournalEntry[], signal: AbortSignal, isReplay: boolean): Promise<ViewedEntries>;
}

/** Entries as a sink gets them, and what was done to them. */
export interface ViewedEntries {
  /** With their indexes and times. An entry without records for the sink is missing. */
  readonly entries: readonly JournalEntry[];
  /** Records that the sink does not get, by rule or processor; `not_routed`: no rule sends them there. */
  readonly filtered: ByCause;
  /** Records that were changed, by rule. */
  readonly redacted: ByCause;
  /** What cannot be processed: dead letters. */
  readonly rejected?: readonly RejectedEntry[] | undefined;
}

export interface RejectedEntry {
  readonly entry: JournalEntry;
  readonly error: RejectedError;
}

/**
 * A place where records go. Made by a factory from its part of the configuration; driven by the sink runner,
 * which reads the journal, calls `write` with one call at a time, keeps the cursor, retries, and counts.
 */
export interface Sink {
  /**
   * Called once before the first `write`. `state` is what the last successful `write` returned before the
   * daemon stopped, or undefined: a sink that can is to undo here what it wrote beyond it.
   */
  open(state: unknown): Promise<void>;
  /**
   * Called before each `write`, with no other call under way. It makes a sink exact over a crash when it
   * changes places, such as files: the state that names the new place is stored before anything is written
   * there.
   * @returns a state that must be on the disk before `write` is called; undefined: the last one still holds
   * @throws like `write`; a `RejectedError` has no meaning here
   */
  prepare?(signal: AbortSignal): Promise<unknown>;
  /**
   * Writes entries. When it resolves they are as safe as this sink makes them, and the cursor moves behind
   * them, together with the returned state (plain data for JSON, at most 4 KiB).
   * @throws RejectedError for entries that will never be taken: they become dead letters, the next follow.
   * @throws anything else: the same entries come again after a back-off.
   */
  write(entries: readonly JournalEntry[], signal: AbortSignal): Promise<unknown>;
  /** Closes files and connections. Called once, also after a failed `open`. */
  close(): Promise<void>;
  /**
   * Running totals that only this type of sink has, such as `rotations`. Names are fixed words in snake_case:
   * they become names of metrics.
   */
  counters?(): Readonly<Record<string, number>>;
  /**
   * Running totals of records that `write` took and the sink dropped nevertheless, such as `partial_success`.
   */
  dropped?(): ByCause;
}

/** The receiver of records rejects them permanently, or they cannot be written at all. */
export interface RejectedError extends Error {
  /** What the destination rejected; those records become dead letters. */
  readonly rejected: true;
  /** In one word, for counters and the dead letter file, e.g. `http_400`. */
  readonly cause: string;
  /** Which of the entries; the others of the call were taken. Absent: all. */
  readonly indexes?: readonly number[];
  /** State after the entries that were taken, as `write` returns it. */
  readonly state?: unknown;
}

/** A retry that should not come before this. */
export interface RetryLaterError extends Error {
  /** How long to wait at least before the next attempt, in milliseconds. */
  readonly retryAfterMillis: number;
}

/** A running receiver. Its constructor only checks; `start` opens sockets. */
export interface Receiver {
  /** Opens its sockets. @throws with what is wrong and which setting changes it, e.g. for a port in use */
  start(): Promise<void>;
  /**
   * Takes no new batch, answers those in flight within `graceMillis`, closes sockets. May be called twice.
   */
  stop(graceMillis: number): Promise<void>;
  /** Where it listens, with the real port, e.g. `tcp://127.0.0.1:5010`. */
  readonly endpoint: string;
}

/** Counters of the receivers, one object for each receiver; the metrics page reads them. */
export interface ReceiverCounters {
  batches: number;
  records: number;
  bytes: number;
  duplicates: number;
  /** Batches that were not taken, by cause: `malformed`, `too_large`, `unauthorized`, `full`, ... */
  readonly refused: Map<string, number>;
  /** Records that were read and dropped, by cause (push only: `full`, `malformed`). */
  readonly dropped: Map<string, number>;
}

/** Where the daemon's parts write their own records. */
export interface OwnLog {
  /**
   * Writes a record of the daemon itself, unless many alike came before it.
   * @param severity a number of `Severity`
   */
  emit(
    severity: number,
    message: string,
    attributes?: Readonly<Record<string, string | number | boolean>>,
  ): void;
}
