import { BURST_ID, TASK_REFUSED } from '../record/index.ts';
import { count, counted, durationText, instantText } from '../text/index.ts';
import { isOfSameProcess, timeOf } from './children-in-order.ts';
import { type Failure, pathTo } from './failures.ts';
import { compareTimes, millisOf, secondsBetween, type Timed } from './order.ts';
import { type Line, type Piece, piece } from './paint.ts';
import { dataOf, durationOf, parentOf } from './query.ts';
import { dataPieces, textLines } from './record-lines.ts';
import { type Counts, SHOWN_OUTCOMES } from './summary.ts';
import type { Absent, Link, Node, Task, Trace } from './trees.ts';
import { dim, joined, mark, short, type View } from './view.ts';

const MAX_NAME = 200;
const MAX_REASON = 500;
const MAX_LINKS = 5;

/** The header line of a task: its mark, goal, duration, service if it differs from the parent's, and data. */
export function headerOf(task: Task, view: View, isOpen: boolean): Line {
  const outcome = view.summary.outcomeOf(task);
  const seconds = durationOf(task);
  const changes = task.service !== '' && task.service !== parentOf(task)?.service;
  const isEndMissing = task.end === undefined && outcome === 'unknown' && !task.hasNoEndEvent;
  return [
    mark(outcome, view),
    piece(' '),
    piece(goalOf(task, view), outcome === 'failed' ? 'boldRed' : isOpen ? 'bold' : 'plain'),
    piece(seconds === undefined ? '' : `  ${durationText(seconds)}`, 'plain'),
    piece(isEndMissing ? '  no end seen' : '', 'magenta'),
    piece(outcome === 'abandoned' ? '  abandoned' : '', 'magenta'),
    piece(outcome === 'expected' ? '  failed as expected' : '', 'dim'),
    piece(changes ? `  ${view.options.ascii ? 'in' : '·'} ${short(task.service, 80, view)}` : '', 'dim'),
    ...(isOpen ? givenPieces(task, view) : []),
    piece(isOpen ? '' : `  (${foldedText(task, view)})`, 'dim'),
  ];
}

/** The data of the task, without that of its parent. */
function givenPieces(task: Task, view: View): Piece[] {
  const parent = parentOf(task);
  const given = (task.start ?? task.records[0])?.attributes ?? {};
  return dataPieces(given, parent === undefined ? {} : dataOf(parent), view);
}

/** `2 tasks, 5 records folded`: the content of a folded task. */
function foldedText(task: Task, view: View): string {
  const inner = view.summary.of(task);
  const below = inner.tasks - 1;
  const texts = [
    below > 0 ? counted(below, 'task') : '',
    `${counted(inner.records, 'record')} folded`,
    missingText(inner.missing, task.traceId, view),
    task.linkedFrom.length > 0 ? counted(task.linkedFrom.length, 'linked tree') : '',
  ];
  return texts.filter((text) => text !== '').join(', ');
}

/** Empty if no records are missing. If nothing failed, records are missing because they were held back. */
function missingText(missing: number, traceId: string, view: View): string {
  if (missing === 0) return '';
  return `${count(missing)} ${view.summary.isTroubled(traceId) ? 'missing' : 'held back'}`;
}

/** Several quiet siblings and records in one line. */
export function foldOf(nodes: readonly Node[], records: number, view: View): Line {
  const all = nodes.map((node) => view.summary.of(node));
  const sum = (value: (counts: Counts) => number) => all.reduce((total, each) => total + value(each), 0);
  const tasks = sum((counts) => counts.tasks);
  const recordCount = records + sum((counts) => counts.records);
  const names = new Set(nodes.slice(0, 100).map((node) => (node.kind === 'task' ? nameOf(node, view) : '')));
  names.delete('');
  const listed = [...names].slice(0, 3).map((name) => short(name, 40, view));
  if (names.size > listed.length) listed.push(view.marks.cut);
  const texts = [
    tasks === 0 ? '' : `${tasks === 1 ? 'task' : 'tasks'}`,
    recordCount === 0 ? '' : counted(recordCount, 'record'),
    missingText(
      sum((counts) => counts.missing),
      nodes[0]?.traceId ?? '',
      view,
    ),
  ];
  return [
    ...(tasks === 0 ? [piece(view.marks.record, 'dim')] : marksOf(all, view)),
    piece(
      ` ${texts.filter((text) => text !== '').join(', ')} folded${listed.length === 0 ? '' : `: ${listed.join(', ')}`}`,
      'dim',
    ),
  ];
}

/** `✔ 12 ⊘ 2`. */
function marksOf(all: readonly Counts[], view: View): Piece[] {
  const present = SHOWN_OUTCOMES.map((outcome) => ({
    outcome,
    total: all.reduce((sum, { outcomes }) => sum + outcomes[outcome], 0),
  })).filter(({ total }) => total > 0);
  return present.flatMap(({ outcome, total }, at) => [
    piece(at === 0 ? '' : ' '),
    mark(outcome, view),
    piece(` ${count(total)}`, 'dim'),
  ]);
}

