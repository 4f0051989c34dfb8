import { crc32 } from 'node:zlib';
import { FrameError } from './frame-error.ts';
import { open, readId, readNumber, seal, VERSION, writeId, writeNumber } from './layout.ts';

/** Content type: `ExportLogsServiceRequest` of OTLP, protobuf. */
export const CONTENT_OTLP = 1;
/** The body is not compressed. */
export const ENCODING_IDENTITY = 0;
/** The body is compressed with gzip (RFC 1952). */
export const ENCODING_GZIP = 1;

/** The size of the header of both frame types. */
const HEADER_BYTES = 48;
const TYPE_DATA = 1;
const TYPE_HELLO = 2;
/** Flag of a HELLO: the producer's secret follows its id. */
const WITH_SECRET = 1;
const EMPTY = new Uint8Array(0);

/** A batch of records that a client sends to the daemon. */
export interface DataFrame {
  readonly kind: 'data';
  /** 16 random bytes that identify one exporter instance. */
  readonly producer: Uint8Array;
  /** The number of the batch, from 1. */
  readonly seq: number;
  /** The highest lower number that the sender still expects the daemon to have; 0: none. */
  readonly prev: number;
  /** The number of records in the batch, from 1. */
  readonly records: number;
  /** {@link CONTENT_OTLP}; no other type is defined. */
  readonly contentType: number;
  /** {@link ENCODING_IDENTITY} or {@link ENCODING_GZIP}. */
  readonly encoding: number;
  /** The uncompressed size of the body in bytes, from 1. */
  readonly length: number;
  readonly body: Uint8Array;
  /** The crc-32 of the body; set when the frame was read from the wire. */
  readonly bodyCrc?: number | undefined;
}

/** The first message of a client on a connection. The client repeats it if the daemon does not answer. */
export interface HelloFrame {
  readonly kind: 'hello';
  readonly producer: Uint8Array;
  /**
   * The secret from which the producer's id is derived; undefined: an older client, whose id has no owner.
   */
  readonly secret?: Uint8Array | undefined;
  /** The highest batch number that this journal is known to hold; 0: none. */
  readonly last: number;
}

/**
 * Encodes a batch as three frames.
 * @param bodyCrc the crc-32 of the body, if the sender computed it for an earlier header
 */
export function encodeData(frame: Omit<DataFrame, 'kind'>, bodyCrc?: number): readonly Uint8Array[] {
  // Not allocated from Buffer's pool: ZeroMQ reads it after this turn of the event loop.
  const header = Buffer.alloc(HEADER_BYTES);
  header[0] = VERSION;
  header[1] = TYPE_DATA;
  header[2] = frame.contentType;
  header[3] = frame.encoding;
  writeId(header, frame.producer, 4);
  writeNumber(header, frame.seq, 20);
  writeNumber(header, frame.prev, 28);
  header.writeUInt32BE(frame.records, 36);
  header.writeUInt32BE(frame.length, 40);
  return seal(header, frame.body, bodyCrc ?? crc32(frame.body));
}

/**
 * Encodes a HELLO as three frames. Older clients sent the journal's id instead of the secret; older daemons
 * ignore the field.
 */
export function encodeHello(frame: Omit<HelloFrame, 'kind'>): readonly Uint8Array[] {
  const header = Buffer.alloc(HEADER_BYTES);
  header[0] = VERSION;
  header[1] = TYPE_HELLO;
  writeId(header, frame.producer, 4);
  if (frame.secret !== undefined) {
    header[2] = WITH_SECRET;
    writeId(header, frame.secret, 20);
  }
  writeNumber(header, frame.last, 36);
  return seal(header, EMPTY, 0);
}

/**
 * Decodes a message of a client. The body stays compressed; see `unpackBody`.
 * @throws FrameError for an invalid message
 */
export function decodeClientFrame(parts: readonly Uint8Array[]): DataFrame | HelloFrame {
  const { header, body, bodyCrc } = open(parts, HEADER_BYTES);
  const type = header[1];
  if (type === TYPE_HELLO) return readHello(header, body);
  if (type !== TYPE_DATA) throw new FrameError('unknown', `unknown frame type ${type}`);
  const seq = readNumber(header, 20);
  const prev = readNumber(header, 28);
  const records = header.readUInt32BE(36);
  const length = header.readUInt32BE(40);
  if (seq < 1 || prev >= seq) throw new FrameError('malformed', `prev ${prev} must be below seq ${seq}`);
  if (records < 1 || length < 1) throw new FrameError('malformed', 'a batch holds at least one record');
  return {
    kind: 'data',
    producer: readId(header, 4),
    seq,
    prev,
    records,
    contentType: header[2]!,
    encoding: header[3]!,
    length,
    body,
    bodyCrc,
  };
}

function readHello(header: Buffer, body: Uint8Array): HelloFrame {
  if (body.length !== 0) throw new FrameError('malformed', 'a HELLO must not have a body');
  return {
    kind: 'hello',
    producer: readId(header, 4),
    secret: header[2] === WITH_SECRET ? readId(header, 20) : undefined,
    last: readNumber(header, 36),
  };
}
