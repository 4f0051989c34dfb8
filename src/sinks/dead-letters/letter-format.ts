import { crc32 } from 'node:zlib';

/** An entry of the journal that a sink refused for good. */
export interface DeadLetter {
  /** In one word why, e.g. `http_400`. */
  readonly cause: string;
  /** What the sink said, at most 500 characters. */
  readonly message: string;
  /** When it was refused, milliseconds since 1970. */
  readonly timeMillis: number;
  /** The journal, 32 hex digits, and the entry's index in it. */
  readonly journal: string;
  readonly index: number;
  /** When the daemon received it, milliseconds since 1970. */
  readonly receivedMillis: number;
  readonly records: number;
  /** `ExportLogsServiceRequest`, protobuf. */
  readonly body: Uint8Array;
}

const MAGIC = 0x42_4c_44_31; // "BLD1"
const PREFIX_BYTES = 16;
const MAX_HEADER_BYTES = 65_536;

/** A letter as it stands in a file: "BLD1", length of the header, of the body, crc-32 of both; header (JSON); body. */
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

/** The letters of a file, up to the first place that is damaged, as after a crash in mid-write. */
export function* decodeLetters(bytes: Buffer): Generator<DeadLetter> {
  let at = 0;
  while (at + PREFIX_BYTES <= bytes.length) {
    const headerLength = bytes.readUInt32BE(at + 4);
    const bodyLength = bytes.readUInt32BE(at + 8);
    const start = at + PREFIX_BYTES;
    const end = start + headerLength + bodyLength;
    if (bytes.readUInt32BE(at) !== MAGIC || headerLength > MAX_HEADER_BYTES || end > bytes.length) return;
    if (crc32(bytes.subarray(start, end)) !== bytes.readUInt32BE(at + 12)) return;
    const about = JSON.parse(bytes.toString('utf8', start, start + headerLength)) as Omit<DeadLetter, 'body'>;
    yield { ...about, body: bytes.subarray(start + headerLength, end) };
    at = end;
  }
}
