import type { Failures } from './failures.ts';
import type { Node, Outcome, Task, Trees } from './trees.ts';
import { isExpectedFailure, isFailedStory, isSaved, isTrouble } from './trouble.ts';

/** The outcome as shown: an expected failure is not shown as a failure. */
export type ShownOutcome = Outcome | 'expected';

/** Counts of a tree, or a part of one. */
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
 * Counts of any tree or part of one, each in constant time: the nodes of a tree are adjacent, so a count is
 * the difference of two prefix sums.
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

  /** The counts of the tree at this node. */
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

  /** Whether the tree is expanded: it contains a loud task, or a record released by a burst. */
  isOpen(node: Node): boolean {
    return this.#between(node, 'open') > 0;
  }

  /**
   * Whether all records of this task are shown: it needs attention, or it is the origin of the error of a
   * task that does.
   */
  isLoud(task: Task): boolean {
    return this.#loud[task.index] === 1;
  }

  outcomeOf(task: Task): ShownOutcome {
    return isExpectedFailure(task) && !this.isLoud(task) ? 'expected' : task.outcome;
  }

  /**
   * Whether the trace contains a failure or a burst. Records missing from any other trace were held back as
   * intended: the trace ended without a trigger, so its quiet records were discarded.
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
