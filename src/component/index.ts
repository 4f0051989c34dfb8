export type {
  Accepted,
  Batch,
  Behind,
  Intake,
  JournalEntry,
  JournalReader,
  JournalView,
  Origin,
  OwnLog,
  Receiver,
  ReceiverCounters,
  Sink,
} from './contract.ts';
export { countRefused, newCounters } from './counters.ts';
export type { CountingSink, PreparingSink } from './own-sinks.ts';
export { asRejected, rejectedError, retryAfterOf, retryLaterError } from './sink-errors.ts';
