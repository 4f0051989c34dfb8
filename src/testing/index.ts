export { CapturedLogs, type CaptureLogsOptions, captureLogs } from './capture-logs.ts';
export { type ExpectedRecord, TaskAssertion } from './task-assertion.ts';
