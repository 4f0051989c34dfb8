import type { StoreCursor } from './partition-writer.ts';
import type { Query } from './query.ts';
import type { Found } from './store-reader.ts';
import type { StoreLimits, StoreTotals, Written } from './store-writer.ts';

/** What the daemon orders of a process of the store. One order at a time; each is answered by one `done` or `failed`. */
export type StoreOrder =
  | { readonly kind: 'open'; readonly directory: string; readonly limits: StoreLimits }
  /** The bodies follow the message, one behind the other. */
  | {
      readonly kind: 'write';
      readonly entries: readonly {
        readonly index: number;
        readonly receivedMillis: number;
        readonly bytes: number;
      }[];
      readonly cursor: StoreCursor;
    }
  /** Writes a record of its own, and takes it back. */
  | { readonly kind: 'probe' }
  | { readonly kind: 'care' }
  /** To a process that reads. */
  | {
      readonly kind: 'records' | 'count';
      readonly directory: string;
      readonly query: Query;
      readonly boundMillis: number;
    };

/** What the process answers. */
export type StoreAnswer =
  /** It is about to open a file: if it ends now, it was this one. */
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

/** Lengths of the message and of the bytes behind it, 32 bits each. */
export const HEADER_BYTES = 8;
/** More than a group of journal entries, or a page of records, ever has. */
const MAX_BYTES = 1_073_741_824;

/** A message, and where its bytes begin: they follow as they are. */
export function messageBytes(message: StoreOrder | StoreAnswer, bytes: number): Buffer {
  const text = Buffer.from(JSON.stringify(message), 'utf8');
  const framed = Buffer.allocUnsafe(HEADER_BYTES + text.length);
  framed.writeUInt32BE(text.length, 0);
  framed.writeUInt32BE(bytes, 4);
  text.copy(framed, HEADER_BYTES);
  return framed;
}

/** @throws if these are no lengths of ours */
export function lengthsOf(header: Buffer): { readonly text: number; readonly bytes: number } {
  const text = header.readUInt32BE(0);
  const bytes = header.readUInt32BE(4);
  if (text > MAX_BYTES || bytes > MAX_BYTES) throw new Error('a message of the store is garbled');
  return { text, bytes };
}
