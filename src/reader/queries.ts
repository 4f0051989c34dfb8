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

/** The most records that a server gives at once; nobody reads a tree of more. */
export const MAX_RECORDS = 100_000;

/** Of senders that set no number. */
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
const BURSTS = `event_name == "${BURST_RELEASED_EVENT}"`;
const TASKS =
  'attributes["task.id"] != nil and (HasPrefix(event_name, "task.") or attributes["task.outcome"] != nil ' +
  `or attributes["distlog.key"] != nil or ${ERRORS})`;

const CONDITIONS: Readonly<Record<ViewName, string>> = {
  /** ERROR or more, by number or else by text. */
  errors: ERRORS,
  /** What makes a trace a failed story. */
  failures: `${ERRORS} or ${BURSTS}`,
  bursts: BURSTS,
  /** The starts and ends of tasks, and their errors. */
  tasks: TASKS,
  /** The same, and errors outside of tasks. */
  failedTasks: `(${TASKS}) or ${ERRORS}`,
};

/** The part of a query that asks for a view, and for what a user's own condition adds to it. */
export function viewOf(view: ViewName, own?: Condition): Pick<RecordQuery, 'when' | 'view'> {
  const text = CONDITIONS[view];
  if (own === undefined) return { view, when: compileCondition(text) };
  return { view, when: compileCondition(`(${text}) and (${own.text})`, own.patterns) };
}

/** Takes what a source says beside the records. */
export type OnNotice = (notice: Notice) => void;

/** The records of an answer, as the tree reads them. */
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

/** What to look for: the last failure, or the last burst. */
export type Last = 'failures' | 'bursts';

/** So far back from an error that belongs to no trace. */
const BEFORE_NANOS = 10_000_000_000n;

/**
 * The query for the whole story of the last failure or burst: the records of its trace; without a trace those of its
 * burst; without either, those without a trace of the same service in the ten seconds before it.
 * @returns undefined: there is none
 */
export async function storyOfLast(
  source: RecordSource,
  last: Last,
  query: Pick<RecordQuery, 'words' | 'when' | 'fromNanos' | 'toNanos'>,
  onNotice: OnNotice,
  signal: AbortSignal,
): Promise<RecordQuery | undefined> {
  const one = { ...query, ...viewOf(last, query.when), limit: 1, order: 'newest' } as const;
  const heard: OnNotice = (notice) => {
    if (notice.notice !== 'more') onNotice(notice);
  };
  const [record] = await collect(source, one, heard, signal);
  return record === undefined ? undefined : storyOf(record);
}

function storyOf({ traceId, attributes, service, seconds, nanos }: TreeRecord): RecordQuery {
  if (traceId !== '') return { traceId, limit: MAX_RECORDS };
  const burst = attributes[BURST_ID];
  if (typeof burst === 'string') {
    const when = compileCondition(`attributes["${BURST_ID}"] == ${JSON.stringify(burst)}`);
    return { when, limit: MAX_RECORDS };
  }
  const time = BigInt(seconds) * 1_000_000_000n + BigInt(nanos);
  const none = 'trace_id.string == "00000000000000000000000000000000"';
  const same = `resource.attributes["service.name"] == ${JSON.stringify(service)}`;
  return {
    when: compileCondition(service === '' ? none : `${none} and ${same}`),
    fromNanos: time - BEFORE_NANOS,
    toNanos: time + 1n,
    limit: MAX_RECORDS,
  };
}

/** For the newest so many rows, so many errors or slow ends are read; and of the trace of each, so many records. */
const MAX_MATCHES = 10_000;
const RECORDS_PER_ROW = 20;
const MAX_TRACE_RECORDS = 2_000;
const TRACES_AT_ONCE = 8;

/**
 * The rows of the tasks that fit, see {@link taskRows}. Of an indexed source only what decides is read, and then the
 * traces of the newest rows, for the names on the way to them; any other is read once.
 */
export async function findTaskRows(
  source: RecordSource,
  query: Pick<RecordQuery, 'when' | 'fromNanos' | 'toNanos'>,
  choice: TaskChoice,
  limit: number,
  onNotice: OnNotice,
  signal: AbortSignal,
): Promise<TaskRow[]> {
  const records = await collect(source, tasksQuery(source, query, choice, limit), onNotice, signal);
  const rows = taskRows(records, choice);
  if (!source.isIndexed || rows.length === 0) return rows;
  const traces = [...new Set(rows.slice(-limit).map(({ traceId }) => traceId))].filter((id) => id !== '');
  const whole: TreeRecord[] = [...records];
  const quietly: OnNotice = (notice) => {
    if (notice.notice === 'problem') onNotice(notice);
  };
  for (let at = 0; at < traces.length && !signal.aborted; at += TRACES_AT_ONCE) {
    const some = traces.slice(at, at + TRACES_AT_ONCE).map((traceId) => {
      const one = { traceId, ...viewOf('tasks'), limit: MAX_TRACE_RECORDS, order: 'newest' } as const;
      return collect(source, one, quietly, signal);
    });
    for (const found of await Promise.all(some)) for (const record of found) whole.push(record);
  }
  return taskRows(whole, choice);
}

function tasksQuery(
  source: RecordSource,
  query: Pick<RecordQuery, 'when' | 'fromNanos' | 'toNanos'>,
  { failed, running, slowSeconds }: TaskChoice,
  limit: number,
): RecordQuery {
  const all = { ...query, limit: MAX_RECORDS, order: 'newest' } as const;
  if (!source.isIndexed || running)
    return { ...all, ...viewOf(failed ? 'failedTasks' : 'tasks', query.when) };
  if (failed && slowSeconds === undefined) {
    return { ...all, ...viewOf('errors', query.when), limit: MAX_MATCHES };
  }
  if (slowSeconds === undefined) {
    const enough = Math.min(MAX_RECORDS, Math.max(1_000, limit * RECORDS_PER_ROW));
    return { ...all, ...viewOf('tasks', query.when), limit: enough };
  }
  const slow = `attributes["task.duration"] >= ${slowSeconds.toFixed(6)}`;
  const own = query.when === undefined ? slow : `${slow} and (${query.when.text})`;
  return { ...all, ...viewOf('tasks', compileCondition(own, query.when?.patterns)), limit: MAX_MATCHES };
}
