import { Severity } from '../record/index.ts';
import type { Failures } from './failures.ts';
import type { Forest, Node, Outcome, Task } from './forest-types.ts';

/** What a tree, or a part of one, holds. */
export interface Counts {
  readonly tasks: number;
  readonly records: number;
  readonly missing: number;
  readonly outcomes: Readonly<Record<Outcome, number>>;
  /** Tasks that a reader wants to see: see {@link Tally.isLoud}. */
  readonly loud: number;
}

const OUTCOMES: readonly Outcome[] = ['succeeded', 'failed', 'cancelled', 'abandoned', 'unknown'];

/**
 * Counts of any tree of a forest, in constant time each: the nodes of a tree lie side by side, so its counts
 * are the difference of two running sums.
 */
export class Tally {
  readonly #loud: Uint8Array;
  readonly #sums: Readonly<Record<'tasks' | 'records' | 'missing' | 'loud' | Outcome, Float64Array>>;

  constructor(forest: Forest, failures: Failures) {
    const { nodes } = forest;
    this.#loud = loudOf(forest, failures);
    const sumOf = (value: (task: Task) => number) => {
      const sums = new Float64Array(nodes.length + 1);
      nodes.forEach((node, at) => {
        sums[at + 1] = sums[at]! + (node.kind === 'task' ? value(node) : 0);
      });
      return sums;
    };
    const outcomes = OUTCOMES.map(
      (outcome) => [outcome, sumOf((task) => (task.outcome === outcome ? 1 : 0))] as const,
    );
    this.#sums = {
      tasks: sumOf(() => 1),
      records: sumOf((task) => task.records.length),
      missing: sumOf((task) => task.missing),
      loud: sumOf((task) => this.#loud[task.index]!),
      ...(Object.fromEntries(outcomes) as Record<Outcome, Float64Array>),
    };
  }

  /** Of the tree from this node. */
  of({ index, size }: Node): Counts {
    const between = (sums: Float64Array) => sums[index + size]! - sums[index]!;
    const { tasks, records, missing, loud, ...outcomes } = this.#sums;
    return {
      tasks: between(tasks),
      records: between(records),
      missing: between(missing),
      loud: between(loud),
      outcomes: {
        succeeded: between(outcomes.succeeded),
        failed: between(outcomes.failed),
        cancelled: between(outcomes.cancelled),
        abandoned: between(outcomes.abandoned),
        unknown: between(outcomes.unknown),
      },
    };
  }

  /** Whether something in the tree is loud. */
  hasLoud({ index, size }: Node): boolean {
    return this.#sums.loud[index + size]! > this.#sums.loud[index]!;
  }

  /**
   * Whether somebody who looks for trouble wants to see this task's records: it failed, was abandoned, began
   * and has no end, or wrote an ERROR. A failure below ERROR was expected by its application; it is loud only
   * as a root, or where a loud failure points to it.
   */
  isLoud(task: Task): boolean {
    return this.#loud[task.index] === 1;
  }
}

function loudOf({ nodes }: Forest, failures: Failures): Uint8Array {
  const loud = new Uint8Array(nodes.length);
  for (const node of nodes) {
    if (node.kind !== 'task' || !isTrouble(node)) continue;
    let at: Task | undefined = node;
    while (at !== undefined && loud[at.index] === 0) {
      loud[at.index] = 1;
      at = failures.innerOf(at);
    }
  }
  return loud;
}

function isTrouble(task: Task): boolean {
  if (task.outcome === 'abandoned') return true;
  if (task.outcome === 'unknown' && task.start !== undefined) return true;
  if (task.outcome === 'failed' && !isExpected(task)) return true;
  return task.records.some(({ severity }) => severity >= Severity.ERROR);
}

function isExpected({ parent, end }: Task): boolean {
  return parent !== undefined && end !== undefined && end.severity > 0 && end.severity < Severity.ERROR;
}
