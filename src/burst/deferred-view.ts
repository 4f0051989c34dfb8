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
 * Shows a deferred record as the SDK would make it, for a reader that is done with it before the next one: it
 * is one object, which is filled again for each record. Limits of the SDK are not applied.
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

  /** @param cameAt when it came, as `Clock.monotonicNow()` counts. @returns this */
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

/** A time that cannot be read gives way to when the record came. */
function timeOf(time: unknown, item: DeferredRecord, cameAt: number): HrTime {
  if (Array.isArray(time)) return time as HrTime;
  const millis = time === undefined ? item.timeOf(cameAt) : millisOf(time);
  return hrTimeOf(Number.isFinite(millis) ? millis : Math.round(cameAt - item.source.offset));
}

/** What the record's own attributes say goes before what the task says, but for the number. */
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
