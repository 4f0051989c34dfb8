/** `burstlog/testing/jest`: the log records of a failed test are printed with it, for the option setupFilesAfterEnv of jest. */
export { loggerProvider } from './testing/jest.ts';
