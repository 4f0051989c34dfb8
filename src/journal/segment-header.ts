import { crc32 } from 'node:zlib';
import { MARK_BYTES, readUint64, writeUint64 } from './frame.ts';

/**
 * The header of a segment, as this version writes it. All numbers are little-endian.
 *
 * | offset | bytes | field |
 * |---|---|---|
 * | 0 | 8 | `distlogJ` |
 * | 8 | 4 | format version |
 * | 12 | 4 | crc-32 of the bytes 0 to 11, in every version: a flipped bit must not look like a newer version
 * |
 * | 16 | 16 | journal id |
 * | 32 | 8 | the segment's mark |
 * | 40 | 8 | index of its first entry |
 * | 48 | 8 | records written to the journal before this segment, in total |
 * | 56 | 8 | bytes of bodies written before this segment, in total |
 * | 64 | 8 | created, milliseconds since 1970 (float64) |
 * | 72 | 8 | journal time, see JournalTime (float64) |
 * | 80 | 4 | number of producers in the table |
 * | 84 | 4 | crc-32 of the table |
 * | 88 | 4 | crc-32 of the bytes 0 to 87 |
 *
 * A second copy is at 512. The table of producers begins at 1,024: 16 bytes producer, 8 bytes last seq, 8
 * bytes last seen in journal time (float64), least recently seen first. The first frame follows the table.
 */
export const VERSION = 1;
export const HEAD_BYTES = 1_024;
export const PRODUCER_BYTES = 32;
const COPY_AT = 512;
const MAGIC_TEXT = 'distlogJ';
const MAGIC = Buffer.from(MAGIC_TEXT, 'latin1');

export interface Head {
  readonly id: Buffer;
  readonly mark: Buffer;
  readonly firstIndex: number;
  readonly recordsBefore: number;
  readonly bytesBefore: number;
  readonly createdMillis: number;
  readonly timeMillis: number;
  readonly producers: number;
  readonly tableCrc: number;
}

/** The decoded beginning of a file: its header, or both copies are damaged, or the version is newer. */
export type FoundHead =
  | { readonly kind: 'head'; readonly head: Head }
  | { readonly kind: 'damaged' }
  | { readonly kind: 'newer'; readonly version: number };

/** The offset of the first frame. */
export function framesBegin(producers: number): number {
  return HEAD_BYTES + producers * PRODUCER_BYTES;
}

export function encodeHead(head: Head): Buffer {
  const target = Buffer.alloc(HEAD_BYTES);
  MAGIC.copy(target, 0);
  target.writeUInt32LE(VERSION, 8);
  target.writeUInt32LE(crc32(target.subarray(0, 12)), 12);
  head.id.copy(target, 16);
  head.mark.copy(target, 32);
  writeUint64(target, head.firstIndex, 40);
  writeUint64(target, head.recordsBefore, 48);
  writeUint64(target, head.bytesBefore, 56);
  target.writeDoubleLE(head.createdMillis, 64);
  target.writeDoubleLE(head.timeMillis, 72);
  target.writeUInt32LE(head.producers, 80);
  target.writeUInt32LE(head.tableCrc, 84);
  target.writeUInt32LE(crc32(target.subarray(0, 88)), 88);
  target.copy(target, COPY_AT, 0, 92);
  return target;
}

/** @param source the first {@link HEAD_BYTES} of a file, or fewer if the file is shorter */
export function decodeHead(source: Buffer): FoundHead {
  let newer: number | undefined;
  for (const at of [0, COPY_AT]) {
    const found = decodeCopy(source.subarray(at, at + COPY_AT));
    if (found === undefined) continue;
    if (typeof found !== 'number') return { kind: 'head', head: found };
    newer = found;
  }
  return newer === undefined ? { kind: 'damaged' } : { kind: 'newer', version: newer };
}

function decodeCopy(copy: Buffer): Head | number | undefined {
  if (copy.length < 16 || !copy.subarray(0, 8).equals(MAGIC)) return undefined;
  if (copy.readUInt32LE(12) !== crc32(copy.subarray(0, 12))) return undefined;
  const version = copy.readUInt32LE(8);
  if (version > VERSION) return version;
  if (copy.length < 92 || copy.readUInt32LE(88) !== crc32(copy.subarray(0, 88))) return undefined;
  return {
    id: Buffer.from(copy.subarray(16, 32)),
    mark: Buffer.from(copy.subarray(32, 32 + MARK_BYTES)),
    firstIndex: readUint64(copy, 40),
    recordsBefore: readUint64(copy, 48),
    bytesBefore: readUint64(copy, 56),
    createdMillis: copy.readDoubleLE(64),
    timeMillis: copy.readDoubleLE(72),
    producers: copy.readUInt32LE(80),
    tableCrc: copy.readUInt32LE(84),
  };
}
