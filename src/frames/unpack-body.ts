import { gunzipSync } from 'node:zlib';
import { type DataFrame, ENCODING_GZIP, ENCODING_IDENTITY } from './client-frame.ts';
import { FrameError } from './frame-error.ts';

/**
 * The body as it was before it was compressed. Never makes more bytes than the frame declares, and those may
 * be at most `maxBytes`.
 * @throws FrameError
 */
export function unpackBody(frame: DataFrame, maxBytes: number): Uint8Array {
  const { body, length, encoding } = frame;
  if (length > maxBytes) {
    throw new FrameError('too_large', `a batch of ${length} bytes is too large, ${maxBytes} are taken`);
  }
  if (encoding === ENCODING_IDENTITY) return ofLength(body, length);
  if (encoding !== ENCODING_GZIP) throw new FrameError('unknown', `encoding ${encoding} is not known`);
  let unpacked: Uint8Array;
  try {
    unpacked = gunzipSync(body, { maxOutputLength: length });
  } catch (error) {
    throw new FrameError('encoding', `the body does not unpack: ${(error as Error).message}`);
  }
  return ofLength(unpacked, length);
}

function ofLength(body: Uint8Array, length: number): Uint8Array {
  if (body.length === length) return body;
  throw new FrameError('encoding', `the body has ${body.length} bytes, its header says ${length}`);
}
