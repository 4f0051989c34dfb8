import type { Context } from '@opentelemetry/api';
import type { ResolvedDeliveryOptions } from '../export/index.ts';
import type { BurstAttributes } from '../holding/index.ts';
import type {
  Clock,
  LogRecordProcessorLike,
  RateLimitedWarnings,
  ReadableLogRecordLike,
} from '../record/index.ts';
import type { BlackBox } from './black-box.ts';
import { withBurst } from './burst-records.ts';
import type { DeferredRecord } from './deferred-record.ts';
import { ExporterTarget } from './exporter-target.ts';
import type { HeldRecords } from './held-record.ts';
import { ProcessorTarget } from './processor-target.ts';
import { ProviderTarget, type WrappedProvider } from './provider-target.ts';
import type { ReentrancyGuard } from './reentrancy-guard.ts';

/** The exporter form with a black box, which keeps records until they are delivered. */
export class BoxedExporterTarget extends ExporterTarget {
  readonly #box: BlackBox<ReadableLogRecordLike>;

  constructor(
    options: ResolvedDeliveryOptions,
    burstLevel: number,
    guard: ReentrancyGuard,
    box: BlackBox<ReadableLogRecordLike>,
  ) {
    super(options, burstLevel, guard, (first, last) => box.settled(first, last));
    this.#box = box;
  }

  /** Empty unless the box has failed: otherwise the records are recovered from the box. */
  override undelivered(): readonly ReadableLogRecordLike[] {
    return this.#box.hasFailed ? super.undelivered() : [];
  }

  override send(record: ReadableLogRecordLike, size: number, added: BurstAttributes | undefined): void {
    const leaving = withBurst(record, added);
    this.#box.sending();
    const delivery = this.accept(leaving, size, added);
    this.#box.sent(leaving, added?.number ?? 0, delivery, added?.burstId ?? '', added?.sequence ?? 0);
  }
}

/**
 * The processor form with a black box. A record is removed from the box when it is passed to the processor.
 */
export class BoxedProcessorTarget extends ProcessorTarget {
  readonly #box: BlackBox<ReadableLogRecordLike>;

  constructor(
    processor: LogRecordProcessorLike,
    clock: Clock,
    guard: ReentrancyGuard,
    box: BlackBox<ReadableLogRecordLike>,
  ) {
    super(processor, clock, guard);
    this.#box = box;
  }

  override send(
    record: ReadableLogRecordLike,
    size: number,
    added: BurstAttributes | undefined,
    context: Context | undefined,
  ): void {
    super.send(record, size, added, context);
    const number = added?.number ?? 0;
    if (number > 0) this.#box.dropped(number);
  }
}

/** The provider form with a black box. A record is removed from the box when it is passed to the provider. */
export class BoxedProviderTarget extends ProviderTarget {
  readonly #box: BlackBox<DeferredRecord>;

  constructor(
    provider: WrappedProvider,
    clock: Clock,
    records: HeldRecords,
    guard: ReentrancyGuard,
    warnings: RateLimitedWarnings,
    box: BlackBox<DeferredRecord>,
  ) {
    super(provider, clock, records, guard, warnings);
    this.#box = box;
  }

  override send(
    item: DeferredRecord,
    size: number,
    added: BurstAttributes | undefined,
    context: Context | undefined,
    cameAt: number,
  ): void {
    super.send(item, size, added, context, cameAt);
    const number = added?.number ?? 0;
    if (number > 0) this.#box.dropped(number);
  }
}
