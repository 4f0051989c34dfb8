import { Readable } from 'node:stream';
import { type Body, type BodyBounds, busy, compressionOf, readBody, tooLarge } from './read-body.ts';
import { type Refusal, refusal } from './refusal.ts';

/**
 * The prefix of each message: one byte says whether it is compressed, four bytes are its length (gRPC over
 * HTTP2).
 */
const PREFIX_BYTES = 5;

/**
 * Reads and decompresses the one message of a unary call. Refuses a message as soon as it is known to be too
 * large, before all of it has arrived. The source is not destroyed, so that it can be answered. Never
 * rejects.
 *
 * @param encoding the header `grpc-encoding`
 * @see https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md
 */
export async function readGrpcMessage(
  source: Readable,
  encoding: string | undefined,
  bounds: BodyBounds,
): Promise<Body | Refusal> {
  const framed = await readFramed(source, bounds);
  if (framed.kind === 'refused') return framed;
  const message = framed.bytes.subarray(PREFIX_BYTES);
  const flag = framed.bytes[0]!;
  if (flag === 0) return { kind: 'body', bytes: message };
  if (flag !== 1) return refusal('malformed', `the first byte of a message must be 0 or 1, got ${flag}`);
  const compression = compressionOf(encoding);
  if (compression === undefined)
    return refusal('malformed', 'the message is compressed, but grpc-encoding is missing');
  if (typeof compression === 'object') return compression;
  return await readBody(Readable.from([message]), compression, bounds);
}

async function readFramed(source: Readable, { maxBytes, share }: BodyBounds): Promise<Body | Refusal> {
  const pieces: Buffer[] = [];
  let bytes = 0;
  let wanted: number | undefined;
  try {
    for await (const piece of source.iterator({ destroyOnReturn: false }) as AsyncIterable<Buffer>) {
      if (!share.takePiece(piece.length)) return busy();
      pieces.push(piece);
      bytes += piece.length;
      wanted ??= wantedOf(pieces, bytes);
      if (wanted === undefined) continue;
      if (wanted > maxBytes + PREFIX_BYTES) return tooLarge(maxBytes);
      if (bytes > wanted) return refusal('malformed', 'a unary call must have one message, got more');
    }
  } catch {
    return refusal('aborted', 'the request was aborted');
  }
  if (wanted === undefined) return refusal('malformed', 'the call has no message');
  if (bytes < wanted) return refusal('malformed', 'the message is shorter than its declared length');
  return { kind: 'body', bytes: pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces, bytes) };
}

/** The length of prefix and message, once the prefix has arrived. */
function wantedOf(pieces: readonly Buffer[], bytes: number): number | undefined {
  if (bytes < PREFIX_BYTES) return undefined;
  const prefix = pieces[0]!.length >= PREFIX_BYTES ? pieces[0]! : Buffer.concat(pieces);
  return PREFIX_BYTES + prefix.readUInt32BE(1);
}

/** Encodes an uncompressed message. */
export function grpcMessage(bytes: Uint8Array): Buffer {
  const framed = Buffer.alloc(PREFIX_BYTES + bytes.length);
  framed.writeUInt32BE(bytes.length, 1);
  framed.set(bytes, PREFIX_BYTES);
  return framed;
}
