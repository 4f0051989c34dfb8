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

/** A record with nothing in it. */
export const blank: Item = Object.freeze({
  hrTime: [0, 0] as [number, number],
  hrTimeObserved: [0, 0] as [number, number],
  resource: { attributes: {} },
  instrumentationScope: { name: '' },
  attributes: {},
  droppedAttributesCount: 0,
});

/** A record with what its burst adds to it; the record itself if that is nothing. */
export function withBurst(record: Item, added: BurstAttributes | undefined): Item {
  const attributes = added === undefined ? undefined : burstAttributes(added);
  return attributes === undefined ? record : new LogRecordView(record, attributes);
}

/** What a burst adds to a record, as attributes; undefined if that is nothing. */
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

/** The SDK's records as the core holds them. */
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
    // The SDK made it; the garbage collector takes it.
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

/** Resource and span context of a record. Not its body: a burst is remembered for longer than its records. */
function originOf(record: Item): Item {
  const light = { ...blank, resource: record.resource };
  return record.spanContext === undefined ? light : { ...light, spanContext: record.spanContext };
}

function timeOf(record: Item): number {
  try {
    const [seconds, nanoseconds] = record.hrTime;
    return seconds * 1_000 + nanoseconds / 1e6;
  } catch {
    // Not a record of the SDK.
    return Number.NaN;
  }
}

/** The furthest that a Date can be from the epoch. */
const MOST_MILLIS = 8.64e15;

function isoTime(millis: number): string {
  return new Date(Math.min(MOST_MILLIS, Math.max(-MOST_MILLIS, millis))).toISOString();
}

const INFO = { severityNumber: Severity.INFO, severityText: 'INFO' };

/** The fields of a record of ours: a manifest, or a summary. */
export interface OwnFields {
  readonly severityNumber: number;
  readonly severityText: string;
  readonly eventName: string;
  readonly attributes: Record<string, unknown>;
  readonly body: string;
}

/** What began a burst, how many records it released, how many were lost, and when they came. */
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
 * The bursts of one error that the limit did not admit; without `recurrence`, of errors that are no longer
 * known.
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
