import { treeOf } from './failures.ts';
import type { Forest, Task } from './forest-types.ts';

/** Whether a task of the tree failed, be it one whose failure was handled. */
export function hasFailed(root: Task, forest: Forest): boolean {
  for (const { outcome } of treeOf(root, forest)) if (outcome === 'failed') return true;
  return false;
}

/** The same forest with the trees only in which a task failed. Its `nodes` stay whole. */
export function onlyFailed(forest: Forest): Forest {
  const traces = forest.traces
    .map(({ traceId, roots, records }) => ({
      traceId,
      roots: roots.filter((root) => hasFailed(root, forest)),
      records,
    }))
    .filter(({ roots }) => roots.length > 0);
  return { ...forest, traces };
}
