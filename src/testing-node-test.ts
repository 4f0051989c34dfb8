/** `burstlog/testing/node-test`: the log records of a failed test are printed with it, for `node --import` with node:test. */
export { loggerProvider } from './testing/node-test.ts';
