import { createHash } from 'node:crypto';
import type { Statement } from './driver.ts';

const MAX_KNOWN = 4_096;
const SHORT_BYTES = 1_024;

/** Stores equal bytes once, as long as it remembers them; bytes that were evicted are stored again. */
export class Interned {
  readonly #insert: Statement;
  readonly #known = new Map<string, number>();
  #last: { readonly bytes: Uint8Array; readonly id: number } | undefined;
  #lastId: number;

  /** @param insert takes an id and bytes @param lastId the highest id in use */
  constructor(insert: Statement, lastId: number) {
    this.#insert = insert;
    this.#lastId = lastId;
  }

  /** The id under which the bytes are stored. They must not change later. */
  idOf(bytes: Uint8Array): number {
    if (this.#last?.bytes === bytes) return this.#last.id;
    const key = keyOf(bytes);
    const id = this.#known.get(key) ?? this.#add(key, bytes);
    this.#last = { bytes, id };
    return id;
  }

  /** After a rollback: no bytes count as stored. Ids are not reused. */
  forget(): void {
    this.#known.clear();
    this.#last = undefined;
  }

  #add(key: string, bytes: Uint8Array): number {
    const id = this.#lastId + 1;
    this.#insert.run(id, bytes);
    this.#lastId = id;
    if (this.#known.size >= MAX_KNOWN) this.#known.clear();
    this.#known.set(key, id);
    return id;
  }
}

function keyOf(bytes: Uint8Array): string {
  if (bytes.length > SHORT_BYTES) return createHash('sha256').update(bytes).digest('base64');
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1');
}
