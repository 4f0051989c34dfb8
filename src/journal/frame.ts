import { crc32 } from 'node:zlib';
import type { JournalEntry } from '../component/index.ts';

/**
 * The frames that follow the header of a segment: entries and seals. All numbers are little-endian.
 *
 * | offset | bytes | field |
 * |---|---|---|
 * | 0 | 8 | the segment's mark, random: a reader uses it to find the next frame after damage |
 * | 8 | 4 | length of the body |
 * | 12 | 4 | group: the offset in the file where the group of this frame begins |
 * | 16 | 8 | index of the entry; seal: index of the next entry |
 * | 24 | 8 | received, milliseconds since 1970 (float64) |
 * | 32 | 8 | seq; 0: no origin |
 * | 40 | 8 | prev |
 * | 48 | 16 | producer |
 * | 64 | 4 | records |
 * | 68 | 4 | crc-32 of the body |
 * | 72 | 4 | kind: 1 entry, 2 seal |
 * | 76 | 4 | crc-32 of the bytes 0 to 75 |
 * | 80 | | the body |
 *
 * The frame header has its own crc, so that the exact length of a damaged body is known. A seal is a group
 * without entries. It is written on a clean shutdown and verifies everything before it.
 */
export const FRAME_BYTES = 80;
export const MARK_BYTES = 8;
const ENTRY = 1;
const SEAL = 2;
const NO_PRODUCER = new Uint8Array(16);
const NO_BODY = Buffer.alloc(0);

/** The header of a frame. */
export interface Frame {
  readonly seal: boolean;
  readonly group: number;
  readonly bodyBytes: number;
  readonly bodyCrc: number;
  /** Its `body` is empty. */
  readonly entry: JournalEntry;
}

/** Writes the frame header of an entry into `target` at `at`. @param bodyCrc if it is known */
export function encodeFrame(
  target: Buffer,
  at: number,
  mark: Uint8Array,
  group: number,
  entry: JournalEntry,
  bodyCrc?: number,
): void {
  fill(target, at, mark, group, entry, ENTRY, bodyCrc);
}

/** The frame of a seal at the offset `group`. */
export function encodeSeal(mark: Uint8Array, group: number, next: number, nowMillis: number): Buffer {
  const target = Buffer.allocUnsafe(FRAME_BYTES);
  fill(target, 0, mark, group, { index: next, receivedMillis: nowMillis, records: 0, body: NO_BODY }, SEAL);
  return target;
}

function fill(
  target: Buffer,
  at: number,
  mark: Uint8Array,
  group: number,
  entry: JournalEntry,
  kind: number,
  bodyCrc = crc32(entry.body),
): void {
  target.set(mark, at);
  target.writeUInt32LE(entry.body.length, at + 8);
  target.writeUInt32LE(group, at + 12);
  writeUint64(target, entry.index, at + 16);
  target.writeDoubleLE(entry.receivedMillis, at + 24);
  writeUint64(target, entry.origin?.seq ?? 0, at + 32);
  writeUint64(target, entry.origin?.prev ?? 0, at + 40);
  target.set(entry.origin?.producer ?? NO_PRODUCER, at + 48);
  target.writeUInt32LE(entry.records, at + 64);
  target.writeUInt32LE(bodyCrc, at + 68);
  target.writeUInt32LE(kind, at + 72);
  target.writeUInt32LE(crc32(target.subarray(at, at + 76)), at + 76);
}

/** Decodes the frame header at `at`; undefined if it is not a valid one. */
export function decodeFrame(source: Buffer, at: number, mark: Buffer): Frame | undefined {
  if (at + FRAME_BYTES > source.length) return undefined;
  if (source.compare(mark, 0, MARK_BYTES, at, at + MARK_BYTES) !== 0) return undefined;
  if (source.readUInt32LE(at + 76) !== crc32(source.subarray(at, at + 76))) return undefined;
  const kind = source.readUInt32LE(at + 72);
  if (kind !== ENTRY && kind !== SEAL) return undefined;
  const seq = readUint64(source, at + 32);
  return {
    seal: kind === SEAL,
    group: source.readUInt32LE(at + 12),
    bodyBytes: source.readUInt32LE(at + 8),
    bodyCrc: source.readUInt32LE(at + 68),
    entry: {
      index: readUint64(source, at + 16),
      receivedMillis: source.readDoubleLE(at + 24),
      records: source.readUInt32LE(at + 64),
      body: NO_BODY,
      origin:
        seq === 0
          ? undefined
          : {
              // Copied, so that these 16 bytes do not keep the whole chunk in memory in the table of
              // producers.
              producer: Uint8Array.prototype.slice.call(source, at + 48, at + 64),
              seq,
              prev: readUint64(source, at + 40),
            },
    },
  };
}

/** Whether these bytes are the body of the frame. */
export function bodyMatches(frame: Frame, body: Uint8Array): boolean {
  return body.length === frame.bodyBytes && crc32(asBuffer(body)) === frame.bodyCrc;
}

const HALF = 0x1_0000_0000;

/** Writes an integer below 2^53 as eight bytes, little-endian. */
export function writeUint64(target: Buffer, value: number, offset: number): void {
  target.writeUInt32LE(value % HALF, offset);
  target.writeUInt32LE(Math.floor(value / HALF), offset + 4);
}

/** Reads what {@link writeUint64} wrote. */
export function readUint64(source: Buffer, offset: number): number {
  return source.readUInt32LE(offset) + source.readUInt32LE(offset + 4) * HALF;
}

/** The bytes of a typed array as a Buffer, without a copy. */
export function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.isBuffer(bytes) ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
