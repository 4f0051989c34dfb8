import {
  BURST_DROPPED,
  BURST_EVICTED_PREFIX,
  BURST_FIRST_TIME,
  BURST_ID,
  BURST_LAST_TIME,
  BURST_REASON,
  BURST_RELEASED,
  BURST_RELEASED_EVENT,
  BURST_SEQUENCE,
  BURST_SPAN_ID,
  BURST_TRIGGER,
  LogRecordView,
  type ReadableLogRecordLike,
  Severity,
} from '../record/index.ts';
import type { EvictionCause } from './accounts.ts';
import type { Burst, Mark } from './burst.ts';

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
export function marked(record: Item, mark: Mark<Item> | undefined): Item {
  if (mark === undefined) return record;
  const added: Record<string, unknown> = { [BURST_ID]: mark.burst.id };
  if (mark.sequence !== undefined) added[BURST_SEQUENCE] = mark.sequence;
  if (mark.cause !== undefined) added[BURST_TRIGGER] = mark.cause;
  return new LogRecordView(record, added);
}

/**
 * What stands for a record when its burst is told of. A burst is remembered for longer than its records: it must
 * not keep a body alive.
 */
export function originOf(record: Item): Item {
  const light = { ...blank, resource: record.resource };
  return record.spanContext === undefined ? light : { ...light, spanContext: record.spanContext };
}

/** The time that a record says, milliseconds since the epoch; NaN if it says none. */
export function timeOf(record: Item): number {
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

/** The record that tells of a burst: what began it, how many were released, how many were lost, and when. */
export function manifest(burst: Burst<Item>, now: number): Item {
  const { cause, reason, spanId } = burst.trigger;
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
  const time: [number, number] = [Math.floor(now / 1000), Math.round((now % 1000) * 1e6)];
  return new LogRecordView(
    {
      hrTime: time,
      hrTimeObserved: time,
      spanContext: burst.origin.spanContext,
      severityNumber: Severity.INFO,
      severityText: 'INFO',
      body: `burst released ${burst.released} ${burst.released === 1 ? 'record' : 'records'} (${cause}), ${lost} lost`,
      eventName: BURST_RELEASED_EVENT,
      resource: burst.origin.resource,
      instrumentationScope: { name: 'burstlog' },
      attributes: {},
      droppedAttributesCount: 0,
    },
    attributes,
  );
}
