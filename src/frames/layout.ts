import { crc32 } from 'node:zlib';
import { FrameError } from './frame-error.ts';

/**
 * The first frame of every message of the ack protocol. Frames of Python distlog begin with `T`, `S` or `P`.
 */
export const MAGIC: Uint8Array = Uint8Array.of(0x44, 0x4c, 0x31);
/** The version of the layout, the first byte of every header. */
export const VERSION = 1;
/** Bytes of a producer id and of a journal id. */
export const ID_BYTES = 16;
/** The journal id that means: no journal is known. */
export const NO_JOURNAL: Uint8Array = new Uint8Array(ID_BYTES);
/** Batch numbers stay below 2^53, the range that JavaScript represents exactly. */
const MAX_NUMBER = BigInt(Number.MAX_SAFE_INTEGER);

const CRC_BYTES = 4;

/**
 * Computes the checksum of a message: first over the body, then over the header without its last four bytes.
 * In this order a new header can be written without reading the body again.
 */
function checksum(header: Uint8Array, bodyCrc: number): number {
  return crc32(header.subarray(0, header.length - CRC_BYTES), bodyCrc);
}

/** Writes the checksum into the last four bytes of the header and returns the three frames. */
export function seal(header: Buffer, body: Uint8Array, bodyCrc: number): readonly Uint8Array[] {
  header.writeUInt32BE(checksum(header, bodyCrc), header.length - CRC_BYTES);
  return [MAGIC, header, body];
}

/**
 * Checks the number of frames, the magic, the version and the checksum of a message.
 * @throws FrameError
 */
export function open(
  parts: readonly Uint8Array[],
  headerBytes: number,
): { readonly header: Buffer; readonly body: Uint8Array; readonly bodyCrc: number } {
  const [magic, header, body] = parts as readonly [Uint8Array, Uint8Array, Uint8Array];
  if (parts.length !== 3) {
    throw new FrameError('malformed', `a message must have 3 frames, got ${parts.length}`);
  }
  if (Buffer.compare(magic, MAGIC) !== 0) throw new FrameError('malformed', 'the first frame must be DL1');
  if (header.length === 0) throw new FrameError('malformed', 'the header is empty');
  if (header[0] !== VERSION) {
    throw new FrameError('version', `unknown frame version ${header[0]}, expected ${VERSION}`);
  }
  if (header.length !== headerBytes) {
    throw new FrameError('malformed', `the header must have ${headerBytes} bytes, got ${header.length}`);
  }
  const view = Buffer.from(header.buffer, header.byteOffset, header.byteLength);
  const bodyCrc = crc32(body);
  if (view.readUInt32BE(headerBytes - CRC_BYTES) !== checksum(view, bodyCrc)) {
    throw new FrameError('checksum', 'invalid checksum: the message was truncated or changed in transit');
  }
  return { header: view, body, bodyCrc };
}

/** Writes an integer from 0 to 2^53 - 1 as eight bytes. */
export function writeNumber(header: Buffer, value: number, at: number): void {
  header.writeBigUInt64BE(BigInt(value), at);
}

/** @throws FrameError for a number of 2^53 or more */
export function readNumber(header: Buffer, at: number): number {
  const value = header.readBigUInt64BE(at);
  if (value > MAX_NUMBER) throw new FrameError('malformed', 'a number must be below 2^53');
  return Number(value);
}

/** Writes an id of 16 bytes. */
export function writeId(header: Buffer, id: Uint8Array, at: number): void {
  if (id.length !== ID_BYTES) throw new RangeError(`an id must have ${ID_BYTES} bytes, got ${id.length}`);
  header.set(id, at);
}

/** Returns a copy, so that an id that is kept does not keep its message in memory. */
export function readId(header: Buffer, at: number): Uint8Array {
  return new Uint8Array(header.subarray(at, at + ID_BYTES));
}
