import type { ReadableLogRecordLike } from '../record/index.ts';

/** Records that were given to the exporter together. */
export interface Batch {
  readonly records: ReadableLogRecordLike[];
  readonly bytes: number;
  readonly firstSequence: number;
  readonly lastSequence: number;
  /** How many of its records are neither delivered nor failed. */
  open: number;
  /** Whether any of them has failed. */
  hasFailed: boolean;
}

/** The batches that are being exported. */
export class InFlight {
  readonly #batches = new Set<Batch>();
  #records = 0;
  #bytes = 0;

  /** Batches in flight. */
  get size(): number {
    return this.#batches.size;
  }

  /** Records that are neither delivered nor failed. */
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

  /** So many records of a batch are delivered or have failed. */
  settle(batch: Batch, count: number): void {
    batch.open -= count;
    this.#records -= count;
  }

  /** Takes a batch out. @returns how many of its records were neither delivered nor failed */
  remove(batch: Batch): number {
    if (!this.#batches.delete(batch)) return 0;
    const { open } = batch;
    this.settle(batch, open);
    this.#bytes -= batch.bytes;
    return open;
  }

  /** All records that were given to the exporter, in order; some of a batch may be delivered. */
  all(): ReadableLogRecordLike[] {
    return [...this.#batches].flatMap(({ records }) => records);
  }

  /** Takes all batches out. @returns how many records were neither delivered nor failed */
  removeAll(): number {
    let open = 0;
    for (const batch of this.#batches) open += this.remove(batch);
    return open;
  }

  /** The lowest sequence number in flight; Infinity when nothing is. */
  firstSequence(): number {
    let first = Number.POSITIVE_INFINITY;
    for (const batch of this.#batches) first = Math.min(first, batch.firstSequence);
    return first;
  }
}
