import { type ReadableLogRecordLike, recordSize, truncate } from '../record/index.ts';
import type { DeliveryCounts } from './delivery-counts.ts';
import type { ResolvedDeliveryOptions } from './delivery-options.ts';
import { type ExportOutcome, exportOnce } from './export-once.ts';
import type { Batch, InFlight } from './in-flight.ts';
import { WritableResources } from './writable-resources.ts';

/** After this number of consecutive refusals, individual records are not assumed to be the cause. */
const MAX_REFUSALS_IN_A_ROW = 32;
/** How often a batch is split because the server refuses its content. */
const MAX_SPLITS = 64;
/** A record that is too large is repeatedly truncated to a quarter, but not below this size. */
const MIN_TRUNCATED_BYTES = 16 * 1024;
const TRUNCATION_FACTOR = 4;

/**
 * Exports a batch. If the export fails because of one record, only that record is lost. When the exporter
 * throws, or the server reports that the request is too large or permanently refuses its content (400, 422,
 * INVALID_ARGUMENT), the batch is halved until the record is alone. A single record that is too large is
 * truncated.
 *
 * - **Bounded**: a batch is split at most 64 times, and its remaining parts are then sent once. After 32
 *   consecutive refusals over all batches, the configuration is assumed to be the cause, and refused batches
 *   are not split until one is accepted.
 * - **Stops**: a batch that is no longer in flight (after a shutdown) is not exported any further.
 */
export class BatchExporter {
  readonly #options: ResolvedDeliveryOptions;
  readonly #around: <R>(call: () => R) => R;
  readonly #inFlight: InFlight;
  readonly #counts: DeliveryCounts;
  readonly #resources = new WritableResources();
  #refusalsInARow = 0;

  /** @param around called around each call of `exporter.export()` */
  constructor(
    options: ResolvedDeliveryOptions,
    around: <R>(call: () => R) => R,
    inFlight: InFlight,
    counts: DeliveryCounts,
  ) {
    this.#options = options;
    this.#around = around;
    this.#inFlight = inFlight;
    this.#counts = counts;
  }

  /** Resolves when every record of the batch is delivered or has failed. Never rejects. */
  async export(batch: Batch): Promise<void> {
    await this.#export(batch, this.#resources.of(batch.records), { left: MAX_SPLITS });
  }

  async #export(batch: Batch, records: ReadableLogRecordLike[], splits: { left: number }): Promise<void> {
    const { exporter, exportTimeoutMillis, clock } = this.#options;
    if (!this.#inFlight.has(batch)) return;
    const outcome = await exportOnce(exporter, records, exportTimeoutMillis, clock, this.#around);
    if (!this.#inFlight.has(batch)) return;
    const parts = this.#partsOf(outcome, records, splits);
    if (parts === undefined) return this.#settle(batch, records.length, outcome);
    for (const part of parts) await this.#export(batch, part, splits);
  }

  /** Returns the parts to export instead, in order; undefined if the outcome is final. */
  #partsOf(
    outcome: ExportOutcome,
    records: ReadableLogRecordLike[],
    splits: { left: number },
  ): ReadableLogRecordLike[][] | undefined {
    if (outcome.kind === 'delivered') this.#refusalsInARow = 0;
    if (outcome.kind === 'threw') return halves(records);
    if (outcome.kind !== 'failed') return undefined;
    if (outcome.refusal === 'too_large') return halves(records) ?? truncated(records[0]!);
    if (outcome.refusal !== 'content') return undefined;
    this.#refusalsInARow += 1;
    if (this.#refusalsInARow >= MAX_REFUSALS_IN_A_ROW || splits.left <= 0) return undefined;
    splits.left -= 1;
    return halves(records);
  }

  #settle(batch: Batch, count: number, outcome: ExportOutcome): void {
    this.#inFlight.settle(batch, count);
    if (outcome.kind !== 'delivered') batch.hasFailed = true;
    switch (outcome.kind) {
      case 'delivered':
        this.#counts.delivered += count;
        return;
      case 'failed':
        return this.#counts.fail('export', count, outcome.error);
      case 'timeout':
        return this.#counts.fail(
          'timeout',
          count,
          `the exporter did not call back within exportTimeoutMillis (${this.#options.exportTimeoutMillis})`,
        );
      case 'threw':
        return this.#counts.fail('unserializable', count, outcome.error);
    }
  }
}

function halves(records: ReadableLogRecordLike[]): ReadableLogRecordLike[][] | undefined {
  if (records.length < 2) return undefined;
  const half = records.length >> 1;
  return [records.slice(0, half), records.slice(half)];
}

function truncated(record: ReadableLogRecordLike): ReadableLogRecordLike[][] | undefined {
  const size = recordSize(record);
  const maxBytes = Math.floor(size / TRUNCATION_FACTOR);
  return maxBytes < MIN_TRUNCATED_BYTES ? undefined : [[truncate(record, maxBytes, size).record]];
}
