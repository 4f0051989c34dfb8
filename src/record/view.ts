import type { HrTime, SpanContext } from '@opentelemetry/api';
import type { InstrumentationScopeLike, ReadableLogRecordLike } from './otel.ts';

/**
 * A copy of a record with added or changed fields. The SDK freezes its records after `onEmit`, and other
 * processors may hold the same record, so changes are made to a view and never to the record.
 *
 * It can be read and written like the SDK's record, for processors that enrich records in `onEmit`.
 */
export class LogRecordView implements ReadableLogRecordLike {
  hrTime: HrTime;
  hrTimeObserved: HrTime;
  spanContext: SpanContext | undefined;
  severityText: string | undefined;
  severityNumber: number | undefined;
  body: unknown;
  eventName: string | undefined;
  // biome-ignore lint/suspicious/noExplicitAny: as in ReadableLogRecordLike.
  resource: any;
  instrumentationScope: InstrumentationScopeLike;
  readonly attributes: Record<string, unknown>;
  readonly droppedAttributesCount: number;

  constructor(
    record: ReadableLogRecordLike,
    added: Readonly<Record<string, unknown>> = {},
    body: unknown = record.body,
  ) {
    this.hrTime = record.hrTime;
    this.hrTimeObserved = record.hrTimeObserved;
    this.spanContext = record.spanContext;
    this.severityText = record.severityText;
    this.severityNumber = record.severityNumber;
    this.body = body;
    this.eventName = record.eventName;
    this.resource = record.resource;
    this.instrumentationScope = record.instrumentationScope;
    this.attributes = { ...record.attributes, ...added };
    this.droppedAttributesCount = record.droppedAttributesCount;
  }

  setAttribute(key: string, value: unknown): this {
    this.attributes[key] = value;
    return this;
  }

  setAttributes(attributes: Readonly<Record<string, unknown>>): this {
    Object.assign(this.attributes, attributes);
    return this;
  }

  setBody(body: unknown): this {
    this.body = body;
    return this;
  }

  setEventName(eventName: string): this {
    this.eventName = eventName;
    return this;
  }

  setSeverityNumber(severityNumber: number): this {
    this.severityNumber = severityNumber;
    return this;
  }

  setSeverityText(severityText: string): this {
    this.severityText = severityText;
    return this;
  }
}
