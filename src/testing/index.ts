export { CapturedLogs, type CaptureLogsOptions, captureLogs } from './capture-logs.ts';
export { type RecordWish, TaskAssertion } from './task-assertion.ts';
