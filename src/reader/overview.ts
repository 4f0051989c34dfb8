import { BURST_ID, BURST_TRIGGER, Severity } from '../record/index.ts';
import { counted, durationText, instantText } from '../text/index.ts';
import {
  buildTrees,
  durationOf,
  Failures,
  hasFailed,
  isExpectedFailure,
  isFailedStory,
  type Line,
  mark,
  type Outcome,
  type Paint,
  pathOf,
  piece,
  type Task,
  type TreeRecord,
  tasksOf,
} from '../tree/index.ts';

/** A task in a list, or a trace without tasks that has an ERROR. */
export interface TaskRow {
  readonly kind: 'task' | 'trace';
  readonly seconds: number;
  readonly nanos: number;
  readonly outcome: Outcome;
  readonly isExpected: boolean;
  /** The names from the root; for a trace the text of its first error. */
  readonly path: readonly string[];
  readonly durationSeconds: number | undefined;
  readonly service: string;
  /** The reason of the failure, or the message of its end. */
  readonly reason: string;
  readonly traceId: string;
  /** Empty for a trace. */
  readonly taskId: string;
}

/** Selects tasks. */
export interface TaskChoice {
  /** Tasks in which an unexpected failure began, and traces without tasks that have an ERROR. */
  readonly failed: boolean;
  /** Tasks that took at least this long. */
  readonly slowSeconds: number | undefined;
  /** Tasks without an end: they are running, or their process died. */
  readonly running: boolean;
}

/** The selected tasks, by start time. */
export function taskRows(records: Iterable<TreeRecord>, choice: TaskChoice): TaskRow[] {
  const trees = buildTrees(records);
  const failures = new Failures(trees);
  const { failed, slowSeconds, running } = choice;
  const isChosen = (task: Task) =>
    (!failed || (failures.beganIn(task) && !isExpectedFailure(task))) &&
    (slowSeconds === undefined || (durationOf(task) ?? 0) >= slowSeconds) &&
    (!running || (task.end === undefined && task.start !== undefined && !task.hasNoEndEvent));
  const rows = [...tasksOf(trees)].filter(isChosen).map((task) => taskRow(task, failures));
  if (failed && slowSeconds === undefined && !running) {
    for (const trace of trees.traces) {
      const hasTask = trace.roots.some((root) => hasFailed(root, trees));
      const error = trace.records.find(({ severity }) => severity >= Severity.ERROR);
      if (error !== undefined && !hasTask && isFailedStory(trace)) rows.push(traceRow(error));
    }
  }
  return rows.sort((one, other) => one.seconds - other.seconds || one.nanos - other.nanos);
}

function taskRow(task: Task, failures: Failures): TaskRow {
  const { seconds, nanos } = task.start ?? task.records[0]!;
  return {
    kind: 'task',
    seconds,
    nanos,
    outcome: task.outcome,
    isExpected: isExpectedFailure(task),
    path: pathOf(task).map((name) => name || `(task ${task.id})`),
    durationSeconds: durationOf(task),
    service: task.service,
    reason: failures.causeOf(task).reason,
    traceId: task.traceId,
    taskId: task.id,
  };
}

function traceRow({ seconds, nanos, body, service, traceId }: TreeRecord): TaskRow {
  return {
    kind: 'trace',
    seconds,
    nanos,
    outcome: 'failed',
    isExpected: false,
    path: [body || '(no text)'],
    durationSeconds: undefined,
    service,
    reason: '',
    traceId,
    taskId: '',
  };
}

/** Formats a row as a line: time, outcome, path, duration, service, reason, trace. */
export function taskLine(row: TaskRow, look: Pick<Paint, 'marks'>): Line {
  const { outcome, isExpected, path, durationSeconds, service, reason, traceId } = row;
  const isFailed = outcome === 'failed' && !isExpected;
  return [
    piece(`${instantText(row.seconds * 1e3 + Math.floor(row.nanos / 1e6))}  `, 'dim'),
    mark(isExpected ? 'expected' : outcome, look),
    piece(` ${oneLine(path.join(look.marks.path))}`, isFailed ? 'boldRed' : 'plain'),
    piece(durationSeconds === undefined ? '' : `  ${durationText(durationSeconds)}`),
    piece(outcome === 'unknown' ? '  no end seen' : '', 'magenta'),
    piece(service === '' ? '' : `  ${service}`, 'dim'),
    piece(reason === '' ? '' : `  ${oneLine(reason)}`, isFailed ? 'red' : 'plain'),
    piece(traceId === '' ? '' : `  trace ${traceId}`, 'dim'),
  ];
}

/** A burst in a list. */
export interface BurstRow {
  readonly seconds: number;
  readonly nanos: number;
  readonly id: string;
  readonly service: string;
  readonly trigger: string;
  readonly body: string;
  readonly traceId: string;
  /** All attributes of the manifest. */
  readonly attributes: TreeRecord['attributes'];
}

/** The burst manifests among the records, by time. */
export function burstRows(records: Iterable<TreeRecord>): BurstRow[] {
  return buildTrees(records)
    .traces.flatMap(({ bursts }) => bursts)
    .sort((one, other) => one.seconds - other.seconds || one.nanos - other.nanos)
    .map(({ seconds, nanos, body, service, traceId, attributes }) => ({
      seconds,
      nanos,
      id: String(attributes[BURST_ID] ?? ''),
      service,
      trigger: String(attributes[BURST_TRIGGER] ?? ''),
      body,
      traceId,
      attributes,
    }));
}

export function burstLine(row: BurstRow, look: Pick<Paint, 'marks'>): Line {
  return [
    piece(`${instantText(row.seconds * 1e3 + Math.floor(row.nanos / 1e6))}  `, 'dim'),
    piece(`${look.marks.burst} ${oneLine(row.body || 'burst')}`),
    piece(row.service === '' ? '' : `  ${row.service}`, 'dim'),
    piece(row.id === '' ? '' : `  id ${row.id}`, 'dim'),
    piece(row.traceId === '' ? '' : `  trace ${row.traceId}`, 'dim'),
  ];
}

/** The message for a truncated list: `only the newest 50 of 1,204 tasks are shown`. */
export function cutText(shown: number, all: number, noun: string): string {
  return `only the newest ${shown} of ${counted(all, noun)} are shown; --limit shows more`;
}

const MAX_TEXT = 300;

function oneLine(text: string): string {
  const line = text
    .slice(0, MAX_TEXT * 2)
    .replaceAll(/\s+/g, ' ')
    .trim();
  return line.length <= MAX_TEXT ? line : `${line.slice(0, MAX_TEXT - 1)}…`;
}
