import { wellFormed } from '../otlp/index.ts';
import { type Condition, compileCondition } from '../ottl/index.ts';
import { BURST_ID, BURST_RELEASED_EVENT } from '../record/index.ts';
import { type TreeRecord, treeRecords } from '../tree/index.ts';
import { type TaskChoice, type TaskRow, taskRows } from './overview.ts';
import {
  isNotice,
  type Notice,
  type RecordQuery,
  type RecordSource,
  type ViewName,
} from './record-source.ts';

/** Maximum number of records that a server returns at once; larger trees are not useful. */
export const MAX_RECORDS = 100_000;

/** Severity texts of senders that do not set a number. */
const ERROR_TEXTS = [
  'ERROR',
  'error',
  'Error',
  'FATAL',
  'fatal',
  'CRITICAL',
  'critical',
  'ALERT',
  'EMERGENCY',
];
const ERRORS =
  'severity_number >= SEVERITY_NUMBER_ERROR or (severity_number == 0 and ' +
  `(${ERROR_TEXTS.map((text) => `severity_text == "${text}"`).join(' or ')}))`;
/** The same for senders that set a number, for which servers have an index. */
const NUMBERED_ERRORS = 'severity_number >= SEVERITY_NUMBER_ERROR';
const BURSTS = `event_name == "${BURST_RELEASED_EVENT}"`;
const TASKS =
  'attributes["task.id"] != nil and (HasPrefix(event_name, "task.") or attributes["task.outcome"] != nil ' +
  `or attributes["distlog.key"] != nil or ${ERRORS})`;

const CONDITIONS: Readonly<Record<ViewName, string>> = {
  /** ERROR or above, by number, otherwise by text. */
  errors: ERRORS,
  numberedErrors: NUMBERED_ERRORS,
  /** Records that mark a trace as failed. */
  failures: `${ERRORS} or ${BURSTS}`,
  bursts: BURSTS,
  /** Starts and ends of tasks, and their errors. */
  tasks: TASKS,
  /** The same, and errors outside of tasks. */
  failedTasks: `(${TASKS}) or ${ERRORS}`,
};

/** The part of a query that selects a view, combined with a user's condition. */
export function viewOf(view: ViewName, own?: Condition): Pick<RecordQuery, 'when' | 'view'> {
  const text = CONDITIONS[view];
  if (own === undefined) return { view, when: compileCondition(text) };
  return { view, when: compileCondition(`(${text}) and (${own.text})`, own.patterns) };
}

/** Receives the notices of a source. */
export type OnNotice = (notice: Notice) => void;

/** Runs a query and converts the records for the tree. */
export async function collect(
  source: RecordSource,
  query: RecordQuery,
  onNotice: OnNotice,
  signal: AbortSignal,
): Promise<TreeRecord[]> {
  const records: TreeRecord[] = [];
  for await (const found of source.find(query, signal)) {
    if (isNotice(found)) onNotice(found);
    else for (const record of treeRecords(found)) records.push(record);
  }
  return records;
}

/** The last failure, or the last burst. */
export type Last = 'failures' | 'bursts';

/** The time before an error without a trace. */
const BEFORE_NANOS = 10_000_000_000n;

/**
 * The query for all records of the last failure or burst: those of its trace; without a trace those of its
 * burst; without either, those of the same service without a trace in the ten seconds before it.
 * @returns undefined if there is none
 */
export async function storyOfLast(
  source: RecordSource,
  last: Last,
  query: Pick<RecordQuery, 'words' | 'when' | 'fromNanos' | 'toNanos'>,
  onNotice: OnNotice,
  signal: AbortSignal,
): Promise<RecordQuery | undefined> {
  const withoutMore: OnNotice = (notice) => {
    if (notice.notice !== 'more') onNotice(notice);
  };
  const newest = async (view: ViewName) => {
    const one = { ...query, ...viewOf(view, query.when), limit: 1, order: 'newest' } as const;
    return (await collect(source, one, withoutMore, signal))[0];
  };
  let record: TreeRecord | undefined;
  if (last === 'failures' && source.isIndexed) {
    // Both queries use an index; a combined condition would search all records.
    const [error, burst] = await Promise.all([newest('numberedErrors'), newest('bursts')]);
    record = error !== undefined && burst !== undefined && isBefore(error, burst) ? burst : (error ?? burst);
  }
  record ??= await newest(last);
  return record === undefined ? undefined : storyOf(record);
}

function isBefore(one: TreeRecord, other: TreeRecord): boolean {
  return one.seconds < other.seconds || (one.seconds === other.seconds && one.nanos < other.nanos);
}

