export { directOutput } from './block-output.ts';
export { Box } from './box.ts';
export { type DirectoryBounds, type TakenBox, takeBoxes } from './box-directory.ts';
export { type BoxHeader, encodeHeader, tagOf, type Unreadable } from './box-header.ts';
export {
  type BlackBoxOptions,
  boxFields,
  completeBoxOptions,
  type ResolvedBlackBoxOptions,
} from './box-options.ts';
export { BoxWriter, type BoxWriterParts } from './box-writer.ts';
export { ENDING, type Ending, type EndingAware, endingText, isFailure } from './ending.ts';
export type { LastWords, VitalSigns } from './last-words.ts';
export { BLOCK_BYTES, BLOCKS_AT, Entry, HEADER_BYTES } from './layout.ts';
export { handledElsewhere, OURS } from './other-listeners.ts';
export { type BoxContents, readBox } from './read-box.ts';
export { type RecoveryReport, recoverBoxes, recoveredRecords, type SendOutcome } from './recover-boxes.ts';
export type { Remaining } from './remains.ts';
export { installShutdownHooks, type ShutdownHookOptions, type ShutdownTarget } from './shutdown-hooks.ts';
