import type { ResourceLike } from '../record/index.ts';
import { HEADER_BYTES, HEADERS, MAGIC, VERSION, WATCH_BYTES, WATCH_SLOTS } from './layout.ts';

/** Describes the process that wrote a box. */
export interface BoxHeader {
  /** 32 hex digits, random. */
  readonly id: string;
  readonly pid: number;
  /** 0: the main thread. */
  readonly thread: number;
  /** When the box was created, in milliseconds since 1970. */
  readonly madeMillis: number;
  /**
   * Distinguishes the process from others with the same pid; '' if the operating system does not provide it.
   */
  readonly processMark: string;
  /** The pid namespace of the process; '' if the operating system does not provide it. */
  readonly pidNamespace: string;
  readonly service: string;
  readonly blocks: number;
  /** How many milliseconds of records may be missing at the end. */
  readonly flushMillis: number;
  /** The maximum number of records held per key. */
  readonly capacity: number;
  /** The maximum age of a held record, in milliseconds. */
  readonly maxAgeMillis: number;
  readonly resources: readonly ResourceLike[];
}

/** Offsets of the fields of a header; the JSON text follows them. */
const Part = { magic: 0, version: 8, length: 12, revision: 16, crc: 20, json: 24 } as const;
const MAX_JSON_BYTES = HEADER_BYTES - Part.json - WATCH_BYTES * WATCH_SLOTS;

/** The reason why a file cannot be read. */
export type Unreadable = 'not a box' | 'of a newer version' | 'damaged';

/** The initial value of every checksum of a box. */
export function tagOf(id: string): number {
  return process.getBuiltinModule('node:zlib').crc32(id);
}

/** @returns the bytes of the header; a resource that does not fit is written without its attributes */
export function encodeHeader(header: BoxHeader, revision: number): Buffer {
  const bytes = Buffer.alloc(HEADER_BYTES);
  let json = Buffer.from(JSON.stringify(header));
  for (let count = header.resources.length; json.length > MAX_JSON_BYTES && count > 0; count -= 1) {
    const resources = header.resources.map((resource, at) =>
      at < count - 1 ? resource : { attributes: {} },
    );
    json = Buffer.from(JSON.stringify({ ...header, resources }));
  }
  if (json.length > MAX_JSON_BYTES) throw new RangeError('the header of a black box is too large');
  bytes.write(MAGIC, Part.magic, 'latin1');
  bytes.writeUInt16LE(VERSION, Part.version);
  bytes.writeUInt32LE(json.length, Part.length);
  bytes.writeUInt32LE(revision, Part.revision);
  json.copy(bytes, Part.json);
  bytes.writeUInt32LE(crcOf(bytes, json.length), Part.crc);
  return bytes;
}

/** Returns the newer of the two headers at the beginning of a box. */
export function decodeHeader(bytes: Buffer): BoxHeader | Unreadable {
  let newest: { readonly revision: number; readonly header: BoxHeader } | undefined;
  let why: Unreadable = 'not a box';
  for (let slot = 0; slot < HEADERS; slot += 1) {
    const found = decodeSlot(bytes.subarray(slot * HEADER_BYTES, (slot + 1) * HEADER_BYTES));
    if (found === undefined) continue;
    if (typeof found === 'string') {
      if (why === 'not a box') why = found;
    } else if (newest === undefined || found.revision > newest.revision) {
      newest = found;
    }
  }
  return newest?.header ?? why;
}

function decodeSlot(bytes: Buffer): { revision: number; header: BoxHeader } | Unreadable | undefined {
  if (bytes.length < HEADER_BYTES || bytes.toString('latin1', 0, MAGIC.length) !== MAGIC) return undefined;
  const version = bytes.readUInt16LE(Part.version);
  if (version > VERSION) return 'of a newer version';
  const length = bytes.readUInt32LE(Part.length);
  if (version !== VERSION || length > HEADER_BYTES - Part.json) return 'damaged';
  if (bytes.readUInt32LE(Part.crc) !== crcOf(bytes, length)) return 'damaged';
  try {
    const header: unknown = JSON.parse(bytes.toString('utf8', Part.json, Part.json + length));
    return isHeader(header) ? { revision: bytes.readUInt32LE(Part.revision), header } : 'damaged';
  } catch {
    return 'damaged';
  }
}

function crcOf(bytes: Buffer, length: number): number {
  const { crc32 } = process.getBuiltinModule('node:zlib');
  return crc32(bytes.subarray(Part.json, Part.json + length), crc32(bytes.subarray(0, Part.crc)));
}

function isHeader(value: unknown): value is BoxHeader {
  const header = value as BoxHeader;
  return (
    typeof header?.id === 'string' &&
    /^[0-9a-f]{32}$/.test(header.id) &&
    [header.pid, header.thread, header.madeMillis, header.blocks, header.flushMillis].every(
      Number.isFinite,
    ) &&
    typeof header.service === 'string' &&
    Array.isArray(header.resources) &&
    header.resources.every((resource) => typeof resource?.attributes === 'object')
  );
}
