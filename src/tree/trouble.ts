import { BURST_ID, Severity } from '../record/index.ts';
import { treeOf } from './failures.ts';
import type { TreeRecord } from './tree-record.ts';
import type { Task, Trace, Trees } from './trees.ts';

/**
 * Whether the task needs attention: it failed unexpectedly, was abandoned, started and has no end, or logged
 * an ERROR.
 */
export function isTrouble(task: Task): boolean {
  if (task.outcome === 'abandoned') return true;
  if (task.outcome === 'unknown' && task.start !== undefined && !task.hasNoEndEvent) return true;
  if (task.outcome === 'failed' && !isExpectedFailure(task)) return true;
  return task.records.some(({ severity }) => severity >= Severity.ERROR);
}

/** A failure with a severity below ERROR: the application declared that the caller handles it. */
export function isExpectedFailure({ outcome, end }: Task): boolean {
  return outcome === 'failed' && end !== undefined && end.severity > 0 && end.severity < Severity.ERROR;
}

/** Whether the record was released by a burst. */
export function isSaved({ attributes }: TreeRecord): boolean {
  return BURST_ID in attributes;
}

/** Whether the records of a trace that have no task show a failure: an ERROR, or a burst. */
export function isFailedStory({ records, bursts, roots }: Trace): boolean {
  if (roots.length === 0 && bursts.length > 0) return true;
  return records.some((record) => record.severity >= Severity.ERROR || isSaved(record));
}

/** Whether a task of the tree failed unexpectedly. */
export function hasFailed(root: Task, trees: Trees): boolean {
  for (const task of treeOf(root, trees)) {
    if (task.outcome === 'failed' && !isExpectedFailure(task)) return true;
  }
  return false;
}

/** The same trees without those in which nothing failed. `nodes` is unchanged. */
export function onlyFailed(trees: Trees): Trees {
  const isFailed = (root: Task) => hasFailed(root, trees);
  const traces = trees.traces
    .filter((trace) => isFailedStory(trace) || trace.roots.some(isFailed))
    .map(({ traceId, roots, records, bursts }) => ({
      traceId,
      roots: roots.filter(isFailed),
      records,
      bursts,
    }));
  return { ...trees, traces };
}
