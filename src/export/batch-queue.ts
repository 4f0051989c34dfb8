import { RankedQueue, type ReadableLogRecordLike } from '../record/index.ts';
import type { ResolvedDeliveryOptions } from './delivery-options.ts';
import type { Batch } from './in-flight.ts';

/**
 * The FIFO queue of records that wait for export. A batch is due when it is full by count or by bytes, or
 * when its records were made due by `makeDue()`. The owner of the queue enforces its bounds.
 */
export class BatchQueue {
  readonly #options: ResolvedDeliveryOptions;
  readonly #queue = new RankedQueue<ReadableLogRecordLike>();
  /** Records up to this sequence number are exported without waiting for their batch to fill. */
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

  /** The sequence number of the first record; Infinity if the queue is empty. */
  get firstSequence(): number {
    return this.#queue.firstSequence;
  }

  /** The sequence number of the record added last, whether it is still queued or not. */
  get lastSequence(): number {
    return this.#queue.lastSequence;
  }

  add(record: ReadableLogRecordLike, rank: number, size: number): void {
    this.#queue.add(record, rank, size);
  }

  /** Removes the oldest of the quietest records. @returns its sequence number; 0 if the queue is empty */
  dropQuietest(): number {
    const sequence = this.#queue.quietestSequence;
    this.#queue.takeQuietest();
    return sequence;
  }

  /** Removes and returns all records in order. */
  clear(): ReadableLogRecordLike[] {
    const all: ReadableLogRecordLike[] = [];
    for (let next = this.#queue.takeFirst(); next !== undefined; next = this.#queue.takeFirst())
      all.push(next);
    return all;
  }

  /** Makes all records that are queued now due. */
  makeDue(): void {
    this.#dueUntil = this.#queue.lastSequence;
  }

  get isDue(): boolean {
    return this.hasFullBatch || this.#queue.firstSequence <= this.#dueUntil;
  }

  /**
   * Half of `maxQueueBytes` is a full batch, too, so that records are exported before any must be dropped.
   */
  get hasFullBatch(): boolean {
    const { maxExportBatchSize, maxExportBatchBytes, maxQueueBytes } = this.#options;
    const { count, bytes } = this.#queue;
    return count >= maxExportBatchSize || bytes >= maxExportBatchBytes || 2 * bytes >= maxQueueBytes;
  }

  /** Removes and returns the next batch. The queue must not be empty. */
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
