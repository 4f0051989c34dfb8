import type { JournalEntry } from '../component/index.ts';
import { decodeLogs } from './decode-logs.ts';
import type { DecodedLogs } from './decoded.ts';
import { requestPieces } from './request-pieces.ts';

const PIECE_RECORDS = 512;
const PIECE_BYTES = 262_144;

/**
 * The records of an entry in pieces of at most 512 records (or about 256 KiB), so that none holds the event loop for
 * long.
 * @throws WireError or RangeError where the entry is not what the journal should hold
 */
export function* entryLogs({
  body,
  records,
}: Pick<JournalEntry, 'body' | 'records'>): Generator<DecodedLogs> {
  for (const piece of requestPieces(body, records, PIECE_RECORDS, PIECE_BYTES)) yield decodeLogs(piece.body);
}

/** Whether it is the entry that is to blame. */
export function isWireError(error: unknown): boolean {
  const { name, malformed } = (error ?? {}) as { readonly name?: unknown; readonly malformed?: unknown };
  return malformed === true || name === 'RangeError';
}
