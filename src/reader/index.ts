export { ByteLines } from './byte-lines.ts';
export { DaemonSource } from './daemon-source.ts';
export { FileSource, type FileSourceOptions } from './file-source.ts';
export type { HttpTarget } from './http-client.ts';
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
export {
  collect,
  findTaskRows,
  type Last,
  MAX_RECORDS,
  type OnNotice,
  storyOfLast,
  viewOf,
} from './queries.ts';
export { ReaderError, type ReaderErrorKind } from './reader-error.ts';
export {
  type Found,
  isNotice,
  type Notice,
  type RecordCount,
  type RecordQuery,
  type RecordSource,
  type TailQuery,
  type ViewName,
} from './record-source.ts';
export { Selection } from './selection.ts';
export { VictoriaLogsSource } from './victoria-logs-source.ts';
export { deviationLines, type FailedTask, failedTaskOf, type WhyLines, whyLines, whyOfTrace } from './why.ts';
