import type { Failures } from './failures.ts';
import type { Node, Outcome, Task, Trees } from './trees.ts';
import { isExpectedFailure, isFailedStory, isSaved, isTrouble } from './trouble.ts';

/** How a task's end is shown: a failure that its application expected is not shown as one. */
export type ShownOutcome = Outcome | 'expected';

/** What a tree, or a part of one, holds. */
export interface Counts {
  readonly tasks: number;
  readonly records: number;
  readonly missing: number;
  readonly outcomes: Readonly<Record<ShownOutcome, number>>;
}

export const SHOWN_OUTCOMES: readonly ShownOutcome[] = [
  'succeeded',
  'failed',
  'expected',
  'cancelled',
  'abandoned',
  'unknown',
];

type Sum = 'tasks' | 'records' | 'missing' | 'open' | ShownOutcome;

/**
 * Counts of any tree or part of one, in constant time each: the nodes of a tree are side by side, so its counts are the
 * difference of two running sums.
 */
export class Summary {
  readonly #trees: Trees;
  readonly #loud: Uint8Array;
  readonly #sums: Readonly<Record<Sum, Float64Array>>;
  #troubled: ReadonlySet<string> | undefined;

  constructor(trees: Trees, failures: Failures) {
    this.#trees = trees;
    this.#loud = loudOf(trees, failures);
    const { nodes } = trees;
    const sumOf = (value: (task: Task) => number) => {
      const sums = new Float64Array(nodes.length + 1);
      nodes.forEach((node, at) => {
        sums[at + 1] = sums[at]! + (node.kind === 'task' ? value(node) : 0);
      });
      return sums;
    };
    const outcomes = SHOWN_OUTCOMES.map(
      (outcome) => [outcome, sumOf((task) => (this.outcomeOf(task) === outcome ? 1 : 0))] as const,
    );
    this.#sums = {
      tasks: sumOf(() => 1),
      records: sumOf((task) => task.records.length),
      missing: sumOf((task) => task.missing),
      open: sumOf((task) => (this.isLoud(task) || task.records.some(isSaved) ? 1 : 0)),
      ...(Object.fromEntries(outcomes) as Record<ShownOutcome, Float64Array>),
    };
  }

  /** Of the tree from this node. */
  of(node: Node): Counts {
    const of = (name: Sum) => this.#between(node, name);
    return {
      tasks: of('tasks'),
      records: of('records'),
      missing: of('missing'),
      outcomes: {
        succeeded: of('succeeded'),
        failed: of('failed'),
        expected: of('expected'),
        cancelled: of('cancelled'),
        abandoned: of('abandoned'),
        unknown: of('unknown'),
      },
    };
  }

  /** Whether something in the tree is to be opened: it is loud, or a burst saved a record of it. */
  isOpen(node: Node): boolean {
    return this.#between(node, 'open') > 0;
  }

  /**
   * Whether somebody who looks for trouble wants to see all records of this task: it is in trouble, or the error of one
   * that is began in it.
   */
  isLoud(task: Task): boolean {
    return this.#loud[task.index] === 1;
  }

  outcomeOf(task: Task): ShownOutcome {
    return isExpectedFailure(task) && !this.isLoud(task) ? 'expected' : task.outcome;
  }

  /**
   * Whether something in the trace went wrong, or it had a burst. Records that are missing from any other trace were
   * held back as they should be: the trace ended well, so its quiet records were discarded.
   */
  isTroubled(traceId: string): boolean {
    this.#troubled ??= new Set(
      this.#trees.traces
        .filter(
          (trace) =>
            trace.bursts.length > 0 || isFailedStory(trace) || trace.roots.some((root) => this.isOpen(root)),
        )
        .map((trace) => trace.traceId),
    );
    return this.#troubled.has(traceId);
  }

  #between({ index, size }: Node, name: Sum): number {
    const sums = this.#sums[name];
    return sums[index + size]! - sums[index]!;
  }
}

function loudOf({ nodes }: Trees, failures: Failures): Uint8Array {
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
