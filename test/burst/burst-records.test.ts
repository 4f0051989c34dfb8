/** Manifests, summaries, and the attributes that a burst adds to records. */
import {
  burstAttributes,
  manifestFields,
  RecordItems,
  summaryFields,
  withBurst,
} from '../../src/burst/burst-records.ts';
import { Burst, type Trigger } from '../../src/holding/burst.ts';
import { Limited, Recurrence } from '../../src/limit/recurrence.ts';
import type { ReadableLogRecordLike } from '../../src/record/index.ts';
import { aRecord, spanContext } from '../box/support/memory-box.ts';
import { ManualClock } from '../support/manual-clock.ts';

const trigger: Trigger = { cause: 'severity', fingerprint: undefined };
const added = { burstId: undefined, sequence: 0, cause: undefined, repeat: undefined };
const repeat = { fingerprint: 'v1:1', count: 4, lastBurstId: undefined };

const burstOf = (released: number, times: readonly number[], more: Partial<Trigger> = {}) => {
  const burst = new Burst<ReadableLogRecordLike>('id', { ...trigger, ...more }, aRecord(''), released);
  for (const time of times) burst.count(time);
  return burst;
};

describe('a burst adds to a record', () => {
  test.each([
    ['nothing, if it has no id', added, undefined],
    ['its id', { ...added, burstId: 'id' }, { 'burst.id': 'id' }],
    [
      'the place of the record, from 1',
      { ...added, burstId: 'id', sequence: 1 },
      { 'burst.id': 'id', 'burst.sequence': 1 },
    ],
    [
      'what began it, on the trigger',
      { ...added, burstId: 'id', cause: 'predicate' as const },
      { 'burst.id': 'id', 'burst.trigger': 'predicate' },
    ],
    [
      'how often an error came whose burst did not leave',
      { ...added, cause: 'severity' as const, repeat },
      { 'burst.fingerprint': 'v1:1', 'burst.repeat': 4 },
    ],
    [
      'and which one of it left last',
      { ...added, repeat: { ...repeat, lastBurstId: 'last' } },
      { 'burst.fingerprint': 'v1:1', 'burst.repeat': 4, 'burst.last_id': 'last' },
    ],
  ])('%s', (_name, given, expected) => {
    expect(burstAttributes(given)).toEqual(expected);
  });

  test('on a view, and only if there is something to add', () => {
    const record = aRecord('body', { attributes: { user: 'ann', 'burst.id': 'of the user' } });
    expect(withBurst(record, undefined)).toBe(record);
    expect(withBurst(record, added)).toBe(record);
    const view = withBurst(record, { ...added, burstId: 'id' });
    expect(view.attributes).toEqual({ user: 'ann', 'burst.id': 'id' });
    expect(record.attributes).toEqual({ user: 'ann', 'burst.id': 'of the user' });
  });
});

