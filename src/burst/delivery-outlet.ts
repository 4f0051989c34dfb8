import { Delivery, type ResolvedDeliveryOptions } from '../export/index.ts';
import type { Limited, Recurrence } from '../limit/index.ts';
import { type Clock, type ReadableLogRecordLike, rankOf, severityOf } from '../record/index.ts';
import type { Burst, Mark } from './burst.ts';
import type { CallGuard } from './call-guard.ts';
import { manifest, marked, originOf, summary, timeOf } from './marked.ts';
import { MANIFEST_BYTES, type Outcome, type Outlet } from './outlet.ts';

/** The exporter form: a delivery of our own, bounded together with what is held. */
export class DeliveryOutlet implements Outlet<ReadableLogRecordLike> {
  readonly #delivery: Delivery;
  readonly #clock: Clock;
  readonly #burstLevel: number;

  constructor(options: ResolvedDeliveryOptions, burstLevel: number, guard: CallGuard) {
    // Without a context manager only this tells that a record is emitted from inside an export.
    this.#delivery = new Delivery(options, 'BurstLogRecordProcessor', (call) => guard.call(call));
    this.#clock = options.clock;
    this.#burstLevel = burstLevel;
  }

  get delivery(): Delivery {
    return this.#delivery;
  }

  get bytes(): number {
    return this.#delivery.bytes;
  }

  rank(record: ReadableLogRecordLike): number {
    return rankOf(severityOf(record));
  }

  timeOf(record: ReadableLogRecordLike): number {
    return timeOf(record);
  }

  originOf(record: ReadableLogRecordLike): ReadableLogRecordLike {
    return originOf(record);
  }

  send(record: ReadableLogRecordLike, size: number, mark: Mark | undefined): void {
    // Whatever its severity, a trigger is among the last to go.
    const rank = rankOf(severityOf(record));
    const isTrigger = mark?.cause !== undefined;
    this.#delivery.accept(marked(record, mark), isTrigger ? Math.max(rank, this.#burstLevel) : rank, size);
  }

  sendManifest(burst: Burst<ReadableLogRecordLike>): void {
    const record = manifest(burst, this.#clock.now());
    this.#delivery.accept(record, rankOf(severityOf(record)), MANIFEST_BYTES);
  }

  summaryOf(
    limited: Limited<ReadableLogRecordLike>,
    recurrence: Recurrence<ReadableLogRecordLike> | undefined,
  ): ReadableLogRecordLike {
    return summary(limited, recurrence, this.#clock.now());
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

  outcome(): Outcome {
    return this.#delivery.stats();
  }
}
