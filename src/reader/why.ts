import { BURST_DROPPED, BURST_EVICTED_PREFIX, Severity, TASK_STARTED_EVENT } from '../record/index.ts';
import { clockText, counted, durationText, valueText } from '../text/index.ts';
import {
  buildTrees,
  childrenInOrder,
  dataOf,
  durationOf,
  errorOf,
  Failures,
  hasFailed,
  pathOf,
  type Task,
  type Trace,
  type TreeRecord,
  type Trees,
  tasksOf,
} from '../tree/index.ts';

/** The lines that explain a failure. They may contain untrusted text. */
export type WhyLines = readonly string[];

/** Maximum number of records before the error, and of lines of its stack. */
const MAX_BEFORE = 12;
const MAX_STACK = 14;
const MAX_DIFFERENCES = 8;
const MAX_VALUE = 120;

/** The task whose failure is explained: the origin of the error in the last root that failed. */
export interface FailedTask {
  readonly trees: Trees;
  readonly root: Task;
  readonly innermost: Task;
}

/** @returns undefined if no task failed */
export function failedTaskOf(records: Iterable<TreeRecord>): FailedTask | undefined {
  const trees = buildTrees(records);
  const failures = new Failures(trees);
  const roots = trees.traces.flatMap(({ roots }) => roots);
  const root = roots.findLast((each) => hasFailed(each, trees));
  if (root === undefined) return undefined;
  const [first] = failures.of(root);
  return first === undefined ? undefined : { trees, root, innermost: first.task };
}

/** The path, the error, the records before it, and the losses of the burst. */
export function whyLines({ trees, root, innermost }: FailedTask): WhyLines {
  const { reason, beyond } = new Failures(trees).causeOf(innermost);
  const seconds = durationOf(innermost);
  const trace = trees.traces.find(({ traceId }) => traceId === root.traceId);
  const lines = [
    `trace: ${root.traceId || 'none'}`,
    `failing path: ${pathOf(innermost).join(' › ')}`,
    `service: ${innermost.service || 'unknown'}${seconds === undefined ? '' : `, after ${durationText(seconds)}`}`,
    `cause: ${reason || 'unknown'}`,
  ];
  if (beyond !== '') lines.push(`the error came from a missing task (id ${beyond})`);
  const data = Object.entries(dataOf(innermost)).map(([name, value]) => `${name}=${short(value)}`);
  if (data.length > 0) lines.push(`data: ${data.slice(0, MAX_DIFFERENCES * 2).join(' ')}`);
  lines.push(...stackOf(innermost.end), ...before(innermost), ...lostOf(trace, innermost));
  return lines;
}

/** The same for a trace without tasks: its first error. */
export function whyOfTrace(records: Iterable<TreeRecord>): WhyLines | undefined {
  const trees = buildTrees(records);
  for (const trace of trees.traces.toReversed()) {
    const at = trace.records.findIndex(({ severity }) => severity >= Severity.ERROR);
    const error = trace.records[at];
    if (error === undefined) continue;
    const earlier = trace.records.slice(Math.max(0, at - MAX_BEFORE), at);
    return [
      `trace: ${trace.traceId || 'none'} (no task failed in it)`,
      `service: ${error.service || 'unknown'}`,
      `cause: ${error.body || error.eventName}`,
      ...stackOf(error),
      ...(earlier.length > 0 ? ['before it:', ...earlier.map(recordLine)] : []),
      ...lostOf(trace, undefined),
    ];
  }
  return undefined;
}

function stackOf(record: TreeRecord | undefined): string[] {
  const stack = record === undefined ? '' : (errorOf(record)?.stacktrace ?? '');
  if (stack === '') return [];
  const all = stack.split(/\r?\n/);
  // The causes follow the first frames.
  const causes = all.slice(MAX_STACK).filter((line) => !/^\s*at /.test(line) && line.trim() !== '');
  return ['stack:', ...all.slice(0, MAX_STACK), ...causes.slice(0, MAX_STACK)].map((line) => line.trimEnd());
}

function before(task: Task): string[] {
  const records = task.records.filter((record) => record !== task.start && record !== task.end);
  if (records.length === 0) return [];
  const shown = records.slice(-MAX_BEFORE);
  const more = records.length - shown.length;
  return [
    `before it${more > 0 ? ` (the last ${shown.length} of ${records.length})` : ''}:`,
    ...shown.map(recordLine),
  ];
}

