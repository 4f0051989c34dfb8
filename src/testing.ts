/** `burstlog/testing`: captures logs in tests, and asserts what tasks did. */
export {
  CapturedLogs,
  type CaptureLogsOptions,
  captureLogs,
  type RecordWish,
  TaskAssertion,
} from './testing/index.ts';
