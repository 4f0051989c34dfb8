import { BLOCK_BYTES, BLOCKS_AT } from './layout.ts';

/** A small write may exceed the end of a block by up to this many bytes before the writer detects it. */
export const SLACK = 512;

/** Provides the memory of each block and moves completed frames into the file. */
export interface BlockOutput {
  /**
   * Returns the memory of a block. Blocks are numbered from 0 without an upper bound; earlier blocks are
   * final.
   */
  block(turn: number): Buffer;
  /** Called when a frame of a block is complete. */
  sealed(turn: number, from: number, to: number): void;
  /** Called when the entries of the open frame in the newest block are complete up to `at`. */
  reached(at: number): void;
}

/** Writes bytes to the file of a box. */
export type WriteBytes = (bytes: Buffer, from: number, to: number, position: number) => void;

/** Keeps one block in memory and writes each frame when it is complete. */
export function directOutput(blocks: number, write: WriteBytes): BlockOutput {
  const memory = Buffer.alloc(BLOCK_BYTES + SLACK);
  return {
    block: () => memory,
    sealed: (turn, from, to) => write(memory, from, to, positionOf(turn, blocks) + from),
    reached() {},
  };
}

/** Returns the offset of a block in the file. */
export function positionOf(turn: number, blocks: number): number {
  return BLOCKS_AT + (turn % blocks) * BLOCK_BYTES;
}
