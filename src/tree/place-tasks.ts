import { TASK_LINKS, TASK_PARENT_CHILD } from '../record/index.ts';
import {
  addChild,
  appended,
  MutableAbsent,
  type MutableNode,
  type MutableTask,
  type MutableTrace,
} from './mutable-nodes.ts';
import { compareRecords, compareTexts, compareTimes } from './order.ts';
import type { TreeRecord } from './tree-record.ts';
import type { Link } from './trees.ts';

/**
 * Places every task of a trace in a tree.
 *
 * 1. A task whose parent is present is its child.
 * 2. If parents form a cycle, the cycle is broken at its task that began first (on a tie: the lowest id),
 *   which becomes a
 *    root.
 * 3. A missing parent gets a separate node, with all tasks that name it. That node goes into the task that
 *   wrote a record
 *    inside the missing span, if there is one; otherwise under the trace's root, if exactly one task of the
 * trace has no
 *    parent.
 * 4. Otherwise each of these tasks is a root.
 */
export function placeTasks(trace: MutableTrace, find: (id: string) => MutableTask | undefined): void {
  const orphans = new Map<string, MutableTask[]>();
  const firstTasks: MutableTask[] = [];
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
  breakCycles(trace.tasks);
  if (orphans.size > 0) placeOrphans(trace, orphans, firstTasks);
  for (const task of trace.tasks) {
    if (task.parent === undefined) trace.roots.push(task);
    else if (task.parent.kind === 'task') addChild(task.parent, task);
  }
}

/**
 * The first known record of a node. For a missing node it is the first record written inside it, or that of
 * its first child.
 */
export function beginningOf(node: MutableNode): TreeRecord {
  if (node.kind === 'task') return node.start ?? node.records[0]!;
  // The children of an absent node are already sorted, and all of them are tasks.
  return node.evidence ?? beginningOf(node.children[0]!);
}

/**
 * The order of siblings and roots: by time; at the same time by `task.parent_child`, those without it last;
 * then by id.
 */
export function compareBeginnings(one: MutableNode, other: MutableNode): number {
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

function breakCycles(tasks: readonly MutableTask[]): void {
  let walk = 0;
  for (const task of tasks) {
    walk += 1;
    let at: MutableTask | undefined = task;
    while (at !== undefined && at.walk === 0) {
      at.walk = walk;
      at = at.parent as MutableTask | undefined;
    }
    if (at?.walk === walk) breakCycle(at);
  }
}

function breakCycle(from: MutableTask): void {
  let first = from;
  for (let at = from.parent as MutableTask; at !== from; at = at.parent as MutableTask) {
    if (compareBeginnings(at, first) < 0) first = at;
  }
  first.parent = undefined;
  first.opensCircle = true;
}

function placeOrphans(
  trace: MutableTrace,
  orphans: ReadonlyMap<string, readonly MutableTask[]>,
  firstTasks: readonly MutableTask[],
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
    const absent = new MutableAbsent(trace.traceId, id);
    if (isInside) absent.evidence = evidence.record;
    addChild(parent, absent);
    for (const task of tasks.toSorted(compareBeginnings)) addChild(absent, task);
  }
}

interface Evidence {
  readonly record: TreeRecord;
  readonly task: MutableTask;
}

/**
 * A record has the id of the span in which it was written and the id of its task. If they differ, the span is
 * inside the task. So a span that is not a task is placed too.
 */
function evidenceOf(
  trace: MutableTrace,
  orphans: ReadonlyMap<string, readonly MutableTask[]>,
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

/**
 * Finds the root of a partial tree to which others are still being attached. It caches paths, so deep trees
 * are walked once.
 */
class Tops {
  readonly #shortcuts = new Map<MutableNode, MutableNode>();

  of(node: MutableTask): MutableTask {
    const path: MutableNode[] = [];
    let at: MutableNode = node;
    for (let up = this.#up(at); up !== undefined; up = this.#up(at)) {
      path.push(at);
      at = up;
    }
    for (const each of path) this.#shortcuts.set(each, at);
    return at as MutableTask;
  }

  #up(node: MutableNode): MutableNode | undefined {
    return this.#shortcuts.get(node) ?? node.parent;
  }
}

/** Version, trace id, span id, flags; W3C Trace Context, "traceparent Header Field Values". */
const TRACEPARENT = /^[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-[0-9a-f]{2}(?:-|$)/;

/** Reads the links of a task, and adds it to `linkedFrom` of their targets. */
export function connectLinks(task: MutableTask, traces: ReadonlyMap<string, MutableTrace>): void {
  const record = task.start ?? task.records.find((each) => TASK_LINKS in each.attributes);
  if (record === undefined || !(TASK_LINKS in record.attributes)) return;
  const links = new Map<string, Link>();
  for (const text of listOf(record.attributes[TASK_LINKS])) {
    const [, traceId, spanId] = (typeof text === 'string' ? TRACEPARENT.exec(text) : null) ?? [];
    if (traceId === undefined || spanId === undefined) continue;
    const target = traces.get(traceId)?.find(spanId);
    if (target !== undefined && !links.has(`${traceId}-${spanId}`)) {
      target.linkedFrom = appended(target.linkedFrom, task);
    }
    links.set(`${traceId}-${spanId}`, { traceId, spanId, task: target });
  }
  task.links = [...links.values()];
}

function listOf(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : [value];
}
