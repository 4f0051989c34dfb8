import { type Context, ROOT_CONTEXT, trace } from '@opentelemetry/api';
import type { BurstAttributes, DeliveryCounts, Target } from '../holding/index.ts';
import {
  type Clock,
  errorText,
  type LogRecordProcessorLike,
  RateLimitedWarnings,
  type ReadableLogRecordLike,
  undeliveredOf,
  writable,
} from '../record/index.ts';
import { RecordItems, withBurst } from './burst-records.ts';
import { Downstream } from './downstream.ts';
import type { ReentrancyGuard } from './reentrancy-guard.ts';

/**
 * The processor form: a record counts as delivered when it was passed to the wrapped processor. Only an error
 * thrown by its `onEmit` counts as a failure.
 */
export class ProcessorTarget implements Target<ReadableLogRecordLike> {
  readonly items: RecordItems;
  readonly #processor: LogRecordProcessorLike;
  readonly #guard: ReentrancyGuard;
  readonly #warnings: RateLimitedWarnings;
  readonly #downstream: Downstream;
  #delivered = 0;
  #failed = 0;
  /** Records being passed now, because the wrapped processor may call `stats()`. */
  #pending = 0;

  constructor(processor: LogRecordProcessorLike, clock: Clock, guard: ReentrancyGuard) {
    this.items = new RecordItems(clock);
    this.#processor = processor;
    this.#guard = guard;
    this.#warnings = new RateLimitedWarnings('BurstLogRecordProcessor', clock);
    this.#downstream = new Downstream('the wrapped processor', processor, clock, this.#warnings);
  }

  /** The wrapped processor has its own queue; nothing is kept here. */
  get bytes(): number {
    return 0;
  }

  send(
    record: ReadableLogRecordLike,
    _size: number,
    added: BurstAttributes | undefined,
    context: Context | undefined,
  ): void {
    // Contexts are not held, because they would keep the spans alive. The span context is in the record.
    const { spanContext } = record;
    const given =
      context ?? (spanContext === undefined ? ROOT_CONTEXT : trace.setSpanContext(ROOT_CONTEXT, spanContext));
    this.#pending += 1;
    try {
      this.#guard.call(() => this.#processor.onEmit(writable(withBurst(record, added)), given));
      this.#delivered += 1;
    } catch (error) {
      this.#failed += 1;
      this.#warnings.warn(
        'processor',
        `1 record was lost: the wrapped processor's onEmit() threw ${errorText(error)}`,
      );
    } finally {
      this.#pending -= 1;
    }
  }

  /** Sends a recovered record. It is not written to the black box of this process. */
  sendRecovered(record: ReadableLogRecordLike, size: number): void {
    this.send(record, size, undefined, undefined);
  }

  dropQuietest(): boolean {
    return false;
  }

  wake(): void {
    // The wrapped processor decides when to export; a replay flushes it.
  }

  flush(): Promise<void> {
    return this.#downstream.flush();
  }

  shutdown(timeoutMillis: number): Promise<void> {
    return this.#downstream.shutdown(timeoutMillis);
  }

  undelivered(): readonly ReadableLogRecordLike[] {
    return undeliveredOf(this.#processor);
  }

  counts(): DeliveryCounts {
    return { delivered: this.#delivered, failed: { processor: this.#failed }, pending: this.#pending };
  }
}
