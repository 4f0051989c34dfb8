export { CursorFile, type StoredCursor } from './cursor-file.ts';
export { deliveryOptions } from './options.ts';
export { cursorFileOf, RemovedSinks, sinksWithCursor } from './removed-sinks.ts';
export type { SinkRunnerOptions } from './runner-options.ts';
export { SinkRunner } from './sink-runner.ts';
export { WriteTurns } from './write-turns.ts';
