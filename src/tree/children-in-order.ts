import { TASK_PARENT_SEQUENCE, TASK_STARTED_EVENT } from '../record/index.ts';
import { compareTimes, type Timed } from './order.ts';
import { endOf, sequenceOf } from './resolve-task.ts';
import type { TreeRecord } from './tree-record.ts';
import type { Absent, Node, Task } from './trees.ts';

/** What a task holds, in reading order. */
export type Item =
  | { readonly kind: 'record'; readonly record: TreeRecord }
  | { readonly kind: 'child'; readonly node: Node }
  /** Records are not here: held back, or lost. */
  | { readonly kind: 'gap'; readonly count: number };

/**
 * The records, gaps and children of a task, in the order in which they are to be read.
 *
 * Records are in order of `task.sequence`, whatever their clocks say. A step comes where its start says: after so many
 * records of its parent. Any other child comes before the first record that is later than the child's beginning. An
 * absent span that wrote a record of this task comes after the first of these.
 *
 * Clocks of two processes may differ, so two bounds hold that no clock overrules: no child comes before the task's
 * start, and none of another process after its end.
 */
export function* childrenInOrder(task: Task): Generator<Item> {
  let waiting: Node[] = [];
  const behind = new Map<TreeRecord, Absent[]>();
  for (const node of task.children) {
    if (node.kind === 'task' || node.evidence === undefined) waiting.push(node);
    else behind.set(node.evidence, [...(behind.get(node.evidence) ?? []), node]);
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
    for (const node of behind.get(record) ?? []) yield { kind: 'child', node };
  }
  for (; next < waiting.length; next += 1) yield { kind: 'child', node: waiting[next]! };
}

/** By the place in its parent that a step's start names, else by time. */
function isBefore(node: Node, record: TreeRecord, isEnd: boolean): boolean {
  const place = node.kind === 'task' ? node.start?.attributes[TASK_PARENT_SEQUENCE] : undefined;
  const sequence = sequenceOf(record);
  if (typeof place === 'number' && sequence !== undefined) return place < sequence;
  return compareTimes(timeOf(node), record) < (isEnd ? 1 : 0);
}

/** Whether the beginnings of both were measured with one clock. An absent node counts as one of another process. */
export function isOfSameProcess(task: Task, node: Node): boolean {
  return node.kind === 'task' && node.service === task.service && node.process === task.process;
}

/** When a node began, as far as its records show. */
export function timeOf(node: Node): Timed {
  if (node.kind === 'task') return node.start ?? node.records[0]!;
  // Children are in order of time; an absent node has at least one, and it is a task.
  return node.evidence ?? timeOf(node.children[0]!);
}