describe('a manifest', () => {
  test('has the number of released records and the time of the first and the last one', () => {
    expect(manifestFields(burstOf(3, [2_000, 1_000, 3_000]))).toEqual({
      ...{ severityNumber: 9, severityText: 'INFO', eventName: 'burst.released' },
      body: 'burst released 3 records (severity), 0 lost',
      attributes: {
        ...{ 'burst.id': 'id', 'burst.trigger': 'severity', 'burst.released': 3 },
        'burst.first_time': '1970-01-01T00:00:01.000Z',
        'burst.last_time': '1970-01-01T00:00:03.000Z',
      },
    });
  });

  test('of one record has one time', () => {
    const { body, attributes } = manifestFields(burstOf(1, [1_000]));
    expect(body).toBe('burst released 1 record (severity), 0 lost');
    const time = '1970-01-01T00:00:01.000Z';
    expect(attributes).toMatchObject({ 'burst.first_time': time, 'burst.last_time': time });
  });

  test('has no time if no record has one, and a valid Date if a time is out of range', () => {
    expect(Object.keys(manifestFields(burstOf(1, [Number.NaN])).attributes)).toEqual([
      ...['burst.id', 'burst.trigger', 'burst.released'],
    ]);
    expect(manifestFields(burstOf(2, [-1e18, 1e18])).attributes).toMatchObject({
      'burst.first_time': '-271821-04-20T00:00:00.000Z',
      'burst.last_time': '+275760-09-13T00:00:00.000Z',
    });
  });

  test('has the number of lost records by cause, without the causes that lost none', () => {
    const burst = burstOf(5, [1_000], { cause: 'span_error', spanId: 'ab', reason: 'slow' });
    Object.assign(burst.evicted, { capacity: 3, age: 1 });
    burst.dropped = 2;
    const { body, attributes } = manifestFields(burst);
    expect(body).toBe('burst released 5 records (span_error), 6 lost');
    expect(attributes).toMatchObject({
      ...{ 'burst.reason': 'slow', 'burst.span_id': 'ab', 'burst.dropped': 2 },
      ...{ 'burst.evicted.capacity': 3, 'burst.evicted.age': 1 },
    });
    expect(Object.keys(attributes).filter((key) => key.startsWith('burst.evicted.'))).toHaveLength(2);
  });

  test('has the time when it is sent, with the resource and the span of the first released record', () => {
    const clock = new ManualClock(1_700_000_000_250);
    const items = new RecordItems(clock);
    const first = aRecord('first', { spanContext: spanContext('a') });
    const burst = new Burst('id', trigger, items.originOf(first), 1);
    clock.advance(1_000.5);
    const manifest = items.manifestOf(burst);
    expect(manifest).toMatchObject({
      ...{ hrTime: [1_700_000_001, 250_500_000], hrTimeObserved: [1_700_000_001, 250_500_000] },
      ...{ resource: first.resource, spanContext: spanContext('a'), droppedAttributesCount: 0 },
      ...{ instrumentationScope: { name: 'burstlog' }, severityText: 'INFO' },
    });
    const withoutSpan = new Burst('id', trigger, items.originOf(aRecord('first')), 1);
    expect(items.manifestOf(withoutSpan).spanContext).toBeUndefined();
  });

  test('does not keep body or attributes of the first released record', () => {
    const items = new RecordItems(new ManualClock());
    const origin = items.originOf(aRecord('secret', { attributes: { token: 'x' } }));
    expect([origin.body, origin.attributes]).toEqual([undefined, {}]);
    expect('spanContext' in origin).toBe(false);
  });
});

describe('a summary', () => {
  const limitedBy = (bursts: number, records: number) => {
    const limited = new Limited(aRecord('origin', { spanContext: spanContext('a') }));
    limited.add(bursts, records, 2_000, 5_000);
    limited.add(0, 0, 1_000, 4_000);
    return limited;
  };

  test('has the number of bursts of an error that were not released, and their time range', () => {
    const error = new Recurrence<ReadableLogRecordLike>('v1:2');
    error.count = 9;
    error.noteBurst('last', 0);
    expect(summaryFields(limitedBy(2, 30), error)).toMatchObject({
      ...{ eventName: 'burst.limited', body: '2 bursts not released (limit), 30 records lost: v1:2' },
      attributes: {
        ...{ 'burst.limited': 2, 'burst.evicted.limit': 30, 'burst.fingerprint': 'v1:2', 'burst.repeat': 9 },
        ...{ 'burst.last_id': 'last', 'burst.first_time': '1970-01-01T00:00:01.000Z' },
        'burst.last_time': '1970-01-01T00:00:05.000Z',
      },
    });
  });

  test('of evicted errors has no fingerprint and no span', () => {
    const summary = new RecordItems(new ManualClock()).summaryOf(limitedBy(1, 1), undefined);
    expect(summary.body).toBe('1 burst not released (limit), 1 record lost: other errors');
    expect(Object.keys(summary.attributes)).toEqual([
      ...['burst.limited', 'burst.evicted.limit', 'burst.first_time', 'burst.last_time'],
    ]);
    expect(summary.spanContext).toBeUndefined();
  });
});

test('the time of a record is its timestamp; an unreadable record has none', () => {
  const items = new RecordItems(new ManualClock());
  expect(items.timeOf(aRecord('', { hrTime: [12, 345_600_000] }))).toBe(12_345.6);
  expect(items.timeOf({ ...aRecord(''), hrTime: undefined as never })).toBeNaN();
});
