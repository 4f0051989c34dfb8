import { RankedQueue, type ReadableLogRecordLike } from '../record/index.ts';
import type { ResolvedDeliveryOptions } from './delivery-options.ts';
import type { Batch } from './in-flight.ts';

/**
 * The records that wait for export, first in, first out, and the rule for when a batch is due: when it is
 * full by count or by bytes, or when its records are to leave without waiting for that. Its owner enforces
 * the bounds.
 */
export class BatchQueue {
  readonly #options: ResolvedDeliveryOptions;
  readonly #queue = new RankedQueue<ReadableLogRecordLike>();
  /** Everything up to this sequence number leaves without waiting for its batch to fill. */
  #dueUntil = 0;

  constructor(options: ResolvedDeliveryOptions) {
    this.#options = options;
  }

  get count(): number {
    return this.#queue.count;
  }

  get bytes(): number {
    return this.#queue.bytes;
  }

  /** The number of the record that has waited longest; Infinity when none waits. */
  get firstSequence(): number {
    return this.#queue.firstSequence;
  }

  /** The number of the newest record, whether it still waits or not. */
  get lastSequence(): number {
    return this.#queue.lastSequence;
  }

  add(record: ReadableLogRecordLike, rank: number, size: number): void {
    this.#queue.add(record, rank, size);
  }

  /** Removes the oldest of the quietest records. @returns its number; 0 if none waits */
  dropQuietest(): number {
    const sequence = this.#queue.quietestSequence;
    this.#queue.takeQuietest();
    return sequence;
  }

  /** Removes all. @returns what waited, in order */
  clear(): ReadableLogRecordLike[] {
    const all: ReadableLogRecordLike[] = [];
    for (let next = this.#queue.takeFirst(); next !== undefined; next = this.#queue.takeFirst())
      all.push(next);
    return all;
  }

  /** Makes all that is here now due. */
  makeDue(): void {
    this.#dueUntil = this.#queue.lastSequence;
  }

  get isDue(): boolean {
    return this.hasFullBatch || this.#queue.firstSequence <= this.#dueUntil;
  }

  /** Half of the queue's bytes are a full batch too, so that it empties before it must drop. */
  get hasFullBatch(): boolean {
    const { maxExportBatchSize, maxExportBatchBytes, maxQueueBytes } = this.#options;
    const { count, bytes } = this.#queue;
    return count >= maxExportBatchSize || bytes >= maxExportBatchBytes || 2 * bytes >= maxQueueBytes;
  }

  /** Removes the next batch. There must be a record. */
  takeBatch(): Batch {
    const { maxExportBatchSize, maxExportBatchBytes } = this.#options;
    const firstSequence = this.#queue.firstSequence;
    const records: ReadableLogRecordLike[] = [];
    let bytes = 0;
    let lastSequence = firstSequence;
    while (records.length < maxExportBatchSize) {
      const size = this.#queue.firstSize;
      if (records.length > 0 && bytes + size > maxExportBatchBytes) break;
      const sequence = this.#queue.firstSequence;
      const record = this.#queue.takeFirst();
      if (record === undefined) break;
      records.push(record);
      bytes += size;
      lastSequence = sequence;
    }
    return { records, bytes, firstSequence, lastSequence, open: records.length, hasFailed: false };
  }
}
