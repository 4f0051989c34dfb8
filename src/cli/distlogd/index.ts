export { deadLetters } from './dead-letters.ts';
export { ExitCode } from './exit-code.ts';
export { type Io, processIo } from './io.ts';
export { main } from './main.ts';
export type {
  DeadLetterSummary,
  DeadLetters,
  Parts,
  RunningDaemon,
  StartDaemon,
} from './parts.ts';
export { requestStatus } from './request-status.ts';
