import type { Readable, Transform } from 'node:stream';
import * as zlib from 'node:zlib';
import { errorText } from '../../record/index.ts';
import type { Share } from './in-flight.ts';
import { type Refusal, refusal } from './refusal.ts';

/** A body that was read completely. */
export interface Body {
  readonly kind: 'body';
  readonly bytes: Buffer;
}

/** The bounds of one body: its bytes after decompression, and its share of the total. */
export interface BodyBounds {
  readonly maxBytes: number;
  readonly share: Share;
}

export type Compression = 'gzip' | 'deflate' | 'zstd';

type MakeTransform = (options: { readonly chunkSize: number }) => Transform;
/** Available in Node from 22.15 on. */
const { createZstdDecompress: unzstd } = zlib as unknown as { readonly createZstdDecompress?: MakeTransform };
const decompressors: Readonly<Record<Compression, MakeTransform | undefined>> = {
  gzip: zlib.createGunzip,
  deflate: zlib.createInflate,
  zstd: unzstd,
};
/** The accepted values of `content-encoding` and `grpc-encoding`. */
export const ENCODINGS = unzstd === undefined ? 'gzip, deflate, identity' : 'zstd, gzip, deflate, identity';

/** Large output chunks of the decompressor need fewer turns of the event loop. */
const CHUNK_BYTES = 65_536;
const BUSY = 'too many requests are in flight; retry later';

export function tooLarge(maxBytes: number): Refusal {
  return refusal('too_large', `the request is too large, the limit is ${maxBytes} bytes after decompression`);
}

export function busy(): Refusal {
  return refusal('busy', BUSY);
}

/** @returns how a body is compressed; undefined if it is not; a refusal for an unknown encoding */
export function compressionOf(encoding: string | undefined): Compression | Refusal | undefined {
  const name = (encoding ?? '').trim().toLowerCase();
  if (name === '' || name === 'identity') return undefined;
  if (name === 'gzip' || name === 'x-gzip') return 'gzip';
  if (name === 'deflate') return 'deflate';
  if (name === 'zstd' && unzstd !== undefined) return 'zstd';
  const shown = JSON.stringify(name.slice(0, 40));
  return refusal('encoding', `unknown encoding ${shown}, expected one of ${ENCODINGS}`);
}

/**
 * Reads a body and decompresses it while reading. Never holds more than one chunk beyond the bounds, which
 * stops decompression bombs. The source is not destroyed, so that it can be answered. Never rejects.
 */
export async function readBody(
  source: Readable,
  compression: Compression | undefined,
  { maxBytes, share }: BodyBounds,
): Promise<Body | Refusal> {
  const pieces: Buffer[] = [];
  let bytes = 0;
  try {
    for await (const piece of piecesOf(source, compression, maxBytes)) {
      bytes += piece.length;
      if (bytes > maxBytes) return tooLarge(maxBytes);
      if (!share.takePiece(piece.length)) return busy();
      pieces.push(piece);
    }
  } catch (error) {
    if (error instanceof TooLarge) return tooLarge(maxBytes);
    if (source.destroyed && !source.readableEnded) return refusal('aborted', 'the request was aborted');
    return refusal('malformed', `the body cannot be decompressed: ${errorText(error)}`);
  }
  return { kind: 'body', bytes: pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces, bytes) };
}

/** The compressed body exceeds the limit for decompressed bytes: empty gzip members produce no output. */
class TooLarge extends Error {}

function piecesOf(
  source: Readable,
  compression: Compression | undefined,
  maxBytes: number,
): AsyncIterable<Buffer> {
  if (compression === undefined) return source.iterator({ destroyOnReturn: false });
  const unzip = decompressors[compression]!({ chunkSize: CHUNK_BYTES });
  const cutOff = () => unzip.destroy(new Error('the request was aborted'));
  source.once('error', cutOff);
  source.once('close', () => {
    if (!source.readableEnded) cutOff();
  });
  let compressed = 0;
  source.on('data', (piece: Buffer) => {
    compressed += piece.length;
    if (compressed > maxBytes) unzip.destroy(new TooLarge());
  });
  source.pipe(unzip);
  return unzip;
}
