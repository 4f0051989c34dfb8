import type { HrTime, SpanContext } from '@opentelemetry/api';
import {
  type InstrumentationScopeLike,
  type ReadableLogRecordLike,
  type Release,
  TASK_ID,
  TASK_NAME,
  TASK_PARENT_ID,
  TASK_SEQUENCE,
} from '../record/index.ts';
import { type DeferredRecord, hrTimeOf, millisOf } from './deferred-record.ts';
import { exceptionAttributes } from './exception-attributes.ts';

/**
 * Presents a deferred record as the SDK would create it. It is one object that is reused for each record, so
 * a reader must not keep it. The limits of the SDK are not applied.
 */
export class DeferredView implements ReadableLogRecordLike {
  hrTime: HrTime = [0, 0];
  hrTimeObserved: HrTime = [0, 0];
  spanContext: SpanContext | undefined;
  severityNumber: number | undefined;
  severityText: string | undefined;
  eventName: string | undefined;
  body: unknown;
  attributes: Record<string, unknown> = {};
  instrumentationScope: InstrumentationScopeLike = { name: '' };
  readonly droppedAttributesCount = 0;
  readonly resource: { readonly attributes: object };

  constructor(resource: { readonly attributes: object }) {
    this.resource = resource;
  }

  /** @param cameAt the time of arrival, as returned by `Clock.monotonicNow()` @returns this */
  of(item: DeferredRecord, cameAt: number): this {
    const record = item.toRecord(cameAt);
    const { attributes = NO_ATTRIBUTES, exception } = record;
    const { release } = item;
    this.hrTime = timeOf(record.timestamp, item, cameAt);
    this.hrTimeObserved = timeOf(record.observedTimestamp, item, cameAt);
    this.spanContext = item.spanContext;
    this.severityNumber = record.severityNumber;
    this.severityText = record.severityText;
    this.eventName = record.eventName;
    this.body = record.body;
    this.instrumentationScope = item.source.scope;
    this.attributes =
      exception === undefined || exception === null
        ? attributes
        : { ...exceptionAttributes(exception), ...attributes };
    if (release?.marks !== undefined)
      this.attributes = inTask(this.attributes, release.marks, release.sequence);
    return this;
  }
}

const NO_ATTRIBUTES: Record<string, unknown> = Object.freeze({});

/** Returns a time as HrTime. An invalid time is replaced by the time of arrival. */
function timeOf(time: unknown, item: DeferredRecord, cameAt: number): HrTime {
  if (Array.isArray(time)) return time as HrTime;
  const millis = time === undefined ? item.timeOf(cameAt) : millisOf(time);
  return hrTimeOf(Number.isFinite(millis) ? millis : Math.round(cameAt - item.source.offset));
}

/**
 * Adds the attributes of a task. The record's own attributes take precedence, except for the sequence number.
 */
function inTask(
  attributes: Record<string, unknown>,
  { id, name, parentId, bound }: NonNullable<Release['marks']>,
  sequence: number,
): Record<string, unknown> {
  return {
    ...bound,
    [TASK_ID]: id,
    [TASK_NAME]: name,
    ...(parentId === undefined ? {} : { [TASK_PARENT_ID]: parentId }),
    ...attributes,
    [TASK_SEQUENCE]: sequence,
  };
}
