import { Delivery, type ResolvedDeliveryOptions } from '../export/index.ts';
import type { BurstAttributes, DeliveryCounts, Target } from '../holding/index.ts';
import type { ReadableLogRecordLike } from '../record/index.ts';
import { RecordItems, withBurst } from './burst-records.ts';
import type { ReentrancyGuard } from './reentrancy-guard.ts';

/** The exporter form: a delivery of our own, bounded together with what is held. */
export class ExporterTarget implements Target<ReadableLogRecordLike> {
  readonly items: RecordItems;
  readonly #delivery: Delivery;
  readonly #burstLevel: number;

  constructor(options: ResolvedDeliveryOptions, burstLevel: number, guard: ReentrancyGuard) {
    // Without a context manager only the guard knows that a record is emitted from inside an export.
    this.#delivery = new Delivery(options, 'BurstLogRecordProcessor', (call) => guard.call(call));
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
    // Whatever its severity, a trigger is among the last to go.
    const rank = this.items.rankOf(record);
    const isTrigger = added?.cause !== undefined;
    this.#delivery.accept(
      withBurst(record, added),
      isTrigger ? Math.max(rank, this.#burstLevel) : rank,
      size,
    );
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

  counts(): DeliveryCounts {
    return this.#delivery.stats();
  }
}
