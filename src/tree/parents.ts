import { TASK_PARENT_CHILD } from '../record/index.ts';
import { addChild, GrowingAbsent, type GrowingNode, type GrowingTask, type GrowingTrace } from './growing.ts';
import { compareRecords, compareTexts, compareTimes } from './order.ts';
import type { TreeRecord } from './tree-record.ts';

/**
 * Gives every task of a trace its place.
 *
 * 1. A task whose parent is here is its child.
 * 2. Where the parents form a circle, it is opened at the task of it that began first (on a tie: the lowest
 *    id); that one becomes a root.
 * 3. A parent that is not here becomes a hole, with all the tasks that name it. The hole lies in the task that
 *    wrote a record inside the span that is missing, if there is one; else under the trace's root, if exactly
 *    one task of the trace has no parent.
 * 4. Else each of these tasks is a root.
 */
export function placeTasks(trace: GrowingTrace, find: (id: string) => GrowingTask | undefined): void {
  const orphans = new Map<string, GrowingTask[]>();
  const firstTasks: GrowingTask[] = [];
  for (const task of trace.tasks) {
    if (task.parentId === '') {
      firstTasks.push(task);
      continue;
    }
    task.parent = find(task.parentId);
    if (task.parent !== undefined) continue;
    const siblings = orphans.get(task.parentId);
    if (siblings === undefined) orphans.set(task.parentId, [task]);
    else siblings.push(task);
  }
  openCircles(trace.tasks);
  if (orphans.size > 0) placeOrphans(trace, orphans, firstTasks);
  for (const task of trace.tasks) {
    if (task.parent === undefined) trace.roots.push(task);
    else if (task.parent.kind === 'task') addChild(task.parent, task);
  }
}

/** When a node began, as far as can be seen. A hole began with what was written inside, or its first child. */
export function beginningOf(node: GrowingNode): TreeRecord {
  if (node.kind === 'task') return node.start ?? node.records[0]!;
  // The children of a hole are in order from the beginning, and all of them are tasks.
  return node.evidence ?? beginningOf(node.children[0]!);
}

/**
 * The order of siblings and roots: by their time; within a millisecond by which child of its parent it is, those that
 * do not say last; then by id.
 */
export function compareBeginnings(one: GrowingNode, other: GrowingNode): number {
  const first = beginningOf(one);
  const second = beginningOf(other);
  return compareTimes(first, second) || compareNumbers(first, second) || compareTexts(one.id, other.id);
}

function compareNumbers(one: TreeRecord, other: TreeRecord): number {
  const first = numberOf(one);
  const second = numberOf(other);
  return first === second ? 0 : first - second;
}

function numberOf({ attributes }: TreeRecord): number {
  const number = attributes[TASK_PARENT_CHILD];
  return typeof number === 'number' && Number.isFinite(number) ? number : Number.MAX_VALUE;
}

function openCircles(tasks: readonly GrowingTask[]): void {
  let walk = 0;
  for (const task of tasks) {
    walk += 1;
    let at: GrowingTask | undefined = task;
    while (at !== undefined && at.walk === 0) {
      at.walk = walk;
      at = at.parent as GrowingTask | undefined;
    }
    if (at?.walk === walk) openCircle(at);
  }
}

function openCircle(from: GrowingTask): void {
  let first = from;
  for (let at = from.parent as GrowingTask; at !== from; at = at.parent as GrowingTask) {
    if (compareBeginnings(at, first) < 0) first = at;
  }
  first.parent = undefined;
  first.opensCircle = true;
}

function placeOrphans(
  trace: GrowingTrace,
  orphans: ReadonlyMap<string, readonly GrowingTask[]>,
  firstTasks: readonly GrowingTask[],
): void {
  const found = evidenceOf(trace, orphans);
  const onlyRoot = firstTasks.length === 1 ? firstTasks[0] : undefined;
  const tops = new Tops();
  for (const id of [...orphans.keys()].sort(compareTexts)) {
    const tasks = orphans.get(id)!;
    const evidence = found.get(id);
    const isInside = evidence !== undefined && !tasks.includes(tops.of(evidence.task));
    const parent = isInside ? evidence.task : onlyRoot;
    if (parent === undefined) continue;
    const hole = new GrowingAbsent(trace.traceId, id);
    if (isInside) hole.evidence = evidence.record;
    addChild(parent, hole);
    for (const task of tasks.toSorted(compareBeginnings)) addChild(hole, task);
  }
}

interface Evidence {
  readonly record: TreeRecord;
  readonly task: GrowingTask;
}

/**
 * A record carries the id of the span in which it was written and the id of its task. Where these differ, the
 * span lies inside the task: so a span that is no task tells where it belongs.
 */
function evidenceOf(
  trace: GrowingTrace,
  orphans: ReadonlyMap<string, readonly GrowingTask[]>,
): Map<string, Evidence> {
  const found = new Map<string, Evidence>();
  for (const task of trace.tasks) {
    for (const record of task.records) {
      if (record.spanId === task.id || record.spanId === task.parentId) continue;
      if (!orphans.has(record.spanId)) continue;
      const before = found.get(record.spanId);
      if (before !== undefined && compareEvidence(before, { record, task }) <= 0) continue;
      found.set(record.spanId, { record, task });
    }
  }
  return found;
}

function compareEvidence(one: Evidence, other: Evidence): number {
  return compareRecords(one.record, other.record) || compareTexts(one.task.id, other.task.id);
}

/** Finds the top of a tree that others are still hung under; remembers its ways, so that deep trees cost once. */
class Tops {
  readonly #shortcuts = new Map<GrowingNode, GrowingNode>();

  of(node: GrowingTask): GrowingTask {
    const way: GrowingNode[] = [];
    let at: GrowingNode = node;
    for (let up = this.#up(at); up !== undefined; up = this.#up(at)) {
      way.push(at);
      at = up;
    }
    for (const each of way) this.#shortcuts.set(each, at);
    return at as GrowingTask;
  }

  #up(node: GrowingNode): GrowingNode | undefined {
    return this.#shortcuts.get(node) ?? node.parent;
  }
}
