export { forest } from './forest.ts';
export type { Absent, Forest, Link, Node, Outcome, Task, Trace } from './forest-types.ts';
export { type Item, itemsOf } from './items.ts';
export { lines } from './lines.ts';
export type { LinesOptions } from './lines-options.ts';
export { hasFailed, onlyFailed } from './only-failed.ts';
export { otlpJsonRecords } from './otlp-json.ts';
export { plain, safeJson } from './plain.ts';
export {
  childrenOf,
  dataOf,
  durationOf,
  type ErrorText,
  errorOf,
  failedIn,
  findTask,
  findTasks,
  parentOf,
  pathOf,
  type TaskPath,
  tasksOf,
} from './query.ts';
export { type TreeAttributes, type TreeRecord, treeRecord } from './tree-record.ts';
