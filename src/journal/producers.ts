import { setImmediate as nextTurn } from 'node:timers/promises';
import { crc32 } from 'node:zlib';
import type { Origin } from '../component/index.ts';
import { readUint64, writeUint64 } from './frame.ts';
import { Owners } from './owners.ts';
import { PRODUCER_BYTES } from './segment-header.ts';

/** What is kept about one exporter instance. */
export interface Producer {
  /** The highest seq on disk; 0: none. */
  last: number;
  /** The highest accepted seq, including batches that are still being written. */
  taken: number;
  /** The number of batches being written. A producer with such batches is never dropped. */
  inFlight: number;
  /** When it was last seen, in journal time. */
  seenMillis: number;
  /** The owner; undefined: not known since the start. */
  owner: string | undefined;
}

/** How many rows of the table are written before other work gets its turn. */
const ROWS_PER_TURN = 10_000;

/**
 * The last batch number of each producer, which identifies repeats. Bounded by count and by age. When there
 * are too many, the owner with the most producers loses the one that has been idle longest, so that a client
 * that invents producers evicts its own. After a restart all producers count as belonging to one owner until
 * they are seen again.
 */
export class Producers {
  readonly #maxCount: number;
  readonly #maxAgeMillis: number;
  /** In the order in which they were last seen. Keys are the 16 bytes as a latin1 string. */
  readonly #table = new Map<string, Producer>();
  readonly #owners = new Owners();
  /** How many were dropped, by count or age. */
  forgotten = 0;

  constructor(maxCount: number, maxAgeMillis: number) {
    this.#maxCount = maxCount;
    this.#maxAgeMillis = maxAgeMillis;
  }

  get count(): number {
    return this.#table.size;
  }

  find(producer: Uint8Array): Producer | undefined {
    return this.#table.get(keyOf(producer));
  }

  /** Records that a batch of this producer was seen: adds it, or moves it to the end of the order. */
  seen({ producer, owner }: Pick<Origin, 'producer' | 'owner'>, nowMillis: number): Producer {
    const key = keyOf(producer);
    let found = this.#table.get(key);
    if (found === undefined) found = { last: 0, taken: 0, inFlight: 0, seenMillis: nowMillis, owner };
    else this.#owners.remove(found.owner, key);
    found.owner = owner ?? found.owner;
    this.#owners.add(found.owner, key);
    found.seenMillis = nowMillis;
    this.#table.delete(key);
    this.#table.set(key, found);
    return found;
  }

  /** The batch is on disk. */
  committed(origin: Origin, nowMillis: number): Producer {
    const found = this.seen(origin, nowMillis);
    found.last = Math.max(found.last, origin.seq);
    found.taken = Math.max(found.taken, origin.seq);
    return found;
  }

  /** Drops producers that are too old or too many. */
  forget(nowMillis: number): void {
    for (const [key, { seenMillis, inFlight }] of this.#table) {
      if (nowMillis - seenMillis <= this.#maxAgeMillis) break;
      if (inFlight === 0) this.#forget(key);
    }
    for (let surplus = this.#table.size - this.#maxCount; surplus > 0; surplus--) {
      const key = this.#owners.oldestOfLargest((candidate) => this.#table.get(candidate)!.inFlight === 0);
      if (key === undefined) return;
      this.#forget(key);
    }
  }

  #forget(key: string): void {
    this.#owners.remove(this.#table.get(key)!.owner, key);
    this.#table.delete(key);
    this.forgotten += 1;
  }

  /** Loads the table from the beginning of a segment. @returns whether its checksum matches */
  load(table: Buffer, crc: number): boolean {
    if (crc32(table) !== crc) return false;
    for (let at = 0; at < table.length; at += PRODUCER_BYTES) {
      const last = readUint64(table, at + 16);
      const seenMillis = table.readDoubleLE(at + 24);
      const key = table.toString('latin1', at, at + 16);
      this.#table.set(key, { last, taken: last, inFlight: 0, seenMillis, owner: undefined });
      this.#owners.add(undefined, key);
    }
    return true;
  }

  clear(): void {
    this.#table.clear();
    this.#owners.clear();
  }

  /** Encodes the table for the beginning of a segment. No batch may be committed until this resolves. */
  async table(): Promise<Buffer> {
    const rows = [...this.#table].filter(([, { last }]) => last > 0);
    const target = Buffer.allocUnsafeSlow(rows.length * PRODUCER_BYTES);
    for (const [row, [key, { last, seenMillis }]] of rows.entries()) {
      const at = row * PRODUCER_BYTES;
      target.write(key, at, 16, 'latin1');
      writeUint64(target, last, at + 16);
      target.writeDoubleLE(seenMillis, at + 24);
      if (row % ROWS_PER_TURN === ROWS_PER_TURN - 1) await nextTurn();
    }
    return target;
  }
}

function keyOf(producer: Uint8Array): string {
  return Buffer.from(producer.buffer, producer.byteOffset, producer.byteLength).toString('latin1');
}

/**
 * The time by which producers age: follows the wall clock, but never backwards and at most `maxStepMillis`
 * forward at once. A clock that jumps by a year does not age producers by a year.
 */
export class JournalTime {
  readonly #maxStepMillis: number;
  #wallMillis: number;
  #millis: number;

  constructor(millis: number, wallMillis: number, maxStepMillis: number) {
    this.#millis = millis;
    this.#wallMillis = wallMillis;
    this.#maxStepMillis = maxStepMillis;
  }

  get millis(): number {
    return this.#millis;
  }

  /** Advances to the wall clock. @returns the journal time */
  advance(wallMillis: number): number {
    const step = wallMillis - this.#wallMillis;
    if (step > 0) this.#millis += Math.min(step, this.#maxStepMillis);
    this.#wallMillis = wallMillis;
    return this.#millis;
  }
}
