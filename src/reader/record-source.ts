import type { LogGroup } from '../otlp/index.ts';
import type { Condition } from '../ottl/index.ts';

/** A query for records. A record must match every part that is set. */
export interface RecordQuery {
  /** Words that must all be in the record's body, event name or attributes, see {@link wordTest}. */
  readonly words?: string | undefined;
  readonly when?: Condition | undefined;
  /** The predefined view of `when`, for a source that cannot evaluate conditions. */
  readonly view?: ViewName | undefined;
  /** A trace id or a prefix of one: 1 to 32 lowercase hex digits. */
  readonly traceId?: string | undefined;
  /** Nanoseconds since 1970, inclusive; the time of a record is its own, otherwise its observed time. */
  readonly fromNanos?: bigint | undefined;
  /** Nanoseconds since 1970, exclusive. */
  readonly toNanos?: bigint | undefined;
  /** Maximum number of records; Infinity: all that the source returns. */
  readonly limit: number;
  /**
   * Which records are returned if there are more than the limit, and their order. Absent: any order, all
   * records.
   */
  readonly order?: 'newest' | 'oldest' | undefined;
}

/** The predefined sets of records from which tasks, bursts and failures are derived. */
export type ViewName = 'errors' | 'numberedErrors' | 'failures' | 'bursts' | 'tasks' | 'failedTasks';

/** The query of a live view. Earlier records are not shown, except those from `fromNanos` on. */
export type TailQuery = Pick<RecordQuery, 'words' | 'when' | 'traceId' | 'fromNanos'>;

/** A notice of a source, between the records. */
export type Notice =
  /** A live view has missed this many records. */
  | { readonly notice: 'missed'; readonly records: number }
  /** There are more records than `limit`. */
  | { readonly notice: 'more' }
  /** Something could not be read. The message has no period at the end and may contain untrusted text. */
  | { readonly notice: 'problem'; readonly message: string };

export type Found = LogGroup | Notice;

export function isNotice(found: Found): found is Notice {
  return 'notice' in found;
}

export interface RecordCount {
  readonly records: number;
  /** The source stopped counting; there may be more. */
  readonly atLeast: boolean;
}

/**
 * A source of records: files, a daemon, or VictoriaLogs. A source can be used for many queries, also
 * concurrently, except for standard input, which is read once.
 *
 * All three methods reject with a {@link ReaderError} if nothing can be read, and return if the signal is
 * aborted.
 */
export interface RecordSource {
  /** The name for messages: `app.jsonl`, `the daemon at 127.0.0.1:5080`. */
  readonly name: string;
  /** Whether it has an index of traces; otherwise each query reads everything. */
  readonly isIndexed: boolean;
  /**
   * The groups of one answer are in the order of the query; a group has records of one resource and scope.
   */
  find(query: RecordQuery, signal: AbortSignal): AsyncIterable<Found>;
  count(query: Omit<RecordQuery, 'limit' | 'order'>, signal: AbortSignal): Promise<RecordCount>;
  /** New records, until the signal is aborted or the source ends. */
  tail(query: TailQuery, signal: AbortSignal): AsyncIterable<Found>;
}
