import { Turns } from '../record/index.ts';
import { type BoxHeader, decodeHeader, tagOf, type Unreadable } from './box-header.ts';
import { ByteReader } from './byte-reader.ts';
import { BLOCK_BYTES, BLOCKS_AT, Entry, Frame, WATCH_AT, WATCH_BYTES, WATCH_SLOTS } from './layout.ts';
import { RecordDecoder } from './record-decoder.ts';
import { History, type Remains } from './remains.ts';

/** A frame with a valid checksum. */
interface Found {
  readonly sequence: number;
  /** The range of its bytes in the file. */
  readonly from: number;
  readonly to: number;
}

/** The content of a box: the records that remained when its process ended. */
export interface BoxContents extends Remains {
  readonly header: BoxHeader;
  /** Number of frames between the first and the last that are missing or invalid. */
  readonly missingFrames: number;
  /** The highest sequence number of a frame; 0 if the box was never written to. */
  readonly lastFrame: number;
}

/**
 * Reads a box with any content. Never throws; parts without a valid checksum are ignored.
 * @param bytes the whole file
 */
export function readBox(bytes: Uint8Array): BoxContents | Unreadable {
  const reading = frameByFrame(bytes);
  for (;;) {
    const { done, value } = reading.next();
    if (done) return value;
  }
}

/** Like `readBox()`, but yields to the event loop: a full box of 8 MiB takes a second or more. */
export async function readBoxInTurns(bytes: Uint8Array): Promise<BoxContents | Unreadable> {
  const reading = frameByFrame(bytes);
  const turns = new Turns();
  for (;;) {
    const { done, value } = reading.next();
    if (done) return value;
    if (turns.isOver) await turns.pause();
  }
}

/** Yields after each frame. */
function* frameByFrame(bytes: Uint8Array): Generator<undefined, BoxContents | Unreadable> {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const header = decodeHeader(buffer);
  if (typeof header === 'string') return header;
  const frames = framesOf(buffer, tagOf(header.id));
  const history = new History(header);
  let unreadable = 0;
  for (const frame of frames) {
    if (!replayFrame(buffer, frame, header, history)) unreadable += 1;
    yield;
  }
  const hang = hangOf(buffer, tagOf(header.id));
  if (hang !== undefined) replayFrame(buffer, hang, header, history);
  const first = frames[0]?.sequence ?? 1;
  const last = frames.at(-1)?.sequence ?? 0;
  const missingFrames = last - first + 1 - frames.length + unreadable;
  return { header, missingFrames, lastFrame: last, ...history.remains() };
}

/** Returns all frames with a valid checksum, in the order in which they were written. */
function framesOf(bytes: Buffer, tag: number): Found[] {
  const { crc32 } = process.getBuiltinModule('node:zlib');
  const bySequence = new Map<number, Found>();
  for (let block = BLOCKS_AT; block < bytes.length; block += BLOCK_BYTES) {
    const end = Math.min(bytes.length, block + BLOCK_BYTES);
    let previous = 0;
    for (let at = block; at + Frame.entries <= end; ) {
      const to = at + Frame.entries + bytes.readUInt32LE(at + Frame.length);
      if (to === at + Frame.entries || to > end) break;
      // Skips a damaged frame if the next one is valid.
      if (bytes.readUInt32LE(at + Frame.crc) === crc32(bytes.subarray(at + Frame.sequence, to), tag)) {
        const sequence = bytes.readUIntLE(at + Frame.sequence, 6);
        // Frames after the newest one of a block remain from the previous rotation.
        if (sequence <= previous) break;
        bySequence.set(sequence, { sequence, from: at, to });
        previous = sequence;
      }
      at = to;
    }
  }
  return [...bySequence.values()].sort((one, other) => one.sequence - other.sequence);
}

/** Returns the watcher's last report of a hung event loop. */
function hangOf(bytes: Buffer, tag: number): Found | undefined {
  const { crc32 } = process.getBuiltinModule('node:zlib');
  let newest: Found | undefined;
  for (let slot = 0; slot < WATCH_SLOTS; slot += 1) {
    const from = WATCH_AT + slot * WATCH_BYTES;
    if (from + WATCH_BYTES > bytes.length) break;
    const to = from + Frame.entries + bytes.readUInt32LE(from + Frame.length);
    if (to > from + WATCH_BYTES) continue;
    if (bytes.readUInt32LE(from + Frame.crc) !== crc32(bytes.subarray(from + Frame.sequence, to), tag))
      continue;
    const sequence = bytes.readUIntLE(from + Frame.sequence, 6);
    if (newest === undefined || sequence > newest.sequence) newest = { sequence, from, to };
  }
  return newest;
}

/** @returns false if the frame is invalid; the entries before the invalid one are applied */
function replayFrame(bytes: Buffer, { from, to }: Found, header: BoxHeader, history: History): boolean {
  const input = new ByteReader(bytes, from + Frame.entries, to);
  const records = new RecordDecoder(header.resources, bytes.readUIntLE(from + Frame.time, 6));
  let number = bytes.readUIntLE(from + Frame.number, 6);
  try {
    while (!input.isAtEnd) {
      const entry = input.byte();
      if ((entry & Entry.RECORD) === 0) {
        history.entry(entry, input);
        continue;
      }
      const found = records.read(input, entry);
      if (found.delivery > 0) {
        history.loud(found);
      } else {
        history.held(number, found);
        number += 1;
      }
    }
    return true;
  } catch {
    return false;
  }
}
