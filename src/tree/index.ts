export { buildTrees } from './build-trees.ts';
export { childrenInOrder, type Item } from './children-in-order.ts';
export { Failures } from './failures.ts';
export { lines } from './lines.ts';
export { LiveLines, type LiveLinesOptions } from './live-lines.ts';
export { asciiMarks, type Marks, unicodeMarks } from './marks.ts';
export type { LinesOptions } from './options.ts';
export { type Line, type Paint, paintLine, piece } from './paint.ts';
export {
  childrenOf,
  dataOf,
  durationOf,
  type ErrorText,
  errorOf,
  failedIn,
  findTasks,
  parentOf,
  pathOf,
  type TaskPath,
  tasksOf,
} from './query.ts';
export { type TreeAttributes, type TreeRecord, treeRecord, treeRecords } from './tree-record.ts';
export type { Absent, Link, Node, Outcome, Task, Trace, Trees } from './trees.ts';
export { hasFailed, isExpectedFailure, isFailedStory, onlyFailed } from './trouble.ts';
export { mark } from './view.ts';
