import type { LogGroup } from '../otlp/index.ts';
import type { Condition } from '../ottl/index.ts';

/** Which records are asked for. Every part that is there has to fit. */
export interface RecordQuery {
  /** Each of these words has to be in the record's body, event name or attributes, see {@link wordTest}. */
  readonly words?: string | undefined;
  readonly when?: Condition | undefined;
  /** Which of our views `when` belongs to: for a source that cannot look up conditions. */
  readonly view?: ViewName | undefined;
  /** A trace id, or the beginning of one: 1 to 32 lower-case hex digits. */
  readonly traceId?: string | undefined;
  /** Nanoseconds since 1970; the time of a record is its own, else the time it was observed at. */
  readonly fromNanos?: bigint | undefined;
  /** Records of this time are left out. */
  readonly toNanos?: bigint | undefined;
  /** So many records at most; Infinity: all that the source gives. */
  readonly limit: number;
  /** Which records are taken when there are more, and the order in which they come. Absent: any order, all records. */
  readonly order?: 'newest' | 'oldest' | undefined;
}

/** The sets of records that tasks, bursts and failures are found in. */
export type ViewName = 'errors' | 'numberedErrors' | 'failures' | 'bursts' | 'tasks' | 'failedTasks';

/** What a live view asks for. Records that came before it are not shown, but for those of `fromNanos` on. */
export type TailQuery = Pick<RecordQuery, 'words' | 'when' | 'traceId' | 'fromNanos'>;

/** What a source says beside the records. */
export type Notice =
  /** A live view has missed so many records. */
  | { readonly notice: 'missed'; readonly records: number }
  /** There are more records than `limit`. */
  | { readonly notice: 'more' }
  /** Something could not be read. The message has no period and may hold text of anybody. */
  | { readonly notice: 'problem'; readonly message: string };

export type Found = LogGroup | Notice;

export function isNotice(found: Found): found is Notice {
  return 'notice' in found;
}

export interface RecordCount {
  readonly records: number;
  /** The source stopped counting there. */
  readonly atLeast: boolean;
}

/**
 * Where records are read from: files, a daemon, or VictoriaLogs. A source may be used for many queries, also at the same
 * time, except for standard input, which is read once.
 *
 * All three reject with a {@link ReaderError} when nothing can be read, and end quietly when the signal is aborted.
 */
export interface RecordSource {
  /** For messages: `app.jsonl`, `the daemon at 127.0.0.1:5080`. */
  readonly name: string;
  /** Whether it looks up a trace at once; otherwise each query reads everything. */
  readonly isIndexed: boolean;
  /** The groups of one answer are in the order of the query; a group holds records of one resource and scope. */
  find(query: RecordQuery, signal: AbortSignal): AsyncIterable<Found>;
  count(query: Omit<RecordQuery, 'limit' | 'order'>, signal: AbortSignal): Promise<RecordCount>;
  /** Records as they come, until the signal is aborted or the source ends. */
  tail(query: TailQuery, signal: AbortSignal): AsyncIterable<Found>;
}
