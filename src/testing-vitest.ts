/** `burstlog/testing/vitest`: prints the log records of a failed test. Add it to `setupFiles`. */
export { loggerProvider } from './testing/vitest.ts';
