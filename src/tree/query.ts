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
 * Which tasks are meant: a name, or the names on the way to it: `['checkout', 'charge card']` is every `charge
 * card` whose parent is a `checkout`, anywhere in the tree.
 */
export type TaskPath = string | readonly string[];

/** Every task, in reading order: a parent before its children. */
export function* tasksOf(trees: Trees): Generator<Task> {
  for (const node of trees.nodes) if (node.kind === 'task') yield node;
}

/** All tasks of this name, or at the end of this path. */
export function findTasks(trees: Trees, path: TaskPath): Task[] {
  const names = typeof path === 'string' ? [path] : path;
  if (names.length === 0) return [];
  return [...tasksOf(trees)].filter((task) => isAtEndOf(names, task));
}

/** The parent, past what is not here. */
export function parentOf(node: Node): Task | undefined {
  let parent = node.parent;
  while (parent?.kind === 'absent') parent = parent.parent;
  return parent;
}

/** The tasks right below, past what is not here. */
export function childrenOf(node: Node): Task[] {
  // An absent node is below a task, and has tasks only.
  return node.children.flatMap((child) => (child.kind === 'task' ? [child] : (child.children as Task[])));
}

/** The names from the root to the task. */
export function pathOf(task: Task): string[] {
  const path: string[] = [];
  for (let at: Task | undefined = task; at !== undefined; at = parentOf(at)) path.push(at.name);
  return path.reverse();
}

/**
 * What the task was given and what was bound to it: the attributes of its records, of which the package itself
 * writes none (`task.*`, `burst.*`, `exception.*`, `error.*`, `code.*` are left out). Those of the start come
 * first, then what the end has beside them. Attributes of single records are on these.
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

/** Whether the package, not the application, writes this attribute. */
export function isOwnName(name: string): boolean {
  return /^(?:task|burst|distlog|exception|error|code)\./.test(name);
}

/** Seconds from start to end, as the end says, else by the times of both; undefined where neither is known. */
export function durationOf({ start, end }: Task): number | undefined {
  const said = end === undefined ? undefined : durationSaid(end);
  if (said !== undefined) return said;
  return start === undefined || end === undefined ? undefined : Math.max(0, secondsBetween(start, end));
}

/** The seconds that the end of a task says. */
export function durationSaid({ attributes }: TreeRecord): number | undefined {
  const said = attributes[TASK_DURATION];
  return typeof said === 'number' && said >= 0 && Number.isFinite(said) ? said : undefined;
}

/** What an error record says about its error; empty texts where it does not. */
export interface ErrorText {
  readonly type: string;
  readonly message: string;
  readonly stacktrace: string;
}

/** The error of a record; undefined where there is none. */
export function errorOf(record: TreeRecord): ErrorText | undefined {
  const { attributes } = record;
  const type = textOf(attributes[EXCEPTION_TYPE]) || textOf(attributes[ERROR_TYPE]);
  const message = textOf(attributes[EXCEPTION_MESSAGE]);
  const stacktrace = textOf(attributes[EXCEPTION_STACKTRACE]);
  return type === '' && message === '' && stacktrace === '' ? undefined : { type, message, stacktrace };
}

/** The id of the innermost task that failed of the same error, as the end of a task says; empty: of its own. */
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
