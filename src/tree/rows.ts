import { Severity } from '../record/index.ts';
import type { Absent, Node, Task, Trace } from './forest-types.ts';
import { absentHead, factsOf, foldOf, headOf, looseHead, notesOf } from './heads.ts';
import { counted } from './humane.ts';
import { type Item, itemsOf } from './items.ts';
import { type Line, piece } from './paint.ts';
import { errorOf } from './query.ts';
import { reasonOf } from './reason.ts';
import { recordRows, stackRows } from './record-rows.ts';
import type { TreeRecord } from './tree-record.ts';
import { dim, mark, short, type View } from './view.ts';

/** Records that belong to no task, as something that can be opened. */
export interface Loose {
  readonly kind: 'loose';
  readonly trace: Trace;
}

/** What follows in the output: a line of its own, or something that is opened: its line, then what it holds. */
export type Row = { readonly line: Line } | { readonly open: Node | Loose };

/** So many quiet roots in a row still get a line each. */
const ROOTS_APART = 5;
/** Of the records of a task with trouble: so many from its beginning, and so many from its end. */
const FIRST_RECORDS = 5;
const LAST_RECORDS = 40;

/** The trees. */
export function* topRows(view: View): Generator<Row> {
  let quiet: Task[] = [];
  let apart = false;
  const quietRows = function* (): Generator<Row> {
    const isLong = quiet.length > ROOTS_APART && view.options.unfold === 'failing';
    if (isLong) yield { line: foldOf(quiet, 0, view) };
    else for (const root of quiet) yield { line: headOf(root, view, false) };
    apart ||= quiet.length > 0;
    quiet = [];
  };
  for (const trace of view.forest.traces) {
    for (const root of trace.roots) {
      if (!isOpened(root, view)) {
        quiet.push(root);
        continue;
      }
      yield* quietRows();
      if (apart) yield { line: [] };
      yield { open: root };
      apart = true;
    }
    if (trace.records.length === 0) continue;
    yield* quietRows();
    yield { open: { kind: 'loose', trace } };
    apart = true;
  }
  yield* quietRows();
}

/** The line of what is opened. */
export function openedHead(node: Node | Loose, view: View): Line {
  if (node.kind === 'task') return headOf(node, view, true);
  if (node.kind === 'absent') return absentHead(node, view);
  return looseHead(node.trace, view, isLooseOpened(node.trace, view));
}

/** What stands below it. */
export function insideRows(node: Node | Loose, view: View): Generator<Row> {
  if (node.kind === 'task') return taskRows(node, view);
  if (node.kind === 'absent') return absentRows(node, view);
  return looseRows(node.trace, view);
}

function isOpened(node: Node, { options, tally }: View): boolean {
  if (options.unfold === 'failing') return tally.hasLoud(node);
  return (
    options.unfold === 'all' || (node.kind === 'task' && node.parent === undefined && tally.hasLoud(node))
  );
}

function* taskRows(task: Task, view: View): Generator<Row> {
  if (task.parent === undefined) for (const line of factsOf(task, view)) yield { line };
  for (const line of notesOf(task, view)) yield { line };
  if (view.options.unfold === 'none') return;
  const isShown = view.options.unfold === 'all' || view.tally.isLoud(task);
  const hidden = view.options.unfold === 'all' ? undefined : hiddenRange(task);
  const fold = new Fold(view);
  let at = -1;
  for (const item of itemsOf(task)) {
    if (item.kind === 'record') at += 1;
    const isHidden = hidden !== undefined && at >= hidden.from && at < hidden.to;
    if (!isOwnRecord(item, task) && folds(item, isShown && !isHidden, view)) {
      fold.add(item);
      continue;
    }
    yield* fold.rows();
    yield* itemRows(item, task, view);
  }
  yield* fold.rows();
}

/** Which of a long story is left out: what happened long before the trouble. */
function hiddenRange({ records }: Task): { readonly from: number; readonly to: number } | undefined {
  if (records.length <= FIRST_RECORDS + LAST_RECORDS + 5) return undefined;
  return { from: FIRST_RECORDS, to: records.length - LAST_RECORDS };
}

/** The start and the end are in the task's own line already, so they are not counted as folded. */
function isOwnRecord(item: Item, { start, end }: Task): boolean {
  return item.kind === 'record' && (item.record === start || item.record === end);
}

function folds(item: Item, isShown: boolean, view: View): boolean {
  if (item.kind === 'child') return !isOpened(item.node, view);
  return !isShown && (item.kind === 'gap' || item.record.severity < Severity.WARN);
}

function* itemRows(item: Item, task: Task, view: View): Generator<Row> {
  if (item.kind === 'child') yield { open: item.node };
  else if (item.kind === 'gap') yield { line: gapLine(item.count, view) };
  else for (const line of storyOf(item.record, task, view)) yield { line };
}

/** A record in its task. The start is the line of the task already; of the end only what is new is said. */
function* storyOf(record: TreeRecord, task: Task, view: View): Generator<Line> {
  if (record === task.start) return;
  if (record !== task.end) return yield* recordRows(record, task, view);
  const reason = short(reasonOf(task), 2_000, view);
  if (task.outcome !== 'failed') {
    if (reason !== '') yield [mark(task.outcome, view), piece(` ${reason}`)];
    return;
  }
  const began = view.failures.beganIn(task);
  if (view.failures.isToldInside(task)) return;
  yield [mark('failed', view), piece(` ${reason || record.body || 'failed'}`, began ? 'boldRed' : 'red')];
  const error = errorOf(record);
  if (error !== undefined && (began || view.options.unfold === 'all')) yield* stackRows(error, view);
}

function* absentRows({ children }: Absent, view: View): Generator<Row> {
  const fold = new Fold(view);
  for (const node of children) {
    if (!isOpened(node, view)) fold.add({ kind: 'child', node });
    else {
      yield* fold.rows();
      yield { open: node };
    }
  }
  yield* fold.rows();
}

function* looseRows(trace: Trace, view: View): Generator<Row> {
  if (!isLooseOpened(trace, view)) return;
  const fold = new Fold(view);
  for (const record of trace.records) {
    if (view.options.unfold !== 'all' && record.severity < Severity.WARN) {
      fold.add({ kind: 'record', record });
      continue;
    }
    yield* fold.rows();
    for (const line of recordRows(record, undefined, view)) yield { line };
  }
  yield* fold.rows();
}

function isLooseOpened({ records }: Trace, { options }: View): boolean {
  if (options.unfold === 'failing') return records.some(({ severity }) => severity >= Severity.ERROR);
  return options.unfold === 'all';
}

function gapLine(count: number, { marks }: View): Line {
  const are = count === 1 ? '1 record is' : `${counted(count, 'record')} are`;
  return dim(`${marks.gap} ${are} not here: held back or lost`);
}

/** Gathers what is quiet, until something loud comes. */
class Fold {
  readonly #view: View;
  #nodes: Node[] = [];
  #records = 0;

  constructor(view: View) {
    this.#view = view;
  }

  add(item: Item): void {
    if (item.kind === 'child') this.#nodes.push(item.node);
    else if (item.kind === 'record') this.#records += 1;
  }

  *rows(): Generator<Row> {
    const nodes = this.#nodes;
    const records = this.#records;
    this.#nodes = [];
    this.#records = 0;
    const [only] = nodes;
    if (only?.kind === 'task' && nodes.length === 1 && records === 0) {
      yield { line: headOf(only, this.#view, false) };
    } else if (nodes.length > 0 || records > 0) yield { line: foldOf(nodes, records, this.#view) };
  }
}
