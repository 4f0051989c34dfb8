/** `burstlog/testing/vitest`: the log records of a failed test are printed with it, for the option setupFiles of vitest. */
export { loggerProvider } from './testing/vitest.ts';
