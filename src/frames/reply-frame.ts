import { crc32 } from 'node:zlib';
import { FrameError } from './frame-error.ts';
import { open, readId, readNumber, seal, VERSION, writeId, writeNumber } from './layout.ts';

const HEADER_BYTES = 56;
const TYPES = { welcome: 11, ack: 12, nack: 13, retry: 14, reject: 15 } as const;
const KINDS: ReadonlyMap<number, string> = new Map(
  Object.entries(TYPES).map(([kind, type]) => [type as number, kind]),
);
const MAX_CAUSE_BYTES = 200;
const EMPTY = new Uint8Array(0);

/** A reply of the daemon. Every reply names the journal and the producer that it is for. */
export type Reply = ReplyHead & ReplyBody;

interface ReplyHead {
  /** 16 random bytes, created with the journal. */
  readonly journal: Uint8Array;
  /** The producer whose batches the reply is about. */
  readonly producer: Uint8Array;
}

type ReplyBody =
  /**
   * Answers a HELLO: the last batch in the journal, how many batches may be in flight, and the maximum batch
   * size in bytes.
   */
  | { readonly kind: 'welcome'; readonly last: number; readonly credit: number; readonly maxBytes: number }
  /** All batches up to `last` are on disk; `credit` batches may be in flight after it. */
  | { readonly kind: 'ack'; readonly last: number; readonly credit: number }
  /** Batches between `last` and the received one are missing: send again from `last` + 1. */
  | { readonly kind: 'nack'; readonly last: number }
  /** Nothing is accepted for `afterMillis`; then send again from `last` + 1. */
  | { readonly kind: 'retry'; readonly last: number; readonly afterMillis: number }
  /** The batch `seq` is rejected permanently. */
  | { readonly kind: 'reject'; readonly seq: number; readonly cause: string };

/** Encodes a reply as three frames. */
export function encodeReply(reply: Reply): readonly Uint8Array[] {
  const header = Buffer.alloc(HEADER_BYTES);
  header[0] = VERSION;
  header[1] = TYPES[reply.kind];
  writeId(header, reply.journal, 4);
  writeId(header, reply.producer, 20);
  writeNumber(header, reply.kind === 'reject' ? reply.seq : reply.last, 36);
  if (reply.kind === 'welcome' || reply.kind === 'ack') header.writeUInt32BE(reply.credit, 44);
  if (reply.kind === 'retry') header.writeUInt32BE(reply.afterMillis, 44);
  if (reply.kind === 'welcome') header.writeUInt32BE(reply.maxBytes, 48);
  const body =
    reply.kind === 'reject' ? Buffer.from(reply.cause, 'utf8').subarray(0, MAX_CAUSE_BYTES) : EMPTY;
  return seal(header, body, crc32(body));
}

/**
 * Decodes a reply of the daemon.
 * @throws FrameError for an invalid message
 */
export function decodeReply(parts: readonly Uint8Array[]): Reply {
  const { header, body } = open(parts, HEADER_BYTES);
  const kind = KINDS.get(header[1]!) as Reply['kind'] | undefined;
  if (kind === undefined) throw new FrameError('unknown', `unknown reply type ${header[1]}`);
  if (body.length > (kind === 'reject' ? MAX_CAUSE_BYTES : 0)) {
    throw new FrameError('malformed', `the body of the reply is too long (${body.length} bytes)`);
  }
  const head = { journal: readId(header, 4), producer: readId(header, 20) };
  const number = readNumber(header, 36);
  const argument = header.readUInt32BE(44);
  switch (kind) {
    case 'welcome':
      return { ...head, kind, last: number, credit: argument, maxBytes: header.readUInt32BE(48) };
    case 'ack':
      return { ...head, kind, last: number, credit: argument };
    case 'nack':
      return { ...head, kind, last: number };
    case 'retry':
      return { ...head, kind, last: number, afterMillis: argument };
    case 'reject':
      return { ...head, kind, seq: number, cause: Buffer.from(body).toString('utf8') };
  }
}
