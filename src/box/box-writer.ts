import { type ReadableLogRecordLike, recordSize, truncate } from '../record/index.ts';
import type { BlockOutput } from './block-output.ts';
import { ByteWriter } from './byte-writer.ts';
import { BLOCK_BYTES, Entry, Frame, LEAST_FRAME_BYTES } from './layout.ts';
import { RecordEncoder, writeKey } from './record-encoder.ts';

/** A record that does not fit a block is truncated to this estimate. */
const TRUNCATED_BYTES = 32 * 1024;
const TWO_TO_32 = 2 ** 32;

/** What a writer is made of. */
export interface BoxWriterParts {
  /** Begins every checksum, so that frames of another box are not taken for ours. */
  readonly tag: number;
  readonly redact: ReadonlySet<string>;
  readonly resourceIndex: (resource: unknown) => number;
  readonly output: BlockOutput;
  readonly now: () => number;
}

/**
 * Encodes what happens to records into frames, and writes them round and round over the blocks of a box. It
 * fills one block of its output at a time: the frame that is being filled is complete at `flush()`, or when the
 * block is full.
 *
 * - **Full**: the oldest block is overwritten.
 * - **Fails**: a record that cannot be encoded is left out, and counted. What the output throws passes through.
 */
export class BoxWriter {
  readonly #parts: BoxWriterParts;
  readonly #out: ByteWriter;
  readonly #records: RecordEncoder;
  /** Modules of Node.js that take milliseconds to load are loaded by what needs them, not by this file. */
  readonly #crc32 = process.getBuiltinModule('node:zlib').crc32;
  /** Counts the blocks. */
  #turn = 0;
  #start = 0;
  #sequence = 1;
  #number = 1;
  #isOpen = false;
  /** Records that could not be encoded. */
  unwritten = 0;

  constructor(parts: BoxWriterParts) {
    this.#parts = parts;
    this.#out = new ByteWriter(parts.output.block(0), parts.redact);
    this.#records = new RecordEncoder(this.#out, parts.redact, parts.resourceIndex);
    this.#out.end = BLOCK_BYTES;
  }

  /** A record is held. @returns its number in this box; 0: it could not be encoded */
  held(record: ReadableLogRecordLike, key: string): number {
    if (!this.#record(record, key, 0)) return 0;
    this.#number += 1;
    return this.#number - 1;
  }

  /** A loud record waits for its delivery under this number. */
  loud(record: ReadableLogRecordLike, delivery: number): void {
    this.#record(record, '', delivery);
  }

  /** The last span of a trace has ended, one begins again, or nothing of a key is held any more. */
  mark(entry: typeof Entry.ENDED | typeof Entry.RESUMED | typeof Entry.EMPTIED, key: string): void {
    this.#entry(() => {
      this.#out.byte(entry);
      writeKey(this.#out, key);
    });
  }

  /** A key bursts: its newest `count` records are released. */
  released(key: string, count: number): void {
    this.#entry(() => {
      this.#out.byte(Entry.RELEASED);
      writeKey(this.#out, key);
      this.#out.varint(count);
    });
  }

  /** A released record is delivered under this number from now on. */
  handedOn(number: number, delivery: number, burstId: string, sequence: number): void {
    this.#entry(() => {
      this.#out.byte(Entry.HANDED_ON);
      this.#out.varint(number);
      this.#out.varint(delivery);
      this.#out.varint(sequence);
      this.#out.text(burstId);
    });
  }

  settled(first: number, last: number): void {
    this.#entry(() => {
      this.#out.byte(Entry.SETTLED);
      this.#out.varint(first);
      this.#out.varint(last - first);
    });
  }

  dropped(number: number): void {
    this.#entry(() => {
      this.#out.byte(Entry.DROPPED);
      this.#out.varint(number);
    });
  }

  /** Vital signs or last words: at most 20,000 characters of JSON, which fit a block whatever they are. */
  json(entry: typeof Entry.SIGNS | typeof Entry.LAST_WORDS, value: object): void {
    const text = JSON.stringify(value);
    this.#entry(() => {
      this.#out.byte(entry);
      this.#out.text(text);
    });
  }

  /** Writes the frame that is being filled. */
  flush(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    if (this.#out.at > this.#start + Frame.entries) this.#seal();
    else this.#out.at = this.#start;
  }

  /** @returns false if it could not be encoded */
  #record(record: ReadableLogRecordLike, key: string, delivery: number): boolean {
    if (!this.#isOpen) this.#open();
    const before = this.#out.at;
    try {
      this.#records.write(record, key, delivery);
      if (!this.#out.isOver) return this.#reached();
      this.#takeBack(before);
      this.#nextBlock();
      if (this.#alone(record, key, delivery)) return true;
      const short = truncate(record, TRUNCATED_BYTES, recordSize(record)).record;
      if (this.#alone(short, key, delivery)) return true;
    } catch {
      this.#takeBack(before);
    }
    this.unwritten += 1;
    return false;
  }

  /** Tries a record as the first one of a frame. Never throws. */
  #alone(record: ReadableLogRecordLike, key: string, delivery: number): boolean {
    this.#open();
    try {
      this.#records.write(record, key, delivery);
      if (!this.#out.isOver) return this.#reached();
    } catch {
      // As one that does not fit.
    }
    this.#takeBack(this.#start + Frame.entries);
    return false;
  }

  /** Ends the frame before what was just written: its tables know more than it holds. */
  #takeBack(at: number): void {
    if (!this.#isOpen) return;
    this.#out.at = at;
    this.flush();
  }

  /** Writes an entry that fits any block. */
  #entry(write: () => void): void {
    if (!this.#isOpen) this.#open();
    const before = this.#out.at;
    write();
    if (!this.#out.isOver) return void this.#reached();
    this.#takeBack(before);
    this.#nextBlock();
    this.#open();
    write();
    this.#reached();
  }

  #reached(): true {
    this.#parts.output.reached(this.#out.at);
    return true;
  }

  #open(): void {
    const out = this.#out;
    if (BLOCK_BYTES - out.at < LEAST_FRAME_BYTES) this.#nextBlock();
    this.#start = out.at;
    const now = this.#parts.now();
    const { bytes } = out;
    bytes.writeUIntLE(this.#sequence, this.#start + Frame.sequence, 6);
    bytes.writeUIntLE(this.#number, this.#start + Frame.number, 6);
    bytes.writeUIntLE(now, this.#start + Frame.time, 6);
    out.at = this.#start + Frame.entries;
    this.#records.startFrame(now);
    this.#isOpen = true;
  }

  #seal(): void {
    const { bytes, at } = this.#out;
    const start = this.#start;
    bytes.writeUInt32LE(at - start - Frame.entries, start + Frame.length);
    const crc = this.#crc32(bytes.subarray(start + Frame.sequence, at), this.#parts.tag % TWO_TO_32);
    bytes.writeUInt32LE(crc, start + Frame.crc);
    this.#sequence += 1;
    this.#parts.output.sealed(this.#turn, start, at);
  }

  #nextBlock(): void {
    this.#turn += 1;
    this.#out.bytes = this.#parts.output.block(this.#turn);
    this.#out.at = 0;
  }
}
