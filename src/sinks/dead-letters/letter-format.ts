import { crc32 } from 'node:zlib';

/** An entry of the journal that the destination of a sink rejected. */
export interface DeadLetter {
  /** The cause as a label, for example `http_400`. */
  readonly cause: string;
  /** The error message of the sink, at most 500 characters. */
  readonly message: string;
  /** When the entry was rejected, in milliseconds since 1970. */
  readonly timeMillis: number;
  /** The journal id, 32 hex digits, and the index of the entry in it. */
  readonly journal: string;
  readonly index: number;
  /** When the daemon received the entry, in milliseconds since 1970. */
  readonly receivedMillis: number;
  readonly records: number;
  /** Set if a processor failed for the entry, so that no sink got it. */
  readonly isUnprocessed?: true | undefined;
  /** `ExportLogsServiceRequest`, protobuf. */
  readonly body: Uint8Array;
}

const MAGIC_TEXT = 'BLD1';
const MAGIC = 0x42_4c_44_31;
const PREFIX_BYTES = 16;
const MAX_HEADER_BYTES = 65_536;

/**
 * Encodes a letter: "BLD1", length of the header, length of the body, crc-32 of both; header (JSON); body.
 */
export function encodeLetter({ body, ...about }: DeadLetter): Buffer {
  const header = Buffer.from(JSON.stringify(about), 'utf8');
  const bytes = Buffer.alloc(PREFIX_BYTES + header.length + body.length);
  bytes.writeUInt32BE(MAGIC, 0);
  bytes.writeUInt32BE(header.length, 4);
  bytes.writeUInt32BE(body.length, 8);
  header.copy(bytes, PREFIX_BYTES);
  bytes.set(body, PREFIX_BYTES + header.length);
  bytes.writeUInt32BE(crc32(bytes.subarray(PREFIX_BYTES)), 12);
  return bytes;
}

/** A decoded part of a file: a letter, or invalid bytes, for example of a write that a crash interrupted. */
export type Decoded = { readonly letter: DeadLetter } | { readonly damagedBytes: number };

/**
 * Decodes all valid letters of a file, including those after damage, and reports how many bytes are damaged.
 */
export function* decodeLetters(bytes: Buffer): Generator<Decoded> {
  let at = 0;
  while (at < bytes.length) {
    const found = letterAt(bytes, at);
    if (found !== undefined) {
      yield { letter: found.letter };
      at = found.end;
      continue;
    }
    const next = nextLetter(bytes, at + 1);
    yield { damagedBytes: next - at };
    at = next;
  }
}

function nextLetter(bytes: Buffer, from: number): number {
  for (let at = bytes.indexOf(MAGIC_TEXT, from); at >= 0; at = bytes.indexOf(MAGIC_TEXT, at + 1)) {
    if (letterAt(bytes, at) !== undefined) return at;
  }
  return bytes.length;
}

function letterAt(
  bytes: Buffer,
  at: number,
): { readonly letter: DeadLetter; readonly end: number } | undefined {
  if (at + PREFIX_BYTES > bytes.length || bytes.readUInt32BE(at) !== MAGIC) return undefined;
  const headerLength = bytes.readUInt32BE(at + 4);
  const start = at + PREFIX_BYTES;
  const end = start + headerLength + bytes.readUInt32BE(at + 8);
  if (headerLength > MAX_HEADER_BYTES || end > bytes.length) return undefined;
  if (crc32(bytes.subarray(start, end)) !== bytes.readUInt32BE(at + 12)) return undefined;
  const about = JSON.parse(bytes.toString('utf8', start, start + headerLength)) as Omit<DeadLetter, 'body'>;
  return { letter: { ...about, body: bytes.subarray(start + headerLength, end) }, end };
}
