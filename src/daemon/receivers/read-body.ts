import type { IncomingMessage } from 'node:http';
import type { Readable } from 'node:stream';
import { createGunzip, createInflate } from 'node:zlib';
import type { InFlight } from './in-flight.ts';

/** Why a body was not read. */
export type BodyFault = 'too_large' | 'busy' | 'malformed' | 'aborted' | 'encoding';

export class BodyError extends Error {
  readonly fault: BodyFault;

  constructor(fault: BodyFault, message: string) {
    super(message);
    this.fault = fault;
  }
}

/** A body and what it takes of the bound; `release` gives that back. */
export interface ReadBody {
  readonly body: Buffer;
  release(): void;
}

/**
 * Reads and decompresses a request's body. What is kept never exceeds the bounds by more than one piece: a bomb is
 * stopped where it passes them.
 * @throws (rejects) BodyError
 */
export async function readBody(
  request: IncomingMessage,
  maxBytes: number,
  inFlight: InFlight,
): Promise<ReadBody> {
  const declared = Number(request.headers['content-length'] ?? 0);
  if (declared > maxBytes) throw new BodyError('too_large', `the request has more than ${maxBytes} bytes`);
  const pieces: Buffer[] = [];
  let bytes = 0;
  const release = () => {
    inFlight.give(bytes);
    bytes = 0;
  };
  try {
    for await (const piece of decompressed(request)) {
      if (!inFlight.tryTake(piece.length)) {
        throw new BodyError('busy', 'too many requests are under way; come again');
      }
      bytes += piece.length;
      if (bytes > maxBytes) throw new BodyError('too_large', `the request has more than ${maxBytes} bytes`);
      pieces.push(piece);
    }
    return { body: pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces, bytes), release };
  } catch (error) {
    release();
    if (error instanceof BodyError) throw error;
    // Node destroys a request that came whole, too.
    if (!request.complete && (request.errored !== null || request.destroyed))
      throw new BodyError('aborted', 'the request was cut off');
    throw new BodyError('malformed', `the body cannot be decompressed: ${(error as Error).message}`);
  }
}

function decompressed(request: IncomingMessage): AsyncIterable<Buffer> {
  const encoding = (request.headers['content-encoding'] ?? 'identity').trim().toLowerCase();
  // The request itself stays open, so that its answer still finds the way back.
  if (encoding === 'identity') return request.iterator({ destroyOnReturn: false });
  if (encoding === 'gzip' || encoding === 'x-gzip') return through(request, createGunzip());
  if (encoding === 'deflate') return through(request, createInflate());
  throw new BodyError(
    'encoding',
    `the content encoding ${JSON.stringify(encoding.slice(0, 40))} is not known; there are gzip and deflate`,
  );
}

function through(request: IncomingMessage, unzip: NodeJS.ReadWriteStream & Readable): AsyncIterable<Buffer> {
  request.once('error', (error) => unzip.destroy(error));
  request.once('close', () => {
    if (!request.complete) unzip.destroy(new Error('the request was cut off'));
  });
  unzip.once('close', () => request.unpipe(unzip));
  request.pipe(unzip);
  return unzip;
}
