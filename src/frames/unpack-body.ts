import { promisify } from 'node:util';
import { gunzip, gunzipSync } from 'node:zlib';
import { type DataFrame, ENCODING_GZIP, ENCODING_IDENTITY } from './client-frame.ts';
import { FrameError } from './frame-error.ts';

/** Bodies larger than this are decompressed on another thread. */
const AT_ONCE_BYTES = 128 * 1024;
const gunzipElsewhere = promisify(gunzip);

/**
 * Returns the uncompressed body. Never produces more bytes than the frame declares, which may be at most
 * `maxBytes`.
 * @returns the body, or a promise of it if it is large and compressed
 * @throws (or rejects) FrameError
 */
export function unpackBody(frame: DataFrame, maxBytes: number): Uint8Array | Promise<Uint8Array> {
  const { body, length, encoding } = frame;
  if (length > maxBytes) {
    throw new FrameError('too_large', `a batch of ${length} bytes is too large, the limit is ${maxBytes}`);
  }
  if (encoding === ENCODING_IDENTITY) return ofLength(body, length);
  if (encoding !== ENCODING_GZIP) throw new FrameError('unknown', `unknown encoding ${encoding}`);
  const options = { maxOutputLength: length };
  if (length > AT_ONCE_BYTES) {
    return gunzipElsewhere(body, options).then((unpacked) => ofLength(unpacked, length), doesNotUnpack);
  }
  try {
    return ofLength(gunzipSync(body, options), length);
  } catch (error) {
    return doesNotUnpack(error);
  }
}

function doesNotUnpack(error: unknown): never {
  if (error instanceof FrameError) throw error;
  throw new FrameError('encoding', `the body cannot be decompressed: ${(error as Error).message}`);
}

function ofLength(body: Uint8Array, length: number): Uint8Array {
  if (body.length === length) return body;
  throw new FrameError('encoding', `the body has ${body.length} bytes, the header declares ${length}`);
}
