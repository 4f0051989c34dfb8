import type { ReadableLogRecordLike } from '../record/index.ts';

/** Records that are exported together. */
export interface Batch {
  readonly records: ReadableLogRecordLike[];
  readonly bytes: number;
  readonly firstSequence: number;
  readonly lastSequence: number;
  /** The number of records that are neither delivered nor failed. */
  open: number;
  /** Whether any of them has failed. */
  hasFailed: boolean;
}

/** The batches that are being exported. */
export class InFlight {
  readonly #batches = new Set<Batch>();
  #records = 0;
  #bytes = 0;

  /** The number of batches in flight. */
  get size(): number {
    return this.#batches.size;
  }

  /** The number of records that are neither delivered nor failed. */
  get records(): number {
    return this.#records;
  }

  /** Estimated bytes of all batches, until the last record of each is delivered or has failed. */
  get bytes(): number {
    return this.#bytes;
  }

  add(batch: Batch): void {
    this.#batches.add(batch);
    this.#records += batch.open;
    this.#bytes += batch.bytes;
  }

  has(batch: Batch): boolean {
    return this.#batches.has(batch);
  }

  /** Counts records of a batch that are delivered or have failed. */
  settle(batch: Batch, count: number): void {
    batch.open -= count;
    this.#records -= count;
  }

  /** Removes a batch. @returns the number of its records that were neither delivered nor failed */
  remove(batch: Batch): number {
    if (!this.#batches.delete(batch)) return 0;
    const { open } = batch;
    this.settle(batch, open);
    this.#bytes -= batch.bytes;
    return open;
  }

  /** Returns all records of the batches in flight, in order. Some of them may be delivered. */
  all(): ReadableLogRecordLike[] {
    return [...this.#batches].flatMap(({ records }) => records);
  }

  /** Removes all batches. @returns the number of records that were neither delivered nor failed */
  removeAll(): number {
    let open = 0;
    for (const batch of this.#batches) open += this.remove(batch);
    return open;
  }

  /** Returns the lowest sequence number in flight, or Infinity if nothing is in flight. */
  firstSequence(): number {
    let first = Number.POSITIVE_INFINITY;
    for (const batch of this.#batches) first = Math.min(first, batch.firstSequence);
    return first;
  }
}
