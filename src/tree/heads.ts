import { TASK_REFUSED } from '../record/index.ts';
import type { Failure } from './failures.ts';
import { wayTo } from './failures.ts';
import type { Absent, Link, Node, Outcome, Task, Trace } from './forest-types.ts';
import { count, counted, duration, instant } from './humane.ts';
import { isOfSameProcess, timeOf } from './items.ts';
import { compareTimes, secondsBetween } from './order.ts';
import { type Line, type Piece, piece } from './paint.ts';
import { dataOf, durationOf, parentOf } from './query.ts';
import { dataPieces } from './record-rows.ts';
import type { Counts } from './tally.ts';
import { dim, joined, mark, short, type View } from './view.ts';

const MAX_NAME = 200;
const MAX_LINKS = 5;

/** The line of a task: its sign, goal, duration, its service where that changes, what it was given. */
export function headOf(task: Task, view: View, isOpen: boolean): Line {
  const { outcome } = task;
  const seconds = durationOf(task);
  const inner = view.tally.of(task);
  const changes = task.service !== '' && task.service !== parentOf(task)?.service;
  return [
    mark(outcome, view),
    piece(' '),
    piece(goalOf(task, view), outcome === 'failed' ? 'boldRed' : isOpen ? 'bold' : 'plain'),
    piece(seconds === undefined ? '' : `  ${duration(seconds)}`, 'plain'),
    piece(task.end === undefined && outcome === 'unknown' ? '  no end seen' : '', 'yellow'),
    piece(outcome === 'abandoned' ? '  abandoned' : '', 'yellow'),
    piece(changes ? `  ${view.options.ascii ? 'in' : '·'} ${short(task.service, 80, view)}` : '', 'dim'),
    ...(isOpen ? givenPieces(task, view) : []),
    piece(isOpen ? '' : `  (${foldedText(inner, task)})`, 'dim'),
  ];
}

/** What the task was given, without what it has from its parent. */
function givenPieces(task: Task, view: View): Piece[] {
  const parent = parentOf(task);
  const given = (task.start ?? task.records[0])?.attributes ?? {};
  return dataPieces(given, parent === undefined ? {} : dataOf(parent), view);
}

/** `2 tasks, 5 records folded`: what lies below the line of a task. */
function foldedText(inner: Counts, task: Task): string {
  const below = inner.tasks - 1;
  const texts = [
    below > 0 ? counted(below, 'task') : '',
    `${counted(inner.records, 'record')} folded`,
    inner.missing > 0 ? `${count(inner.missing)} not here` : '',
    task.linkedFrom.length > 0 ? counted(task.linkedFrom.length, 'linked tree') : '',
  ];
  return texts.filter((text) => text !== '').join(', ');
}

/** Several quiet siblings and records in one line. */
export function foldOf(nodes: readonly Node[], records: number, view: View): Line {
  const all = nodes.map((node) => view.tally.of(node));
  const sum = (value: (counts: Counts) => number) => all.reduce((total, each) => total + value(each), 0);
  const tasks = sum((counts) => counts.tasks);
  const recordCount = records + sum((counts) => counts.records);
  const missing = sum((counts) => counts.missing);
  const names = new Set(nodes.slice(0, 100).map((node) => (node.kind === 'task' ? nameOf(node, view) : '')));
  names.delete('');
  const listed = [...names].slice(0, 3).map((name) => short(name, 40, view));
  if (names.size > listed.length) listed.push(view.marks.cut);
  return [
    ...(tasks === 0 ? [piece(view.marks.record, 'dim')] : marksOf(all, view)),
    piece(
      [
        tasks === 0 ? '' : ` ${tasks === 1 ? 'task' : 'tasks'}`,
        recordCount === 0 ? '' : `${tasks === 0 ? ' ' : ', '}${counted(recordCount, 'record')}`,
        missing === 0 ? '' : `, ${count(missing)} not here`,
        ' folded',
        listed.length === 0 ? '' : `: ${listed.join(', ')}`,
      ].join(''),
      'dim',
    ),
  ];
}

const SHOWN: readonly Outcome[] = ['succeeded', 'failed', 'cancelled', 'abandoned', 'unknown'];

/** `✔ 12 ⊘ 2`. */
function marksOf(all: readonly Counts[], view: View): Piece[] {
  const present = SHOWN.map((outcome) => ({
    outcome,
    total: all.reduce((sum, { outcomes }) => sum + outcomes[outcome], 0),
  })).filter(({ total }) => total > 0);
  return present.flatMap(({ outcome, total }, at) => [
    piece(at === 0 ? '' : ' '),
    mark(outcome, view),
    piece(` ${count(total)}`, 'dim'),
  ]);
}

