import { Delivery, type ResolvedDeliveryOptions } from '../export/index.ts';
import type { BurstAttributes, DeliveryCounts, Target } from '../holding/index.ts';
import type { ReadableLogRecordLike } from '../record/index.ts';
import { RecordItems, withBurst } from './burst-records.ts';
import type { ReentrancyGuard } from './reentrancy-guard.ts';

/** The exporter form. It owns the delivery queue, whose bytes count towards `maxBytes`. */
export class ExporterTarget implements Target<ReadableLogRecordLike> {
  readonly items: RecordItems;
  readonly #delivery: Delivery;
  readonly #burstLevel: number;

  /** @param onSettled see `Delivery` */
  constructor(
    options: ResolvedDeliveryOptions,
    burstLevel: number,
    guard: ReentrancyGuard,
    onSettled?: (first: number, last: number) => void,
  ) {
    // Without a context manager, only the guard can detect records emitted from inside an export.
    const around = <R>(call: () => R) => guard.call(call);
    this.#delivery = new Delivery(options, 'BurstLogRecordProcessor', around, onSettled);
    this.items = new RecordItems(options.clock);
    this.#burstLevel = burstLevel;
  }

  get delivery(): Delivery {
    return this.#delivery;
  }

  get bytes(): number {
    return this.#delivery.bytes;
  }

  send(record: ReadableLogRecordLike, size: number, added: BurstAttributes | undefined): void {
    this.accept(withBurst(record, added), size, added);
  }

  /** Sends a recovered record. It is not written to the black box of this process. */
  sendRecovered(record: ReadableLogRecordLike, size: number): void {
    this.accept(record, size, undefined);
  }

  /** @returns the delivery number; 0 if the delivery did not accept the record */
  protected accept(record: ReadableLogRecordLike, size: number, added: BurstAttributes | undefined): number {
    // A trigger is among the last records to be dropped, whatever its severity.
    const rank = this.items.rankOf(record);
    const isTrigger = added?.cause !== undefined;
    return this.#delivery.accept(record, isTrigger ? Math.max(rank, this.#burstLevel) : rank, size);
  }

  dropQuietest(): boolean {
    return this.#delivery.dropQuietest();
  }

  wake(): void {
    this.#delivery.wake();
  }

  flush(): Promise<void> {
    return this.#delivery.flushed();
  }

  shutdown(timeoutMillis: number): Promise<void> {
    return this.#delivery.shutdown(timeoutMillis);
  }

  undelivered(): readonly ReadableLogRecordLike[] {
    return this.#delivery.takeUndelivered();
  }

  counts(): DeliveryCounts {
    return this.#delivery.stats();
  }
}
