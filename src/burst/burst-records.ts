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
import type { Burst, BurstAttributes } from './burst.ts';
import type { EvictionCause } from './counters.ts';
import type { Items } from './target.ts';

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
  if (added === undefined) return record;
  const { burstId, sequence, cause, repeat } = added;
  const attributes: Record<string, unknown> = {};
  if (burstId !== undefined) {
    attributes[BURST_ID] = burstId;
    if (sequence > 0) attributes[BURST_SEQUENCE] = sequence;
    if (cause !== undefined) attributes[BURST_TRIGGER] = cause;
  } else if (repeat !== undefined) {
    addRepeat(attributes, repeat);
  } else {
    return record;
  }
  return new LogRecordView(record, attributes);
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
    return manifest(burst, this.#clock.now());
  }

  summaryOf(limited: Limited<Item>, recurrence: Recurrence<Item> | undefined): Item {
    return summary(limited, recurrence, this.#clock.now());
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

/** What began a burst, how many records it released, how many were lost, and when they came. */
function manifest(burst: Burst<Item>, now: number): Item {
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
  return ownRecord(now, burst.origin, BURST_RELEASED_EVENT, attributes, {
    spanContext: burst.origin.spanContext,
    body: `burst released ${counted(burst.released, 'record')} (${cause}), ${lost} lost`,
  });
}

/**
 * The bursts of one error that the limit did not admit; without `recurrence`, of errors that are no longer
 * known.
 */
function summary(limited: Limited<Item>, recurrence: Recurrence<Item> | undefined, now: number): Item {
  const attributes: Record<string, unknown> = {
    [BURST_LIMITED]: limited.bursts,
    [`${BURST_EVICTED_PREFIX}limit`]: limited.records,
    [BURST_FIRST_TIME]: isoTime(limited.firstTime),
    [BURST_LAST_TIME]: isoTime(limited.lastTime),
  };
  if (recurrence !== undefined) addRepeat(attributes, recurrence);
  const error = recurrence === undefined ? 'other errors' : recurrence.fingerprint;
  return ownRecord(now, limited.origin, BURST_LIMITED_EVENT, attributes, {
    body: `${counted(limited.bursts, 'burst')} not released (limit), ${counted(limited.records, 'record')} lost: ${error}`,
  });
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}

function ownRecord(
  now: number,
  origin: Item,
  eventName: string,
  attributes: Record<string, unknown>,
  rest: Pick<Item, 'body' | 'spanContext'>,
): Item {
  const time: [number, number] = [Math.floor(now / 1000), Math.round((now % 1000) * 1e6)];
  return new LogRecordView({
    hrTime: time,
    hrTimeObserved: time,
    severityNumber: Severity.INFO,
    severityText: 'INFO',
    eventName,
    resource: origin.resource,
    instrumentationScope: { name: 'burstlog' },
    attributes,
    droppedAttributesCount: 0,
    ...rest,
  });
}
