/**
 * The format of a box: a file of fixed size whose blocks a process overwrites in rotation. It can be read
 * without an index. All numbers are little-endian.
 *
 * | at | bytes | what |
 * |---|---|---|
 * | 0 | 2 x 16 KiB | two headers; the valid one with the higher revision applies |
 * | 30 KiB | 2 x 1 KiB | two reports of a hung event loop; the valid one with the higher sequence number |
 * | | | applies. They use the end of the second header, which is never that long |
 * | 32 KiB | n x 64 KiB | blocks, written in rotation |
 *
 * A block holds consecutive frames. A frame never crosses the end of its block and is self-contained: it has
 * its own tables of loggers, shapes and span contexts.
 *
 * | at | bytes | part of a frame |
 * |---|---|---|
 * | 0 | 4 | length of the payload; 0: the block ends here |
 * | 4 | 4 | crc-32 of the bytes from 8 to the end of the payload, starting from the tag of the box |
 * | 8 | 6 | sequence number of the frame, from 1 |
 * | 14 | 6 | number of the first held record in it |
 * | 20 | 6 | base of the times in the frame, in milliseconds since 1970 |
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
/** If less space than this is left at the end of a block, the next frame starts in the next block. */
export const LEAST_FRAME_BYTES = 2 * 1024;

/** Offsets of the fields of a frame. */
export const Frame = { length: 0, crc: 4, sequence: 8, number: 14, time: 20, entries: 26 } as const;

/** The first byte of an entry. A record has the bit `RECORD`; its other bits say which fields follow. */
export const Entry = {
  /** The last open span of a trace has ended. */
  ENDED: 1,
  /** A trace that had ended has a span again. */
  RESUMED: 2,
  /** A key holds no records: they were discarded or evicted. */
  EMPTIED: 3,
  /** A key bursts: the given number of its newest records are released, the others were dropped. */
  RELEASED: 4,
  /** A released record was handed to the delivery, under a delivery number. */
  HANDED_ON: 5,
  /** A range of delivery numbers was delivered, or lost and counted. */
  SETTLED: 6,
  /** A released record was dropped by the byte limit. */
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
  /** The observed time differs from the time. */
  OBSERVED: 4,
  /** The key is not the trace id. */
  KEY: 8,
  /** The times have nanoseconds below a millisecond. */
  NANOSECONDS: 16,
  /** A loud record, with its delivery number; otherwise a held one. */
  LOUD: 32,
} as const;

/** The first byte of a value. */
export const Tag = {
  NULL: 0,
  UNDEFINED: 1,
  TRUE: 2,
  FALSE: 3,
  INTEGER: 4,
  DOUBLE: 5,
  STRING: 6,
  /** The same value as in the previous record of this shape. */
  SAME: 7,
  BYTES: 8,
  LIST: 9,
  MAP: 10,
  REDACTED: 11,
  /** Followed by fewer than 64 bytes; the low bits are the length. */
  SHORT_STRING: 0x80,
  /** The low bits are the number, below 64. */
  SMALL_INTEGER: 0xc0,
} as const;

/** The maximum nesting depth for the writer and the reader. */
export const MAX_DEPTH = 34;
/** Replaces a redacted value. */
export const REDACTED = '[redacted]';
