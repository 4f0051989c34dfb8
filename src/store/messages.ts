import type { StoreCursor } from './partition-writer.ts';
import type { Query } from './query.ts';
import type { Found } from './store-reader.ts';
import type { StoreLimits, StoreTotals, Written } from './store-writer.ts';

/**
 * A request of the daemon to a process of the store. One at a time; each is answered by one `done` or
 * `failed`.
 */
export type StoreOrder =
  | { readonly kind: 'open'; readonly directory: string; readonly limits: StoreLimits }
  /** The bodies follow the message, one after the other. */
  | {
      readonly kind: 'write';
      readonly entries: readonly {
        readonly index: number;
        readonly receivedMillis: number;
        readonly bytes: number;
      }[];
      readonly cursor: StoreCursor;
    }
  /** Writes a record and rolls it back. */
  | { readonly kind: 'probe' }
  | { readonly kind: 'care' }
  /** For a process that reads. */
  | {
      readonly kind: 'records' | 'count';
      readonly directory: string;
      readonly query: Query;
      readonly boundMillis: number;
    };

/** A message of the process. */
export type StoreAnswer =
  /** It is about to open a file. If it ends next, this file is the cause. */
  | { readonly kind: 'at'; readonly name: string }
  | { readonly kind: 'warning'; readonly message: string }
  | { readonly kind: 'damaged'; readonly name: string; readonly why: string }
  /** Lines of records follow the message. */
  | { readonly kind: 'lines' }
  | { readonly kind: 'failed'; readonly message: string }
  | {
      readonly kind: 'done';
      readonly cursor?: StoreCursor;
      readonly written?: Written;
      readonly totals?: StoreTotals;
      readonly found?: Found;
      readonly driver?: string;
    };

/** The lengths of the message and of the bytes after it, 32 bits each. */
export const HEADER_BYTES = 8;
/** More than any group of journal entries, or page of records. */
const MAX_BYTES = 1_073_741_824;

/** Encodes a message and the length of the bytes that follow it. */
export function messageBytes(message: StoreOrder | StoreAnswer, bytes: number): Buffer {
  const text = Buffer.from(JSON.stringify(message), 'utf8');
  const framed = Buffer.allocUnsafe(HEADER_BYTES + text.length);
  framed.writeUInt32BE(text.length, 0);
  framed.writeUInt32BE(bytes, 4);
  text.copy(framed, HEADER_BYTES);
  return framed;
}

/** @throws if the lengths are invalid */
export function lengthsOf(header: Buffer): { readonly text: number; readonly bytes: number } {
  const text = header.readUInt32BE(0);
  const bytes = header.readUInt32BE(4);
  if (text > MAX_BYTES || bytes > MAX_BYTES) throw new Error('a message of the store is garbled');
  return { text, bytes };
}
