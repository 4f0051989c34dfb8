import { Severity } from '../record/index.ts';
import { counted } from '../text/index.ts';
import { childrenInOrder, type Item } from './children-in-order.ts';
import { type Line, piece } from './paint.ts';
import { dataOf, errorOf } from './query.ts';
import { reasonOf } from './reason.ts';
import { recordLines, stackLines, textLines } from './record-lines.ts';
import { isStoryOpen, storiesFold, storyHeader, storyLines } from './story-lines.ts';
import { absentHeader, factsOf, foldOf, headerOf, notesOf } from './task-header.ts';
import type { TreeRecord } from './tree-record.ts';
import type { Absent, Node, Task, Trace } from './trees.ts';
import { isFailedStory, isSaved } from './trouble.ts';
import { dim, mark, short, type View } from './view.ts';

/** The records of a trace that have no task, as an item that can be expanded. */
export interface Story {
  readonly kind: 'story';
  readonly trace: Trace;
}

/** An item of the output: a line, or an item that is expanded into its header line and the rows inside it. */
export type Row = { readonly line: Line } | { readonly open: Node | Story };

/** Up to this many consecutive quiet roots have a line each. */
const ROOTS_APART = 5;
/** For a task that needs attention: the number of first and last records that are shown. */
const FIRST_RECORDS = 5;
const LAST_RECORDS = 40;
const MAX_REASON = 2_000;

/** The trees, and the traces without tasks. */
export function* topRows(view: View): Generator<Row> {
  const quiet = new QuietTop(view);
  let isFirst = true;
  for (const trace of view.trees.traces) {
    for (const root of trace.roots) {
      if (!isOpened(root, view)) {
        quiet.addRoot(root);
        continue;
      }
      yield* quiet.rows();
      if (!isFirst || quiet.hasShown) yield { line: [] };
      isFirst = false;
      yield { open: root };
    }
    if (trace.records.length === 0 && (trace.roots.length > 0 || trace.bursts.length === 0)) continue;
    if (trace.roots.length === 0 && !isStoryOpen(trace, view) && !isFailedStory(trace)) {
      quiet.addStory(trace);
      continue;
    }
    yield* quiet.rows();
    if (trace.roots.length === 0 && trace.traceId !== '' && (!isFirst || quiet.hasShown)) yield { line: [] };
    isFirst = false;
    yield { open: { kind: 'story', trace } };
  }
  yield* quiet.rows();
}

/** Collects consecutive trees and traces that are not expanded. */
class QuietTop {
  readonly #view: View;
  #roots: Task[] = [];
  #stories: Trace[] = [];
  hasShown = false;

  constructor(view: View) {
    this.#view = view;
  }

  addRoot(root: Task): void {
    this.#roots.push(root);
  }

  addStory(trace: Trace): void {
    this.#stories.push(trace);
  }

  *rows(): Generator<Row> {
    const roots = this.#roots;
    const stories = this.#stories;
    this.#roots = [];
    this.#stories = [];
    this.hasShown ||= roots.length > 0 || stories.length > 0;
    if (roots.length > ROOTS_APART && this.#view.options.unfold === 'failing') {
      yield { line: foldOf(roots, 0, this.#view) };
    } else for (const root of roots) yield { line: headerOf(root, this.#view, false) };
    if (stories.length > 0) yield { line: storiesFold(stories, this.#view) };
  }
}

/** The header line of an expanded item. */
export function openedHeader(node: Node | Story, view: View): Line {
  if (node.kind === 'task') return headerOf(node, view, true);
  if (node.kind === 'absent') return absentHeader(node, view);
  return storyHeader(node.trace, view);
}

/** The rows below that header line. */
export function insideRows(node: Node | Story, view: View): Generator<Row> {
  if (node.kind === 'task') return taskRows(node, view);
  if (node.kind === 'absent') return absentRows(node, view);
  return rowsOf(storyLines(node.trace, view));
}

function* rowsOf(lines: Iterable<Line>): Generator<Row> {
  for (const line of lines) yield { line };
}

function isOpened(node: Node, { options, summary }: View): boolean {
  if (options.unfold === 'failing') return summary.isOpen(node);
  return (
    options.unfold === 'all' || (node.kind === 'task' && node.parent === undefined && summary.isOpen(node))
  );
}

function* taskRows(task: Task, view: View): Generator<Row> {
  if (task.parent === undefined) yield* rowsOf(factsOf(task, view));
  yield* rowsOf(notesOf(task, view));
  if (view.options.unfold === 'none') return;
  const isShown = view.options.unfold === 'all' || view.summary.isLoud(task);
  const hidden = view.options.unfold === 'all' ? undefined : hiddenRange(task);
  const fold = new Fold(view);
  let at = -1;
  for (const item of childrenInOrder(task)) {
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

/** The range of records that is hidden in a long task: those in the middle, well before the failure. */
function hiddenRange({ records }: Task): { readonly from: number; readonly to: number } | undefined {
  if (records.length <= FIRST_RECORDS + LAST_RECORDS + 5) return undefined;
  return { from: FIRST_RECORDS, to: records.length - LAST_RECORDS };
}

/** The header line already contains the start and the end, so they are not counted as folded. */
function isOwnRecord(item: Item, { start, end }: Task): boolean {
  return item.kind === 'record' && (item.record === start || item.record === end);
}

/** Records released by a burst are never folded. */
function folds(item: Item, isShown: boolean, view: View): boolean {
  if (item.kind === 'child') return !isOpened(item.node, view);
  if (item.kind === 'gap') return !isShown;
  return !isShown && item.record.severity < Severity.WARN && !isSaved(item.record);
}

function* itemRows(item: Item, task: Task, view: View): Generator<Row> {
  if (item.kind === 'child') yield { open: item.node };
  else if (item.kind === 'gap') yield { line: gapLine(item.count, task, view) };
  else yield* rowsOf(linesOfRecord(item.record, task, view));
}

/**
 * A record inside its task. The start is already shown in the header line; for the end, only new information
 * is shown.
 */
function* linesOfRecord(record: TreeRecord, task: Task, view: View): Generator<Line> {
  if (record === task.start) return;
  if (record !== task.end) return yield* recordLines(record, dataOf(task), view);
  const outcome = view.summary.outcomeOf(task);
  const reason = short(reasonOf(task), MAX_REASON, view);
  if (outcome !== 'failed') {
    if (reason === '') return;
    const [first = '', ...more] = textLines(reason, view);
    yield [mark(outcome, view), piece(` ${first}`)];
    for (const line of more) yield [piece(`  ${line}`)];
    return;
  }
  if (view.failures.isShownInside(task)) return;
  const began = view.failures.beganIn(task);
  const [first = '', ...more] = textLines(reason || record.body || 'failed', view);
  yield [mark('failed', view), piece(` ${first}`, began ? 'boldRed' : 'red')];
  for (const line of more) yield [piece(`  ${line}`, 'red')];
  const error = errorOf(record);
  if (error !== undefined && (began || view.options.unfold === 'all')) yield* stackLines(error, view);
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

function gapLine(missing: number, { traceId }: Task, { marks, summary }: View): Line {
  const held = summary.isTroubled(traceId) ? 'missing: held back or lost' : 'held back';
  return dim(`${marks.gap} ${counted(missing, 'record')} ${held}`);
}

/** Collects consecutive quiet items. */
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
      yield { line: headerOf(only, this.#view, false) };
    } else if (nodes.length > 0 || records > 0) yield { line: foldOf(nodes, records, this.#view) };
  }
}
