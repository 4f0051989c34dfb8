export { FileSource, type FileSourceOptions } from './file-source.ts';
export {
  type BurstRow,
  burstLine,
  burstRows,
  cutText,
  type TaskChoice,
  type TaskRow,
  taskLine,
  taskRows,
} from './overview.ts';
export { collect, type Last, MAX_RECORDS, type OnNotice, storyOfLast, views } from './queries.ts';
export { ReaderError, type ReaderErrorKind } from './reader-error.ts';
export {
  type Found,
  isNotice,
  type Notice,
  type RecordCount,
  type RecordQuery,
  type RecordSource,
  type TailQuery,
} from './record-source.ts';
export { Selection } from './selection.ts';