/** The facts about a whole tree: start time, trace, counts, bursts and failures. */
export function* factsOf(root: Task, view: View): Generator<Line> {
  const counts = view.summary.of(root);
  const missing = missingText(counts.missing, root.traceId, view);
  yield factLine(timeOf(root), [
    `trace ${root.traceId || 'none'}`,
    `${counted(counts.tasks, 'task')}, ${counted(counts.records, 'record')}${missing === '' ? '' : `, ${missing}`}`,
  ]);
  yield* burstsOf(view.firstRoots.get(root), view);
  const failures = view.failures.of(root).filter(({ task }) => view.summary.isLoud(task));
  const [first, second] = failures;
  if (first === undefined) return;
  yield* failureLines(root.outcome === 'failed' ? 'failed' : 'failed inside', first, view);
  if (second !== undefined) yield* failureLines('also failed', second, view);
  if (failures.length > 2) yield dim(`and ${counted(failures.length - 2, 'more failure')}, see below`);
  if (counts.tasks > 1) yield [piece('tasks: ', 'dim'), ...marksOf([counts], view)];
}

/** A line with a time and other facts. */
export function factLine(time: Timed, facts: readonly string[]): Line {
  return dim([instantText(millisOf(time)), ...facts].join('  '));
}

/** A line for each burst of a trace, with what it released. */
export function* burstsOf(trace: Trace | undefined, view: View): Generator<Line> {
  for (const { body, service, attributes } of trace?.bursts ?? []) {
    const id = attributes[BURST_ID];
    const source = service === '' ? '' : `  ${view.options.ascii ? 'in' : '·'} ${short(service, 80, view)}`;
    const known = typeof id === 'string' ? `  id ${short(id, 40, view)}` : '';
    yield dim(`${view.marks.burst} ${body || 'burst'}${source}${known}`);
  }
}

function* failureLines(word: string, { task, reason, beyond }: Failure, view: View): Generator<Line> {
  const path = pathTo(task);
  if (path.length > 1) {
    const names = path.map((each) => piece(nameOf(each, view), each === task ? 'boldRed' : 'plain'));
    const hidden = names.length - 8;
    if (hidden > 0) names.splice(4, hidden, piece(`(${count(hidden)} more)`, 'dim'));
    yield [piece(`${word}: `, 'dim'), ...joined(view.marks.path, names)];
  }
  if (reason !== '') yield* causeLines(reason, view);
  if (beyond !== '') yield dim(`the error came from a missing task (id ${short(beyond, 40, view)})`);
}

/** The lines with the cause of a failure. */
export function* causeLines(reason: string, view: View): Generator<Line> {
  const [first = '', ...more] = textLines(short(reason, MAX_REASON, view), view);
  yield [piece('cause: ', 'dim'), piece(first, 'red')];
  for (const line of more) yield [piece(`       ${line}`, 'red')];
}

/** Lines with anomalies of a task's position, and its links. */
export function* notesOf(task: Task, view: View): Generator<Line> {
  const { warning, link } = view.marks;
  if (task.opensCircle) {
    const parent = short(task.parentId, 40, view);
    yield warn(`${warning} its parents form a cycle, which is broken here (parent ${parent})`);
  } else if (task.parent === undefined && task.parentId !== '') {
    yield dim(`under a missing task or span (id ${short(task.parentId, 40, view)})`);
  }
  const refused = task.start?.attributes[TASK_REFUSED];
  if (typeof refused === 'string')
    yield warn(`${warning} a separate tree, because its header was refused: ${refused}`);
  const skew = skewOf(task);
  if (skew !== undefined) {
    const whose = task.service || 'this process';
    yield warn(
      `${warning} the clock of ${whose} is at least ${durationText(skew)} behind its caller's: placed by cause`,
    );
  }
  for (const each of task.links.slice(0, MAX_LINKS)) yield dim(`${link} continues ${linkText(each, view)}`);
  for (const each of task.linkedFrom.slice(0, MAX_LINKS)) {
    yield [
      piece(`${link} continued in `, 'dim'),
      mark(view.summary.outcomeOf(each), view),
      piece(` ${nameOf(each, view)}`),
      piece(`  trace ${each.traceId}`, 'dim'),
    ];
  }
  const more = Math.max(0, task.links.length - MAX_LINKS) + Math.max(0, task.linkedFrom.length - MAX_LINKS);
  if (more > 0) yield dim(`${link} and ${counted(more, 'more link')}`);
}

/**
 * How many seconds the task began before its parent, which shows that a clock is wrong. Undefined if the
 * times are consistent or unknown.
 */
function skewOf(task: Task): number | undefined {
  const parent = parentOf(task);
  if (parent?.start === undefined || isOfSameProcess(parent, task)) return undefined;
  const time = timeOf(task);
  return compareTimes(time, parent.start) < 0 ? secondsBetween(time, parent.start) : undefined;
}

function linkText({ traceId, spanId, task }: Link, view: View): string {
  if (task === undefined) return `a missing task (trace ${traceId}, id ${spanId})`;
  const names = pathTo(task)
    .slice(-3)
    .map((each) => nameOf(each, view));
  return `${names.join(view.marks.path)}  trace ${traceId}`;
}

/** The header line of a missing task or span. */
export function absentHeader({ id }: Absent, view: View): Line {
  return dim(`${view.marks.gap} a missing task or span (id ${short(id, 40, view)})`);
}

/** The formatted goal: the text of the start record, of which the name is the template. */
function goalOf(task: Task, view: View): string {
  return short(task.start?.body ?? '', MAX_NAME, view) || nameOf(task, view);
}

function nameOf(task: Task, view: View): string {
  return short(task.name, MAX_NAME, view) || `(task ${short(task.id, 40, view)})`;
}

function warn(text: string): Line {
  return [piece(text, 'magenta')];
}