/** What is known of a whole tree: when, which trace, how much. */
export function* factsOf(root: Task, view: View): Generator<Line> {
  const counts = view.tally.of(root);
  yield [
    piece(instant(timeOf(root)), 'dim'),
    piece(`  trace ${root.traceId || 'none'}`, 'dim'),
    piece(`  ${counted(counts.tasks, 'task')}, ${counted(counts.records, 'record')}`, 'dim'),
    piece(counts.missing === 0 ? '' : `, ${count(counts.missing)} not here`, 'dim'),
  ];
  const failures = view.failures.of(root);
  const [first, second] = failures;
  if (first === undefined) return;
  yield* failureRows(root.outcome === 'failed' ? 'failed' : 'failed inside', first, view);
  if (second !== undefined) yield* failureRows('also failed', second, view);
  if (failures.length > 2) yield dim(`and ${counted(failures.length - 2, 'more failure')}, see below`);
  if (counts.tasks > 1) yield [piece('tasks: ', 'dim'), ...marksOf([counts], view)];
}

function* failureRows(word: string, { task, reason, beyond }: Failure, view: View): Generator<Line> {
  const way = wayTo(task);
  if (way.length > 1) {
    const names = way.map((each) => piece(nameOf(each, view), each === task ? 'boldRed' : 'plain'));
    const hidden = names.length - 8;
    if (hidden > 0) names.splice(4, hidden, piece(`(${count(hidden)} more)`, 'dim'));
    yield [piece(`${word}: `, 'dim'), ...joined(view.marks.path, names)];
  }
  if (reason !== '') yield [piece('cause: ', 'dim'), piece(short(reason, 500, view), 'red')];
  if (beyond !== '') yield dim(`the error came from a task that is not here (id ${short(beyond, 40, view)})`);
}

/** What is odd about a task's place, and what it is linked to. */
export function* notesOf(task: Task, view: View): Generator<Line> {
  const { warning, link } = view.marks;
  if (task.opensCircle) {
    yield warn(
      `${warning} its parents form a circle, which is opened here (parent ${short(task.parentId, 40, view)})`,
    );
  } else if (task.parent === undefined && task.parentId !== '') {
    yield dim(`under a task or span that is not here (id ${short(task.parentId, 40, view)})`);
  }
  const refused = task.start?.attributes[TASK_REFUSED];
  if (typeof refused === 'string')
    yield warn(`${warning} began a tree of its own: its header was refused: ${refused}`);
  const skew = skewOf(task);
  if (skew !== undefined) {
    const whose = task.service || 'this process';
    yield warn(
      `${warning} the clock of ${whose} is at least ${duration(skew)} behind its caller's: placed by cause`,
    );
  }
  for (const each of task.links.slice(0, MAX_LINKS))
    yield dim(`${link} goes on from ${linkText(each, view)}`);
  for (const each of task.linkedFrom.slice(0, MAX_LINKS)) {
    yield [
      piece(`${link} goes on in `, 'dim'),
      mark(each.outcome, view),
      piece(` ${nameOf(each, view)}`),
      piece(`  trace ${each.traceId}`, 'dim'),
    ];
  }
  const more = Math.max(0, task.links.length - MAX_LINKS) + Math.max(0, task.linkedFrom.length - MAX_LINKS);
  if (more > 0) yield dim(`${link} and ${counted(more, 'more link')}`);
}

/** By how many seconds the task began before its parent did, if both say when: no clock can be right then. */
function skewOf(task: Task): number | undefined {
  const parent = parentOf(task);
  if (parent?.start === undefined || isOfSameProcess(parent, task)) return undefined;
  const time = timeOf(task);
  return compareTimes(time, parent.start) < 0 ? secondsBetween(time, parent.start) : undefined;
}

function linkText({ traceId, spanId, task }: Link, view: View): string {
  if (task === undefined) return `a task that is not here (trace ${traceId}, id ${spanId})`;
  const names = wayTo(task)
    .slice(-3)
    .map((each) => nameOf(each, view));
  return `${names.join(view.marks.path)}  trace ${traceId}`;
}

/** The line of a hole. */
export function absentHead({ id }: Absent, view: View): Line {
  return dim(`${view.marks.gap} a task or span that is not here (id ${short(id, 40, view)})`);
}

/** The line of a trace's records that belong to no task. */
export function looseHead({ traceId, records }: Trace, view: View, isOpen: boolean): Line {
  const text = `${counted(records.length, 'record')} of no task${isOpen ? '' : ' folded'}`;
  return dim(`${view.marks.record} ${text}  ${traceId === '' ? 'no trace' : `trace ${traceId}`}`);
}

/** The goal in full, with its data: the text of the start, of which the name is the pattern. */
function goalOf(task: Task, view: View): string {
  return short(task.start?.body ?? '', MAX_NAME, view) || nameOf(task, view);
}

export function nameOf(task: Task, view: View): string {
  return short(task.name, MAX_NAME, view) || `(task ${short(task.id, 40, view)})`;
}

function warn(text: string): Line {
  return [piece(text, 'yellow')];
}
