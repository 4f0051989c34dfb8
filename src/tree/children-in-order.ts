import { TASK_PARENT_SEQUENCE, TASK_STARTED_EVENT } from '../record/index.ts';
import { compareTimes, type Timed } from './order.ts';
import { endOf, sequenceOf } from './resolve-task.ts';
import type { TreeRecord } from './tree-record.ts';
import type { Absent, Node, Task } from './trees.ts';

/** The content of a task, in reading order. */
export type Item =
  | { readonly kind: 'record'; readonly record: TreeRecord }
  | { readonly kind: 'child'; readonly node: Node }
  /** Missing records: held back, or lost. */
  | { readonly kind: 'gap'; readonly count: number };

/**
 * The records, gaps and children of a task, in reading order.
 *
 * Records are in order of `task.sequence`, whatever their clocks say. A step is placed by its start record:
 * after that many records of its parent. Any other child is placed before the first record that is later than
 * the child's beginning. An absent span that wrote records of this task is placed after the first of them.
 *
 * Clocks of two processes may differ, so two rules take precedence over clocks: no child is placed before the
 * task's start, and no child of another process after its end.
 */
export function* childrenInOrder(task: Task): Generator<Item> {
  let waiting: Node[] = [];
  const following = new Map<TreeRecord, Absent[]>();
  for (const node of task.children) {
    if (node.kind === 'task' || node.evidence === undefined) waiting.push(node);
    else following.set(node.evidence, [...(following.get(node.evidence) ?? []), node]);
  }
  let next = 0;
  let last = 0;
  for (const record of task.records) {
    const sequence = sequenceOf(record);
    if (sequence !== undefined) {
      if (sequence > last + 1) yield { kind: 'gap', count: sequence - last - 1 };
      last = sequence;
    }
    const isEnd = record === task.end || endOf(record) !== undefined;
    if (record.eventName !== TASK_STARTED_EVENT) {
      while (next < waiting.length && isBefore(waiting[next]!, record, isEnd)) {
        yield { kind: 'child', node: waiting[next]! };
        next += 1;
      }
    }
    if (isEnd) {
      const late: Node[] = [];
      for (; next < waiting.length; next += 1) {
        const node = waiting[next]!;
        if (isOfSameProcess(task, node)) late.push(node);
        else yield { kind: 'child', node };
      }
      waiting = late;
      next = 0;
    }
    yield { kind: 'record', record };
    for (const node of following.get(record) ?? []) yield { kind: 'child', node };
  }
  for (; next < waiting.length; next += 1) yield { kind: 'child', node: waiting[next]! };
}

/** Compares by the sequence in the parent from a step's start record, otherwise by time. */
function isBefore(node: Node, record: TreeRecord, isEnd: boolean): boolean {
  const place = node.kind === 'task' ? node.start?.attributes[TASK_PARENT_SEQUENCE] : undefined;
  const sequence = sequenceOf(record);
  if (typeof place === 'number' && sequence !== undefined) return place < sequence;
  return compareTimes(timeOf(node), record) < (isEnd ? 1 : 0);
}

/**
 * Whether both beginnings were measured by the same clock. An absent node counts as one of another process.
 */
export function isOfSameProcess(task: Task, node: Node): boolean {
  return node.kind === 'task' && node.service === task.service && node.process === task.process;
}

/** The earliest known time of a node. */
export function timeOf(node: Node): Timed {
  if (node.kind === 'task') return node.start ?? node.records[0]!;
  // Children are sorted by time; an absent node has at least one, which is a task.
  return node.evidence ?? timeOf(node.children[0]!);
}