function storyOf({ traceId, attributes, service, seconds, nanos }: TreeRecord): RecordQuery {
  if (traceId !== '') return { traceId, limit: MAX_RECORDS };
  const burst = quoted(attributes[BURST_ID]);
  if (burst !== undefined) {
    return { when: compileCondition(`attributes["${BURST_ID}"] == ${burst}`), limit: MAX_RECORDS };
  }
  const time = BigInt(seconds) * 1_000_000_000n + BigInt(nanos);
  const none = 'trace_id.string == "00000000000000000000000000000000"';
  const named = service === '' ? undefined : quoted(service);
  return {
    when: compileCondition(
      named === undefined ? none : `${none} and resource.attributes["service.name"] == ${named}`,
    ),
    fromNanos: time - BEFORE_NANOS,
    toNanos: time + 1n,
    limit: MAX_RECORDS,
  };
}

/** Maximum length of untrusted text in a condition. */
const MAX_QUOTED = 1_000;

/** Quotes a text for a condition; undefined if it is not a string, too long, or not well formed. */
function quoted(value: unknown): string | undefined {
  if (typeof value !== 'string' || value.length > MAX_QUOTED || wellFormed(value) !== value) return undefined;
  return JSON.stringify(value);
}

/** Limits: most errors; fewest ends of slow tasks; most starts and ends for finding tasks without an end. */
const MAX_MATCHES = 5_000;
const MIN_MATCHES = 500;
const MAX_RUNNING = 20_000;
/** Number of starts and ends read per row, and of records per trace of a row. */
const RECORDS_PER_ROW = 20;
const MAX_TRACE_RECORDS = 2_000;
const TRACES_AT_ONCE = 8;

/**
 * Finds tasks, see {@link taskRows}. From an indexed source, only the deciding records are read first, then
 * the traces of the newest rows, for the names on their paths; any other source is read once.
 */
export async function findTaskRows(
  source: RecordSource,
  query: Pick<RecordQuery, 'when' | 'fromNanos' | 'toNanos'>,
  choice: TaskChoice,
  limit: number,
  onNotice: OnNotice,
  signal: AbortSignal,
): Promise<TaskRow[]> {
  let records = await collect(source, tasksQuery(source, query, choice, limit), onNotice, signal);
  let rows = taskRows(records, choice);
  if (source.isIndexed && rows.length === 0 && isOnlyFailed(choice)) {
    // For senders that do not set a severity number.
    const all = { ...query, ...viewOf('errors', query.when), limit: MAX_MATCHES, order: 'newest' } as const;
    records = await collect(source, all, onNotice, signal);
    rows = taskRows(records, choice);
  }
  if (!source.isIndexed || rows.length === 0) return rows;
  const traces = [...new Set(rows.slice(-limit).map(({ traceId }) => traceId))].filter((id) => id !== '');
  const whole: TreeRecord[] = [...records];
  const problemsOnly: OnNotice = (notice) => {
    if (notice.notice === 'problem') onNotice(notice);
  };
  for (let at = 0; at < traces.length && !signal.aborted; at += TRACES_AT_ONCE) {
    const some = traces.slice(at, at + TRACES_AT_ONCE).map((traceId) => {
      const one = { traceId, ...viewOf('tasks'), limit: MAX_TRACE_RECORDS, order: 'newest' } as const;
      return collect(source, one, problemsOnly, signal);
    });
    for (const found of await Promise.all(some)) for (const record of found) whole.push(record);
  }
  return taskRows(whole, choice);
}

function isOnlyFailed({ failed, running, slowSeconds }: TaskChoice): boolean {
  return failed && !running && slowSeconds === undefined;
}

function tasksQuery(
  source: RecordSource,
  query: Pick<RecordQuery, 'when' | 'fromNanos' | 'toNanos'>,
  choice: TaskChoice,
  limit: number,
): RecordQuery {
  const { failed, running, slowSeconds } = choice;
  const newest = (view: ViewName, most: number, when = query.when) =>
    ({ ...query, ...viewOf(view, when), limit: most, order: 'newest' }) as const;
  if (!source.isIndexed) return newest(failed ? 'failedTasks' : 'tasks', MAX_RECORDS);
  // The end of a task is newer than its start, so both are among the newest.
  if (running) return newest('tasks', MAX_RUNNING);
  if (isOnlyFailed(choice)) return newest('numberedErrors', MAX_MATCHES);
  if (slowSeconds === undefined) {
    return newest('tasks', Math.min(MAX_RECORDS, Math.max(1_000, limit * RECORDS_PER_ROW)));
  }
  const slow = `attributes["task.duration"] >= ${slowSeconds.toFixed(6)}`;
  const own = query.when === undefined ? slow : `${slow} and (${query.when.text})`;
  return newest('tasks', Math.max(MIN_MATCHES, 2 * limit), compileCondition(own, query.when?.patterns));
}
