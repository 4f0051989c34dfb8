export { DeadLetterBox } from './dead-letter-box.ts';
export type { DeadLetter } from './letter-format.ts';
export { listDeadLetters, type Replayed, replayDeadLetters } from './replay-dead-letters.ts';
