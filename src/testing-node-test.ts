/** `burstlog/testing/node-test`: prints the log records of a failed test. Load it with `node --import`. */
export { loggerProvider } from './testing/node-test.ts';
