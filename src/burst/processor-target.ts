import { type Context, ROOT_CONTEXT, trace } from '@opentelemetry/api';
import { FlushGate } from '../export/index.ts';
import {
  attempt,
  type Clock,
  errorText,
  type LogRecordProcessorLike,
  RateLimitedWarnings,
  type ReadableLogRecordLike,
  within,
  writable,
} from '../record/index.ts';
import type { BurstAttributes } from './burst.ts';
import { RecordItems, withBurst } from './burst-records.ts';
import type { ReentrancyGuard } from './reentrancy-guard.ts';
import type { DeliveryCounts, Target } from './target.ts';

/** When a flush of the wrapped processor is no longer waited for. */
const FLUSH_TIMEOUT_MILLIS = 30_000;

/**
 * The processor form: released means handed on. What the wrapped processor then does with a record is its own
 * promise; here only a throw of its `onEmit` counts as a failure.
 */
export class ProcessorTarget implements Target<ReadableLogRecordLike> {
  readonly items: RecordItems;
  readonly #processor: LogRecordProcessorLike;
  readonly #clock: Clock;
  readonly #guard: ReentrancyGuard;
  readonly #warnings: RateLimitedWarnings;
  readonly #gate: FlushGate;
  #delivered = 0;
  #failed = 0;
  /** Being handed on now: the wrapped processor may ask for `stats()`. */
  #pending = 0;
  #shutdown: Promise<void> | undefined;

  constructor(processor: LogRecordProcessorLike, clock: Clock, guard: ReentrancyGuard) {
    this.items = new RecordItems(clock);
    this.#processor = processor;
    this.#clock = clock;
    this.#guard = guard;
    this.#warnings = new RateLimitedWarnings('BurstLogRecordProcessor', clock);
    this.#gate = new FlushGate(() => this.#flush());
  }

  /** The wrapped processor has a queue of its own; nothing is kept here. */
  get bytes(): number {
    return 0;
  }

  send(
    record: ReadableLogRecordLike,
    _size: number,
    added: BurstAttributes | undefined,
    context: Context | undefined,
  ): void {
    // Contexts are not held: they would keep the spans alive. The span context is in the record.
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

  dropQuietest(): boolean {
    return false;
  }

  wake(): void {
    // When it exports is the wrapped processor's decision; a replay flushes it.
  }

  flush(): Promise<void> {
    return this.#gate.pass();
  }

  shutdown(timeoutMillis: number): Promise<void> {
    this.#shutdown ??= this.#end(timeoutMillis);
    return this.#shutdown;
  }

  counts(): DeliveryCounts {
    return { delivered: this.#delivered, failed: { processor: this.#failed }, pending: this.#pending };
  }

  async #flush(): Promise<void> {
    const flush = await within(
      attempt(() => this.#processor.forceFlush()),
      FLUSH_TIMEOUT_MILLIS,
      this.#clock,
    );
    if (!flush.inTime) {
      this.#warnings.warn(
        'flush',
        `the wrapped processor's forceFlush() took over ${FLUSH_TIMEOUT_MILLIS} ms`,
      );
    } else if (flush.error !== undefined) {
      this.#warnings.warn('flush', `the wrapped processor's forceFlush() failed: ${errorText(flush.error)}`);
    }
  }

  async #end(timeoutMillis: number): Promise<void> {
    const end = await within(
      attempt(() => this.#processor.shutdown()),
      timeoutMillis,
      this.#clock,
      true,
    );
    if (!end.inTime) {
      this.#warnings.warn('shutdown', `the wrapped processor's shutdown() took over ${timeoutMillis} ms`);
    } else if (end.error !== undefined) {
      this.#warnings.warn('shutdown', `the wrapped processor's shutdown() failed: ${errorText(end.error)}`);
    }
  }
}
