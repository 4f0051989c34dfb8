import type { Burst, BurstAttributes, EvictionCause, Items } from '../holding/index.ts';
import type { Limited, Recurrence, Repeat } from '../limit/index.ts';
import {
  BURST_DROPPED,
  BURST_EVICTED_PREFIX,
  BURST_FINGERPRINT,
  BURST_FIRST_TIME,
  BURST_ID,
  BURST_LAST_ID,
  BURST_LAST_TIME,
  BURST_LIMITED,
  BURST_LIMITED_EVENT,
  BURST_REASON,
  BURST_RELEASED,
  BURST_RELEASED_EVENT,
  BURST_REPEAT,
  BURST_SEQUENCE,
  BURST_SPAN_ID,
  BURST_TRIGGER,
  type Clock,
  LogRecordView,
  type ReadableLogRecordLike,
  rankOf,
  Severity,
  severityOf,
} from '../record/index.ts';

type Item = ReadableLogRecordLike;

/** An empty record. */
export const blank: Item = Object.freeze({
  hrTime: [0, 0] as [number, number],
  hrTimeObserved: [0, 0] as [number, number],
  resource: { attributes: {} },
  instrumentationScope: { name: '' },
  attributes: {},
  droppedAttributesCount: 0,
});

/** Returns a view of the record with the attributes of its burst, or the record itself if there are none. */
export function withBurst(record: Item, added: BurstAttributes | undefined): Item {
  const attributes = added === undefined ? undefined : burstAttributes(added);
  return attributes === undefined ? record : new LogRecordView(record, attributes);
}

/** Returns the attributes that a burst adds to a record, or undefined if there are none. */
export function burstAttributes(added: BurstAttributes): Record<string, unknown> | undefined {
  const { burstId, sequence, cause, repeat } = added;
  const attributes: Record<string, unknown> = {};
  if (burstId !== undefined) {
    attributes[BURST_ID] = burstId;
    if (sequence > 0) attributes[BURST_SEQUENCE] = sequence;
    if (cause !== undefined) attributes[BURST_TRIGGER] = cause;
  } else if (repeat !== undefined) {
    addRepeat(attributes, repeat);
  } else {
    return undefined;
  }
  return attributes;
}

function addRepeat(attributes: Record<string, unknown>, { fingerprint, count, lastBurstId }: Repeat): void {
  attributes[BURST_FINGERPRINT] = fingerprint;
  attributes[BURST_REPEAT] = count;
  if (lastBurstId !== undefined) attributes[BURST_LAST_ID] = lastBurstId;
}

/** Reads SDK records for the core. */
export class RecordItems implements Items<Item> {
  readonly #clock: Clock;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  rankOf(record: Item): number {
    return rankOf(severityOf(record));
  }

  timeOf(record: Item): number {
    return timeOf(record);
  }

  originOf(record: Item): Item {
    return originOf(record);
  }

  manifestOf(burst: Burst<Item>): Item {
    return this.#ownRecord(manifestFields(burst), burst.origin, burst.origin.spanContext);
  }

  dropped(): void {
    // SDK records are not reused.
  }

  summaryOf(limited: Limited<Item>, recurrence: Recurrence<Item> | undefined): Item {
    return this.#ownRecord(summaryFields(limited, recurrence), limited.origin, undefined);
  }

  #ownRecord(fields: OwnFields, { resource }: Item, spanContext: Item['spanContext']): Item {
    const now = this.#clock.now();
    const time: [number, number] = [Math.floor(now / 1000), Math.round((now % 1000) * 1e6)];
    return new LogRecordView({
      hrTime: time,
      hrTimeObserved: time,
      resource,
      instrumentationScope: { name: 'burstlog' },
      droppedAttributesCount: 0,
      spanContext,
      ...fields,
    });
  }
}

/** Returns resource and span context only, because the origin of a burst is kept longer than its records. */
function originOf(record: Item): Item {
  const light = { ...blank, resource: record.resource };
  return record.spanContext === undefined ? light : { ...light, spanContext: record.spanContext };
}

function timeOf(record: Item): number {
  try {
    const [seconds, nanoseconds] = record.hrTime;
    return seconds * 1_000 + nanoseconds / 1e6;
  } catch {
    // The record was not created by the SDK.
    return Number.NaN;
  }
}

/** The maximum time value of a Date (ECMA-262), in milliseconds. */
const MAX_DATE_MILLIS = 8.64e15;

function isoTime(millis: number): string {
  return new Date(Math.min(MAX_DATE_MILLIS, Math.max(-MAX_DATE_MILLIS, millis))).toISOString();
}

const INFO = { severityNumber: Severity.INFO, severityText: 'INFO' };

/** The fields of a manifest or summary record. */
export interface OwnFields {
  readonly severityNumber: number;
  readonly severityText: string;
  readonly eventName: string;
  readonly attributes: Record<string, unknown>;
  readonly body: string;
}

/**
 * Returns the fields of a manifest: cause of the burst, numbers of released and lost records, and time range.
 */
export function manifestFields(burst: Burst<unknown>): OwnFields {
  const { cause, reason, spanId } = burst;
  const attributes: Record<string, unknown> = {
    [BURST_ID]: burst.id,
    [BURST_TRIGGER]: cause,
    [BURST_RELEASED]: burst.released,
  };
  if (burst.firstTime <= burst.lastTime) {
    attributes[BURST_FIRST_TIME] = isoTime(burst.firstTime);
    attributes[BURST_LAST_TIME] = isoTime(burst.lastTime);
  }
  if (reason !== undefined) attributes[BURST_REASON] = reason;
  if (spanId !== undefined) attributes[BURST_SPAN_ID] = spanId;
  let lost = burst.dropped;
  if (burst.dropped > 0) attributes[BURST_DROPPED] = burst.dropped;
  for (const eviction of Object.keys(burst.evicted) as EvictionCause[]) {
    const count = burst.evicted[eviction];
    if (count > 0) attributes[BURST_EVICTED_PREFIX + eviction] = count;
    lost += count;
  }
  const body = `burst released ${counted(burst.released, 'record')} (${cause}), ${lost} lost`;
  return { ...INFO, eventName: BURST_RELEASED_EVENT, attributes, body };
}

/**
 * Returns the fields of a summary of bursts that the limit did not admit: those of one error or, without
 * `recurrence`, those of all errors that were evicted from the table.
 */
export function summaryFields(
  limited: Limited<unknown>,
  recurrence: Recurrence<unknown> | undefined,
): OwnFields {
  const attributes: Record<string, unknown> = {
    [BURST_LIMITED]: limited.bursts,
    [`${BURST_EVICTED_PREFIX}limit`]: limited.records,
    [BURST_FIRST_TIME]: isoTime(limited.firstTime),
    [BURST_LAST_TIME]: isoTime(limited.lastTime),
  };
  if (recurrence !== undefined) addRepeat(attributes, recurrence);
  const error = recurrence === undefined ? 'other errors' : recurrence.fingerprint;
  const body = `${counted(limited.bursts, 'burst')} not released (limit), ${counted(limited.records, 'record')} lost: ${error}`;
  return { ...INFO, eventName: BURST_LIMITED_EVENT, attributes, body };
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}
