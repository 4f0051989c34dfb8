import { Severity } from '../record/index.ts';
import { isOfSameProcess } from './children-in-order.ts';
import { childrenOf, errorOf, failedIn, parentOf } from './query.ts';
import { reasonOf, titleOf } from './reason.ts';
import type { Node, Task, Trees } from './trees.ts';

/** Why a task failed. */
export interface Failure {
  /** The innermost task that failed with the same error. */
  readonly task: Task;
  /** The text of its error; empty if it has none. */
  readonly reason: string;
  /** The id of a missing task further inside where the error came from; empty if there is none. */
  readonly beyond: string;
}

/** Follows failures from the outer tasks to their origin. */
export class Failures {
  readonly #trees: Trees;
  /**
   * Maps a task to the one that its `task.failed_in` names, or to the last one inside it with the same stack.
   */
  readonly #targets = new Map<Task, Task>();

  constructor(trees: Trees) {
    this.#trees = trees;
    for (const { roots } of trees.traces) {
      this.#findSameErrors(roots);
      this.#findTargets(roots);
    }
  }

  /**
   * The task inside this one whose error made it fail: the one that its end names; otherwise the last child
   * that failed, since an error that crosses processes loses its identity. An error with a different stack
   * cannot come from a child of the same process.
   */
  innerOf(task: Task): Task | undefined {
    if (task.outcome !== 'failed') return undefined;
    const target = this.#targets.get(task);
    if (target !== undefined) return target;
    const hasStack = stackOf(task) !== '';
    const isCandidate = (child: Task) =>
      child.outcome === 'failed' && !(hasStack && isOfSameProcess(task, child));
    return childrenOf(task).findLast(isCandidate);
  }

  /** The origin of the error of a failed task. */
  causeOf(task: Task): Failure {
    let at = task;
    for (let inner = this.innerOf(at); inner !== undefined; inner = this.innerOf(at)) at = inner;
    return {
      task: at,
      reason: reasonOf(at) || lastErrorOf(at),
      beyond: this.#targets.has(at) ? '' : failedIn(at),
    };
  }

  /** Whether the error of a failed task began in this task, as far as is known; if so, it is shown there. */
  beganIn(task: Task): boolean {
    return task.outcome === 'failed' && this.innerOf(task) === undefined;
  }

  /** Whether the error is shown at a task inside this one. */
  isShownInside(task: Task): boolean {
    return this.#targets.has(task) || (failedIn(task) !== '' && !this.beganIn(task));
  }

  /**
   * All failures in a tree: the cause of the root's failure first, then those that did not reach the root.
   */
  of(root: Task): Failure[] {
    const first = root.outcome === 'failed' ? this.causeOf(root) : undefined;
    const found = first === undefined ? [] : [first];
    for (const task of treeOf(root, this.#trees)) {
      if (task !== first?.task && this.beganIn(task)) found.push(this.causeOf(task));
    }
    return found;
  }

  /** An error that passed through unrelated task objects has the same stack in each of them. */
  #findSameErrors(roots: readonly Task[]): void {
    const byStack = new Map<string, Task[]>();
    for (const root of roots) {
      for (const task of treeOf(root, this.#trees)) {
        const stack = task.outcome === 'failed' ? stackOf(task) : '';
        if (stack === '') continue;
        const same = byStack.get(stack);
        if (same === undefined) byStack.set(stack, [task]);
        else same.push(task);
      }
    }
    for (const same of byStack.values()) {
      for (const task of same.slice(0, -1)) {
        const last = lastBefore(task.index + task.size, same);
        if (last !== task) this.#targets.set(task, last);
      }
    }
  }

  #findTargets(roots: readonly Task[]): void {
    const named: Task[] = [];
    for (const root of roots) {
      for (const task of treeOf(root, this.#trees)) if (failedIn(task) !== '') named.push(task);
    }
    if (named.length === 0) return;
    const wanted = new Set(named.map(failedIn));
    const found = new Map<string, Task>();
    for (const root of roots) {
      for (const task of treeOf(root, this.#trees)) if (wanted.has(task.id)) found.set(task.id, task);
    }
    for (const task of named) {
      const target = found.get(failedIn(task));
      if (target !== undefined && isInside(target, task)) this.#targets.set(task, target);
    }
  }
}

/** The tasks of a tree in reading order. */
export function* treeOf(root: Node, { nodes }: Trees): Generator<Task> {
  for (let at = root.index; at < root.index + root.size; at += 1) {
    const node = nodes[at]!;
    if (node.kind === 'task') yield node;
  }
}

/** The path from the root to this task. */
export function pathTo(task: Task): Task[] {
  const path: Task[] = [];
  for (let at: Task | undefined = task; at !== undefined; at = parentOf(at)) path.push(at);
  return path.reverse();
}

function isInside(inner: Task, outer: Task): boolean {
  return inner.index > outer.index && inner.index < outer.index + outer.size;
}

/** The text of the last ERROR record of a task other than its end. */
function lastErrorOf({ records, end }: Task): string {
  const record = records.findLast((each) => each !== end && each.severity >= Severity.ERROR);
  if (record === undefined) return '';
  const error = errorOf(record);
  return (error === undefined ? '' : titleOf(error)) || record.body;
}

function stackOf({ end }: Task): string {
  return end === undefined ? '' : (errorOf(end)?.stacktrace ?? '');
}

/**
 * The last of the tasks, which are in reading order, with an index below this one. The first task always
 * qualifies.
 */
function lastBefore(index: number, tasks: readonly Task[]): Task {
  let low = 0;
  let high = tasks.length;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (tasks[middle]!.index < index) low = middle;
    else high = middle;
  }
  return tasks[low]!;
}
