/**
 * The format of a box: a file of fixed size that a process overwrites in turns, and that whoever finds it can
 * read without an index. All numbers have their low bytes first.
 *
 * | at | bytes | what |
 * |---|---|---|
 * | 0 | 2 x 16 KiB | two headers; the valid one with the higher revision counts |
 * | 30 KiB | 2 x 1 KiB | what a watcher says of an event loop that hangs: two frames; the valid one with the higher sequence number counts. The end of the second header, which is never that long |
 * | 32 KiB | n x 64 KiB | blocks, written in turns |
 *
 * A block holds frames, one behind the other. A frame never crosses the end of its block, and needs no other
 * frame: it has its own tables of loggers, shapes and span contexts.
 *
 * | at | bytes | what of a frame |
 * |---|---|---|
 * | 0 | 4 | length of the payload; 0: the block ends here |
 * | 4 | 4 | crc-32 of the bytes from 8 to the end of the payload, begun with the tag of the box |
 * | 8 | 6 | sequence number of the frame, from 1 |
 * | 14 | 6 | number of the first held record in it |
 * | 20 | 6 | time from which times are counted, milliseconds since 1970 |
 * | 26 | | entries, see `Entry` |
 */
export const MAGIC = 'BURSTBOX';
export const VERSION = 1;
export const HEADER_BYTES = 16 * 1024;
export const HEADERS = 2;
export const BLOCKS_AT = HEADERS * HEADER_BYTES;
export const WATCH_BYTES = 1024;
export const WATCH_SLOTS = 2;
export const WATCH_AT = BLOCKS_AT - WATCH_SLOTS * WATCH_BYTES;
export const BLOCK_BYTES = 64 * 1024;
/** Less room than this at the end of a block is left empty. */
export const LEAST_FRAME_BYTES = 2 * 1024;

/** Where the parts of a frame stand. */
export const Frame = { length: 0, crc: 4, sequence: 8, number: 14, time: 20, entries: 26 } as const;

/** What an entry begins with. A record has `RECORD` set, and says by its other bits what it leaves out. */
export const Entry = {
  /** The last open span of a trace has ended. */
  ENDED: 1,
  /** A trace that had ended has a span again. */
  RESUMED: 2,
  /** Nothing of a key is held any more: discarded or evicted. */
  EMPTIED: 3,
  /** A key bursts: so many of its newest records are released, the others are gone. */
  RELEASED: 4,
  /** A released record is delivered from now on, under a delivery number. */
  HANDED_ON: 5,
  /** Delivery numbers from ... to ...: delivered, or lost and counted. */
  SETTLED: 6,
  /** A released record is gone: the byte bound took it. */
  DROPPED: 7,
  /** Vital signs, JSON. */
  SIGNS: 8,
  /** Last words, JSON. */
  LAST_WORDS: 9,
  RECORD: 0x40,
} as const;

/** The bits of a record's entry. */
export const Bit = {
  SAME_CONTEXT: 1,
  SAME_SHAPE: 2,
  /** The time when it was observed is another one. */
  OBSERVED: 4,
  /** Its key is not its trace. */
  KEY: 8,
  /** Its times have parts of milliseconds. */
  NANOSECONDS: 16,
  /** Loud, with its delivery number; else held. */
  LOUD: 32,
} as const;

/** What a value begins with. */
export const Tag = {
  NULL: 0,
  UNDEFINED: 1,
  TRUE: 2,
  FALSE: 3,
  INTEGER: 4,
  DOUBLE: 5,
  STRING: 6,
  /** As in the last record of the same shape. */
  SAME: 7,
  BYTES: 8,
  LIST: 9,
  MAP: 10,
  REDACTED: 11,
  /** And so many bytes, below 64. */
  SHORT_STRING: 0x80,
  /** And the number, below 64. */
  SMALL_INTEGER: 0xc0,
} as const;

/** Both the writer and a reader stop at so many values within one another. */
export const MAX_DEPTH = 34;
/** What stands for a value that was redacted. */
export const REDACTED = '[redacted]';