function recordLine(record: TreeRecord): string {
  const millis = record.seconds * 1e3 + Math.floor(record.nanos / 1e6);
  const own = Object.entries(record.attributes)
    .filter(([name]) => !/^(?:task|burst|exception|error|code)\./.test(name))
    .slice(0, MAX_DIFFERENCES)
    .map(([name, value]) => `${name}=${short(value)}`);
  return `  ${clockText(millis)} ${record.body || record.eventName} ${own.join(' ')}`.trimEnd();
}

function lostOf(trace: Trace | undefined, task: Task | undefined): string[] {
  const lines: string[] = [];
  for (const { body, attributes } of trace?.bursts ?? []) {
    const lost = Object.entries(attributes).filter(
      ([name, value]) =>
        (name.startsWith(BURST_EVICTED_PREFIX) || name === BURST_DROPPED) && Number(value) > 0,
    );
    const causes = lost.map(([name, value]) => `${name.slice(name.lastIndexOf('.') + 1)} ${short(value)}`);
    lines.push(`burst: ${body}${causes.length === 0 ? '' : `; lost by cause: ${causes.join(', ')}`}`);
  }
  if (task !== undefined && task.missing > 0) {
    lines.push(`${counted(task.missing, 'record')} of the failing task are missing: held back or lost`);
  }
  return lines;
}

/** The differences from a successful task with the same name. @param good its records and those below it */
export function deviationLines({ innermost, root }: FailedTask, good: Iterable<TreeRecord>): WhyLines {
  const sibling = siblingOf(root, innermost, buildTrees(good));
  if (sibling === undefined) return [];
  const [bad, other] = sibling;
  const lines = [`compared with a "${other.name}" that succeeded, trace ${other.traceId || 'none'}:`];
  const given = dataOf(bad);
  const otherGiven = dataOf(other);
  const names = [...new Set([...Object.keys(given), ...Object.keys(otherGiven)])];
  const differing = names.filter((name) => valueText(given[name]) !== valueText(otherGiven[name]));
  for (const name of differing.slice(0, MAX_DIFFERENCES)) {
    lines.push(`  data ${name}: ${shortOr(given[name])} here, ${shortOr(otherGiven[name])} there`);
  }
  const here = stepsOf(bad);
  const there = stepsOf(other);
  let at = 0;
  while (at < here.length && here[at]!.key === there[at]?.key) at += 1;
  if (at === 0 && here.length === 0 && there.length === 0) lines.push('  neither logged any other step');
  else if (at > 0) lines.push(`  the same until: ${here[at - 1]!.text}`);
  if (at < here.length || at < there.length) {
    lines.push(
      `  first deviation: ${here[at]?.text ?? 'nothing more'} here, ${there[at]?.text ?? 'nothing more'} there`,
    );
  }
  return lines;
}

/**
 * The outermost pair of tasks with one name: the whole failed request is compared if there is a successful
 * one like it.
 */
function siblingOf(root: Task, innermost: Task, trees: Trees): readonly [Task, Task] | undefined {
  const good = [...tasksOf(trees)].filter(({ outcome }) => outcome === 'succeeded');
  for (const bad of [root, innermost]) {
    const other = good.findLast(
      ({ name, traceId, id }) => name === bad.name && `${traceId}${id}` !== `${bad.traceId}${bad.id}`,
    );
    if (other !== undefined) return [bad, other];
  }
  return undefined;
}

interface Step {
  readonly key: string;
  readonly text: string;
}

/**
 * Steps and loud records in order, without quiet ones, which were discarded for the successful task. Numbers
 * are ignored.
 */
function stepsOf(task: Task): Step[] {
  const steps: Step[] = [];
  for (const item of childrenInOrder(task)) {
    if (item.kind === 'child' && item.node.kind === 'task') {
      const { name, outcome, start, records } = item.node;
      if ((start ?? records[0]!).severity < Severity.INFO) continue;
      steps.push({ key: `task ${name} ${outcome}`, text: `"${name}" ${outcome}` });
    } else if (item.kind === 'record') {
      const { severity, eventName, body } = item.record;
      if (severity < Severity.INFO || eventName === TASK_STARTED_EVENT || item.record === task.end) continue;
      const text = body || eventName;
      steps.push({ key: text.replaceAll(/\d+(?:\.\d+)?/g, '#'), text: `"${short(text)}"` });
    }
  }
  return steps;
}

function short(value: unknown): string {
  const text = valueText(value);
  return text.length <= MAX_VALUE ? text : `${text.slice(0, MAX_VALUE - 1)}…`;
}

function shortOr(value: unknown): string {
  return value === undefined ? 'nothing' : short(value);
}
