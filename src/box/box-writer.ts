import { type ReadableLogRecordLike, recordSize, truncate } from '../record/index.ts';
import type { BlockOutput } from './block-output.ts';
import { ByteWriter } from './byte-writer.ts';
import { BLOCK_BYTES, Entry, Frame, LEAST_FRAME_BYTES } from './layout.ts';
import { RecordEncoder, writeKey } from './record-encoder.ts';

/** A record that does not fit into a block is truncated to this estimated size. */
const TRUNCATED_BYTES = 32 * 1024;
const TWO_TO_32 = 2 ** 32;

/** The dependencies of a writer. */
export interface BoxWriterParts {
  /** The initial value of every checksum, so that frames of another box are rejected. */
  readonly tag: number;
  readonly redact: ReadonlySet<string>;
  readonly resourceIndex: (resource: unknown) => number;
  readonly output: BlockOutput;
  readonly now: () => number;
}

/**
 * Encodes record events into frames and writes them to the blocks of a box in rotation. It fills one block of
 * its output at a time. The open frame is completed by `flush()`, or when the block is full.
 *
 * - **Full**: the oldest block is overwritten.
 * - **Fails**: a record that cannot be encoded is dropped and counted. Errors of the output are passed
 *   through.
 */
export class BoxWriter {
  readonly #parts: BoxWriterParts;
  readonly #out: ByteWriter;
  readonly #records: RecordEncoder;
  /** Node.js modules that take milliseconds to load are loaded on first use, not by this file. */
  readonly #crc32 = process.getBuiltinModule('node:zlib').crc32;
  /** The number of the current block. */
  #turn = 0;
  #start = 0;
  #sequence = 1;
  #number = 1;
  #isOpen = false;
  /** Number of records that could not be encoded. */
  unwritten = 0;

  constructor(parts: BoxWriterParts) {
    this.#parts = parts;
    this.#out = new ByteWriter(parts.output.block(0), parts.redact);
    this.#records = new RecordEncoder(this.#out, parts.redact, parts.resourceIndex);
    this.#out.end = BLOCK_BYTES;
  }

  /** Writes a held record. @returns its number in this box, or 0 if it could not be encoded */
  held(record: ReadableLogRecordLike, key: string): number {
    if (!this.#record(record, key, 0)) return 0;
    this.#number += 1;
    return this.#number - 1;
  }

  /** Writes a loud record that waits for delivery under this number. */
  loud(record: ReadableLogRecordLike, delivery: number): void {
    this.#record(record, '', delivery);
  }

  /**
   * Marks that the last span of a trace ended, that a trace has an open span again, or that a key holds no
   * records.
   */
  mark(entry: typeof Entry.ENDED | typeof Entry.RESUMED | typeof Entry.EMPTIED, key: string): void {
    this.#entry(() => {
      this.#out.byte(entry);
      writeKey(this.#out, key);
    });
  }

  /** Marks that a key bursts and releases its newest `count` records. */
  released(key: string, count: number): void {
    this.#entry(() => {
      this.#out.byte(Entry.RELEASED);
      writeKey(this.#out, key);
      this.#out.varint(count);
    });
  }

  /** Marks that a released record is delivered under this number. */
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

  /** Writes vital signs or last words: at most 20,000 characters of JSON, which always fit into a block. */
  json(entry: typeof Entry.SIGNS | typeof Entry.LAST_WORDS, value: object): void {
    const text = JSON.stringify(value);
    this.#entry(() => {
      this.#out.byte(entry);
      this.#out.text(text);
    });
  }

  /** Completes and writes the open frame. */
  flush(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    if (this.#out.at > this.#start + Frame.entries) this.#seal();
    else this.#out.at = this.#start;
  }

  /** @returns false if the record could not be encoded */
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

  /** Tries to write a record as the first one of a frame. Never throws. */
  #alone(record: ReadableLogRecordLike, key: string, delivery: number): boolean {
    this.#open();
    try {
      this.#records.write(record, key, delivery);
      if (!this.#out.isOver) return this.#reached();
    } catch {
      // Treated like a record that does not fit.
    }
    this.#takeBack(this.#start + Frame.entries);
    return false;
  }

  /**
   * Ends the frame before the entry just written, because the encoder's tables already include that entry.
   */
  #takeBack(at: number): void {
    if (!this.#isOpen) return;
    this.#out.at = at;
    this.flush();
  }

  /** Writes an entry that always fits into an empty block. */
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
