import type { Context, HrTime, SpanContext } from '@opentelemetry/api';
import {
  type InstrumentationScopeLike,
  type ReadableLogRecordLike,
  type Release,
  rankOf,
  severityOf,
} from '../record/index.ts';
import { exceptionAttributes } from './exception-attributes.ts';
import type { HeldRecords } from './held-record.ts';

/** The record that an application passes to a Logger of OTel JS 2.x or 3.x. */
export interface ApiLogRecordLike {
  readonly eventName?: string | undefined;
  readonly timestamp?: unknown;
  readonly observedTimestamp?: unknown;
  readonly severityNumber?: number | undefined;
  readonly severityText?: string | undefined;
  readonly body?: unknown;
  // biome-ignore lint/suspicious/noExplicitAny: 2.x types the values AnyValue, 3.x unknown.
  readonly attributes?: any;
  readonly exception?: unknown;
  readonly context?: Context | undefined;
}

/** A Logger of the SDK. Before sdk-logs 0.205 it has no `enabled()`. */
export interface SdkLoggerLike {
  // biome-ignore lint/suspicious/noExplicitAny: the record types of the lines differ.
  emit(record: any): void;
  // biome-ignore lint/suspicious/noExplicitAny: the options types of the lines differ.
  enabled?(options?: any): boolean;
}

/** The source of records: a logger, and the offset between the monotonic and the wall clock at that time. */
export interface RecordSource {
  readonly logger: SdkLoggerLike;
  readonly scope: InstrumentationScopeLike;
  /** Monotonic time minus wall time. */
  readonly offset: number;
}

/** A record that the SDK has not created yet. */
export interface DeferredRecord {
  readonly source: RecordSource;
  /** Set only if it is valid. */
  readonly spanContext: SpanContext | undefined;
  /** The rank, 0 to 24. Records of the lowest rank are dropped first. */
  readonly rank: number;
  /** Returns the time in milliseconds since the epoch, NaN if it is not known. */
  timeOf(cameAt: number): number;
  /** Called when the core no longer references the record. @param spare the pool that can reuse it */
  dropped(spare: HeldRecords): void;
  /** Returns the record to emit. @param cameAt the time of arrival, as returned by `Clock.monotonicNow()` */
  toRecord(cameAt: number): ApiLogRecordLike;
  /** The release data of its context; undefined if the record is emitted in its original context. */
  readonly release: Release | undefined;
}

/**
 * A deferred record that is not copied: one that is sent at once, or only identifies the origin of another.
 * It can be read like an SDK record, for functions passed as options.
 */
export class LiveRecord implements DeferredRecord, ReadableLogRecordLike {
  readonly source: RecordSource;
  readonly spanContext: SpanContext | undefined;
  readonly #record: ApiLogRecordLike;
  readonly #writtenAt: number;
  #attributes: Record<string, unknown> | undefined;

  /** @param writtenAt in milliseconds since the epoch */
  constructor(
    source: RecordSource,
    record: ApiLogRecordLike,
    spanContext: SpanContext | undefined,
    writtenAt: number,
  ) {
    this.source = source;
    this.spanContext = spanContext;
    this.#record = record;
    this.#writtenAt = writtenAt;
  }

  get rank(): number {
    return rankOf(severityOf(this.#record));
  }

  dropped(): void {
    // The record belongs to the application and is not reused.
  }

  get release(): undefined {
    return undefined;
  }

  timeOf(): number {
    const { timestamp } = this.#record;
    return timestamp === undefined ? this.#writtenAt : millisOf(timestamp);
  }

  toRecord(): ApiLogRecordLike {
    return this.#record;
  }

  get severityNumber(): number | undefined {
    return this.#record.severityNumber;
  }

  get severityText(): string | undefined {
    return this.#record.severityText;
  }

  get eventName(): string | undefined {
    return this.#record.eventName;
  }

  get body(): unknown {
    return this.#record.body;
  }

  get attributes(): Record<string, unknown> {
    const { attributes, exception } = this.#record;
    if (exception === undefined || exception === null) return attributes ?? {};
    const all = this.#attributes ?? { ...exceptionAttributes(exception), ...attributes };
    this.#attributes = all;
    return all;
  }

  get hrTime(): HrTime {
    return hrTimeOf(this.timeOf());
  }

  get hrTimeObserved(): HrTime {
    return hrTimeOf(this.#writtenAt);
  }

  /** Empty, because the provider does not expose its resource. */
  get resource(): { readonly attributes: object } {
    return { attributes: {} };
  }

  get instrumentationScope(): InstrumentationScopeLike {
    return this.source.scope;
  }

  get droppedAttributesCount(): number {
    return 0;
  }
}

export function hrTimeOf(millis: number): HrTime {
  const seconds = Math.floor(millis / 1_000);
  return [seconds, Math.round((millis - seconds * 1_000) * 1e6)];
}

/** Converts a time of the API to milliseconds since the epoch; NaN if it is invalid. */
export function millisOf(time: unknown): number {
  if (Array.isArray(time)) return Number(time[0]) * 1_000 + Number(time[1]) / 1e6;
  return Number(time);
}
