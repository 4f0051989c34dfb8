/** `burstlog/testing/jest`: prints the log records of a failed test. Add it to `setupFilesAfterEnv`. */
export { loggerProvider } from './testing/jest.ts';
