/** `burstlog/testing`: captures logs in tests and makes assertions on tasks. */
export { CapturedLogs, type CaptureLogsOptions, captureLogs } from './testing/capture-logs.ts';
export { type ExpectedRecord, TaskAssertion } from './testing/task-assertion.ts';
export type { TaskPath } from './tree/query.ts';
