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

/** A record as an application gives it to a Logger of either line. */
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
  // biome-ignore lint/suspicious/noExplicitAny: so do the options.
  enabled?(options?: any): boolean;
}

/** Where records come from: a logger, and the wall clock as it stood against the monotonic one. */
export interface RecordSource {
  readonly logger: SdkLoggerLike;
  readonly scope: InstrumentationScopeLike;
  /** Monotonic time minus wall time. */
  readonly offset: number;
}

/** A record that the SDK has not made yet. */
export interface DeferredRecord {
  readonly source: RecordSource;
  /** Set only if it is valid. */
  readonly spanContext: SpanContext | undefined;
  /** How much it matters when something must be dropped, 0 to 24. */
  readonly rank: number;
  /** Its time in milliseconds since the epoch, NaN if it is not known. */
  timeOf(cameAt: number): number;
  /** Nothing refers to it any more. @param spare those that may be filled again */
  dropped(spare: HeldRecords): void;
  /** What the logger is given. @param cameAt when it came, as `Clock.monotonicNow()` counts */
  toRecord(cameAt: number): ApiLogRecordLike;
  /** What its context says when it is released; undefined: it leaves in the context in which it was written. */
  readonly release: Release | undefined;
}

/**
 * One that leaves at once, or only stands for another, as the application gave it. The functions among the
 * options read it like a record of the SDK.
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
    // It belongs to the application.
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

  /** The provider keeps its resource to itself. */
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

/** A time as the API takes it; NaN if it is none. */
export function millisOf(time: unknown): number {
  if (Array.isArray(time)) return Number(time[0]) * 1_000 + Number(time[1]) / 1e6;
  return Number(time);
}
