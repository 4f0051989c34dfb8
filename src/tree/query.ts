import {
  ERROR_TYPE,
  EXCEPTION_MESSAGE,
  EXCEPTION_STACKTRACE,
  EXCEPTION_TYPE,
  TASK_DURATION,
  TASK_FAILED_IN,
} from '../record/index.ts';
import { secondsBetween } from './order.ts';
import type { TreeAttributes, TreeRecord } from './tree-record.ts';
import type { Node, Task, Trees } from './trees.ts';

/**
 * Selects tasks: a name, or the names on the path to it: `['checkout', 'charge card']` is every `charge card`
 * whose parent is a `checkout`, anywhere in the tree.
 */
export type TaskPath = string | readonly string[];

/** Every task, in reading order: a parent before its children. */
export function* tasksOf(trees: Trees): Generator<Task> {
  for (const node of trees.nodes) if (node.kind === 'task') yield node;
}

/** All tasks with this name, or at the end of this path. */
export function findTasks(trees: Trees, path: TaskPath): Task[] {
  const names = typeof path === 'string' ? [path] : path;
  if (names.length === 0) return [];
  return [...tasksOf(trees)].filter((task) => isAtEndOf(names, task));
}

/** The closest ancestor that is present. */
export function parentOf(node: Node): Task | undefined {
  let parent = node.parent;
  while (parent?.kind === 'absent') parent = parent.parent;
  return parent;
}

/** The child tasks, including the children of missing nodes. */
export function childrenOf(node: Node): Task[] {
  // The children of an absent node are always tasks.
  return node.children.flatMap((child) => (child.kind === 'task' ? [child] : (child.children as Task[])));
}

/** The names from the root to the task. */
export function pathOf(task: Task): string[] {
  const path: string[] = [];
  for (let at: Task | undefined = task; at !== undefined; at = parentOf(at)) path.push(at.name);
  return path.reverse();
}

/**
 * The data of a task: the attributes of its records, without those that the package writes (`task.*`,
 * `burst.*`, `distlog.*`, `exception.*`, `error.*`, `code.*`). The attributes of the start come first, then
 * those that the end adds. Attributes of other records belong to these records.
 */
export function dataOf(task: Task): TreeAttributes {
  const data: { [name: string]: unknown } = {};
  for (const record of [task.start ?? task.records[0], task.end]) {
    for (const [name, value] of Object.entries(record?.attributes ?? {})) {
      if (!isOwnName(name)) data[name] = value;
    }
  }
  return data;
}

/** Whether this attribute is written by the package, not by the application. */
export function isOwnName(name: string): boolean {
  return /^(?:task|burst|distlog|exception|error|code)\./.test(name);
}

/**
 * Seconds from start to end: the duration in the end record, otherwise the difference of the two times;
 * undefined if neither is known.
 */
export function durationOf({ start, end }: Task): number | undefined {
  const recorded = end === undefined ? undefined : recordedDuration(end);
  if (recorded !== undefined) return recorded;
  return start === undefined || end === undefined ? undefined : Math.max(0, secondsBetween(start, end));
}

/** The duration in the end record of a task, in seconds. */
export function recordedDuration({ attributes }: TreeRecord): number | undefined {
  const seconds = attributes[TASK_DURATION];
  return typeof seconds === 'number' && seconds >= 0 && Number.isFinite(seconds) ? seconds : undefined;
}

/** The error attributes of a record; missing ones are empty. */
export interface ErrorText {
  readonly type: string;
  readonly message: string;
  readonly stacktrace: string;
}

/** The error of a record; undefined if it has none. */
export function errorOf(record: TreeRecord): ErrorText | undefined {
  const { attributes } = record;
  const type = textOf(attributes[EXCEPTION_TYPE]) || textOf(attributes[ERROR_TYPE]);
  const message = textOf(attributes[EXCEPTION_MESSAGE]);
  const stacktrace = textOf(attributes[EXCEPTION_STACKTRACE]);
  return type === '' && message === '' && stacktrace === '' ? undefined : { type, message, stacktrace };
}

/**
 * The id of the innermost task that failed with the same error, from the task's end record; empty: the task
 * itself.
 */
export function failedIn(task: Task): string {
  return textOf(task.end?.attributes[TASK_FAILED_IN]);
}

function textOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

function isAtEndOf(names: readonly string[], task: Task): boolean {
  let at: Task | undefined = task;
  for (let left = names.length - 1; left >= 0; left -= 1) {
    if (at?.name !== names[left]) return false;
    at = parentOf(at);
  }
  return true;
}
