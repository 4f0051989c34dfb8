import { type Context, ROOT_CONTEXT, type SpanContext, trace } from '@opentelemetry/api';
import type { Burst, BurstAttributes, DeliveryCounts, Items, Target } from '../holding/index.ts';
import type { Limited, Recurrence } from '../limit/index.ts';
import {
  type Clock,
  errorText,
  type RateLimitedWarnings,
  type ReadableLogRecordLike,
  ReleaseContext,
} from '../record/index.ts';
import { burstAttributes, manifestFields, type OwnFields, summaryFields } from './burst-records.ts';
import {
  type ApiLogRecordLike,
  type DeferredRecord,
  LiveRecord,
  type RecordSource,
} from './deferred-record.ts';
import { Downstream, type Flushable } from './downstream.ts';
import type { HeldRecords } from './held-record.ts';
import type { ReentrancyGuard } from './reentrancy-guard.ts';

/** The scope of manifest and summary records. */
const OWN_SCOPE = { name: 'burstlog' };
const PROCESS_PID = 'process.pid';
const NO_TASK = { marks: undefined, sequence: 0 };

/** The part of the SDK's provider that is used here. */
export interface WrappedProvider extends Flushable {
  getLogger(name: string, version?: string, options?: object): RecordSource['logger'];
}

/** Reads deferred records for the core. */
class DeferredItems implements Items<DeferredRecord> {
  readonly #clock: Clock;
  readonly #records: HeldRecords;
  readonly #own: () => RecordSource;

  constructor(clock: Clock, records: HeldRecords, own: () => RecordSource) {
    this.#clock = clock;
    this.#records = records;
    this.#own = own;
  }

  rankOf(record: DeferredRecord): number {
    return record.rank;
  }

  timeOf(record: DeferredRecord, cameAt: number): number {
    return record.timeOf(cameAt);
  }

  dropped(record: DeferredRecord): void {
    record.dropped(this.#records);
  }

  originOf({ source, spanContext }: DeferredRecord): DeferredRecord {
    return new LiveRecord(source, {}, spanContext, Number.NaN);
  }

  manifestOf(burst: Burst<DeferredRecord>): DeferredRecord {
    return this.#ownRecord(manifestFields(burst), burst.origin.spanContext);
  }

  summaryOf(
    limited: Limited<DeferredRecord>,
    recurrence: Recurrence<DeferredRecord> | undefined,
  ): DeferredRecord {
    return this.#ownRecord(summaryFields(limited, recurrence), undefined);
  }

  #ownRecord(fields: OwnFields, spanContext: SpanContext | undefined): DeferredRecord {
    const context = new ReleaseContext(contextOf(spanContext), NO_TASK);
    return new LiveRecord(this.#own(), { ...fields, context }, spanContext, this.#clock.now());
  }
}

/**
 * The provider form: the SDK creates each sent record and passes it to its processors, and the record then
 * counts as delivered. Only a record that the SDK refuses, or an error that it throws, counts as a failure.
 */
export class ProviderTarget implements Target<DeferredRecord> {
  readonly items: DeferredItems;
  readonly #provider: WrappedProvider;
  readonly #guard: ReentrancyGuard;
  readonly #warnings: RateLimitedWarnings;
  readonly #downstream: Downstream;
  #delivered = 0;
  #refused = 0;
  #failed = 0;
  /** Records being passed now, because a processor may call `stats()`. */
  #pending = 0;

  constructor(
    provider: WrappedProvider,
    clock: Clock,
    records: HeldRecords,
    guard: ReentrancyGuard,
    warnings: RateLimitedWarnings,
  ) {
    this.#provider = provider;
    this.#guard = guard;
    this.#warnings = warnings;
    this.#downstream = new Downstream('the wrapped provider', provider, clock, warnings);
    let own: RecordSource | undefined;
    this.items = new DeferredItems(clock, records, () => {
      own ??= { logger: provider.getLogger(OWN_SCOPE.name), scope: OWN_SCOPE, offset: Number.NaN };
      return own;
    });
  }

