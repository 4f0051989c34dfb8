import { BLOCK_BYTES, BLOCKS_AT } from './layout.ts';

/** Small writes may pass the end of a block by so much before they are noticed. */
export const SLACK = 512;

/** Where a writer fills its blocks, and what makes them a file. */
export interface BlockOutput {
  /** The memory of a block, counted from 0 without end; the block before it gets nothing more. */
  block(turn: number): Buffer;
  /** A frame of a block is complete. */
  sealed(turn: number, from: number, to: number): void;
  /** Entries of the open frame of the newest block are complete up to here. */
  reached(at: number): void;
}

/** Where the bytes of a box go. */
export type WriteBytes = (bytes: Buffer, from: number, to: number, position: number) => void;

/** One block in memory, of which each frame is written when it is complete. */
export function directOutput(blocks: number, write: WriteBytes): BlockOutput {
  const memory = Buffer.alloc(BLOCK_BYTES + SLACK);
  return {
    block: () => memory,
    sealed: (turn, from, to) => write(memory, from, to, positionOf(turn, blocks) + from),
    reached() {},
  };
}

/** Where a block stands in the file. */
export function positionOf(turn: number, blocks: number): number {
  return BLOCKS_AT + (turn % blocks) * BLOCK_BYTES;
}