  /** The SDK's processors have their own queues; nothing is kept here. */
  get bytes(): number {
    return 0;
  }

  send(
    item: DeferredRecord,
    _size: number,
    added: BurstAttributes | undefined,
    _context: Context | undefined,
    cameAt: number,
  ): void {
    this.#handOn(() => {
      const { logger } = item.source;
      const record = withBurst(released(item, cameAt), added);
      // For a live record, `enabled()` was called on arrival.
      if (item.release !== undefined && logger.enabled?.(record) === false) return this.#refuse();
      this.#guard.call(() => logger.emit(record));
      this.#delivered += 1;
    });
  }

  /**
   * Sends a recovered record of a dead process. The provider sets its own resource on it, so the id of the
   * dead process is added as an attribute.
   */
  sendRecovered(record: ReadableLogRecordLike): void {
    this.#handOn(() => {
      const { name, version, schemaUrl } = record.instrumentationScope;
      const { severityNumber, severityText, eventName, body, attributes, hrTime, hrTimeObserved } = record;
      const pid = (record.resource.attributes as Record<string, unknown>)[PROCESS_PID];
      const logger = this.#provider.getLogger(name, version, schemaUrl === undefined ? {} : { schemaUrl });
      const context = new ReleaseContext(contextOf(record.spanContext), NO_TASK);
      const fields = { severityNumber, severityText, eventName, body, context };
      const times = { timestamp: hrTime, observedTimestamp: hrTimeObserved };
      const own = { ...attributes, ...(pid === undefined ? {} : { [PROCESS_PID]: pid }) };
      this.#guard.call(() => logger.emit({ ...fields, ...times, attributes: own }));
      this.#delivered += 1;
    });
  }

  /** Never throws. */
  #handOn(send: () => void): void {
    this.#pending += 1;
    try {
      send();
    } catch (error) {
      this.#failed += 1;
      this.#warnings.warn('provider', `1 record was lost: the wrapped provider threw ${errorText(error)}`);
    } finally {
      this.#pending -= 1;
    }
  }

  dropQuietest(): boolean {
    return false;
  }

  wake(): void {
    // The processors decide when to export; a replay flushes them.
  }

  flush(): Promise<void> {
    return this.#downstream.flush();
  }

  shutdown(timeoutMillis: number): Promise<void> {
    return this.#downstream.shutdown(timeoutMillis);
  }

  /** Always empty, because the provider does not expose its processors. */
  undelivered(): readonly ReadableLogRecordLike[] {
    return [];
  }

  counts(): DeliveryCounts {
    const failed = { provider: this.#failed, refused: this.#refused };
    return { delivered: this.#delivered, failed, pending: this.#pending };
  }

  #refuse(): void {
    this.#refused += 1;
    this.#warnings.warn(
      'refused',
      '1 released record was lost: the wrapped provider refused it (minimumSeverity, traceBased, or no processor is enabled)',
    );
  }
}

/**
 * Returns the record to emit. Its context has only the span context, because held contexts would keep spans
 * alive.
 */
function released(item: DeferredRecord, cameAt: number): ApiLogRecordLike {
  const record = item.toRecord(cameAt);
  const { release } = item;
  return release === undefined
    ? record
    : { ...record, context: new ReleaseContext(contextOf(item.spanContext), release) };
}

function contextOf(spanContext: SpanContext | undefined): Context {
  return spanContext === undefined ? ROOT_CONTEXT : trace.setSpanContext(ROOT_CONTEXT, spanContext);
}

/** Adds the attributes of a burst. They come first, because the SDK's attribute limit drops the last ones. */
function withBurst(record: ApiLogRecordLike, added: BurstAttributes | undefined): ApiLogRecordLike {
  const ours = added === undefined ? undefined : burstAttributes(added);
  return ours === undefined ? record : { ...record, attributes: { ...ours, ...record.attributes, ...ours } };
}
