/** How functions passed as options, and the black box, read a record that the SDK has not created yet. */

import { AttributeKeys } from '../../src/burst/attribute-keys.ts';
import { hrTimeOf, LiveRecord, millisOf } from '../../src/burst/deferred-record.ts';
import { DeferredView } from '../../src/burst/deferred-view.ts';
import { exceptionAttributes, exceptionFacts } from '../../src/burst/exception-attributes.ts';
import { HeldRecord, HeldWithDetails, packedSeverity } from '../../src/burst/held-record.ts';
import { severityNameOf } from '../../src/record/index.ts';

/** Monotonic time is 500 ms behind the wall clock. */
const source = { logger: { emit() {} }, scope: { name: 'shop', version: '1' }, offset: -500 };
const resource = { attributes: { 'service.name': 'shop' } };
const span = { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16), traceFlags: 1 };

describe('a time', () => {
  test.each([
    ['a pair', [12, 345_000_000], 12_345],
    ['milliseconds', 12_345.5, 12_345.5],
    ['a Date', new Date(12_345), 12_345],
    ['what is none', 'soon', Number.NaN],
    ['a pair of text', ['a', 'b'], Number.NaN],
  ])('as %s is converted to milliseconds', (_name, time, millis) => {
    expect(millisOf(time)).toBe(millis);
  });

  test.each([
    [0, [0, 0]],
    [12_345.678_9, [12, 345_678_900]],
    [999, [0, 999_000_000]],
    [1_000, [1, 0]],
    [-1, [-1, 999_000_000]],
  ])('of %p ms is the pair %j', (millis, pair) => {
    expect(hrTimeOf(millis)).toEqual(pair);
  });
});

describe('a live record', () => {
  test('has its timestamp, otherwise the time when it was emitted, which is also its observed time', () => {
    const own = new LiveRecord(source, { timestamp: [12, 0] }, span, 9_000);
    expect([own.timeOf(), own.hrTime, own.hrTimeObserved]).toEqual([12_000, [12, 0], [9, 0]]);
    const none = new LiveRecord(source, {}, undefined, 9_000);
    expect([none.timeOf(), none.hrTime, none.hrTimeObserved]).toEqual([9_000, [9, 0], [9, 0]]);
  });

  test('is read as the SDK would create it, and is not changed', () => {
    const given = {
      ...{ severityNumber: 17, severityText: 'ERROR', eventName: 'failed', body: 'text' },
      attributes: { user: 'ann' },
    };
    const record = new LiveRecord(source, given, span, 9_000);
    expect(record).toMatchObject({
      ...given,
      ...{ rank: 17, spanContext: span, instrumentationScope: source.scope, droppedAttributesCount: 0 },
      ...{ resource: { attributes: {} }, release: undefined },
    });
    expect(record.toRecord()).toBe(given);
    expect(record.attributes).toBe(given.attributes);
    expect(new LiveRecord(source, {}, span, 0).attributes).toEqual({});
  });

  test('has the attributes of its exception, computed once; its own take precedence', () => {
    let reads = 0;
    const exception = {
      name: 'TypeError',
      get message() {
        reads += 1;
        return 'no such user';
      },
    };
    const attributes = { 'exception.type': 'mine', user: 'ann' };
    const record = new LiveRecord(source, { exception, attributes }, span, 0);
    expect(record.attributes).toEqual({
      ...{ 'exception.type': 'mine', 'exception.message': 'no such user', user: 'ann' },
    });
    expect(record.attributes).toBe(record.attributes);
    expect(reads).toBe(1);
    expect(new LiveRecord(source, { exception: null, attributes }, span, 0).attributes).toBe(attributes);
  });
});

describe('an exception', () => {
  test.each<[string, unknown, object]>([
    ['an error', { name: 'E', message: 'm', stack: 's' }, { type: 'E', message: 'm', stacktrace: 's' }],
    ['one with a code', { code: 14, name: 'E' }, { type: '14' }],
    ['one whose code is 0', { code: 0, name: 'E', message: '' }, { type: 'E' }],
    ['an object that says nothing', {}, {}],
    ['a text', 'broken', { message: 'broken' }],
    ['a number', 5, { message: '5' }],
    ['null', null, { message: 'null' }],
  ])('that is %s has the attributes that the SDK derives from it', (_name, exception, expected) => {
    const found = Object.entries(exceptionAttributes(exception));
    expect(Object.fromEntries(found.map(([key, value]) => [key.replace('exception.', ''), value]))).toEqual(
      expected,
    );
  });

  test('is copied as it is now; a primitive is kept', () => {
    const error = Object.assign(new RangeError('then'), { code: 'E1', extra: 'x' });
    const facts = exceptionFacts(error) as Record<string, unknown>;
    error.message = 'now';
    expect(facts).toMatchObject({ code: 'E1', name: 'RangeError', message: 'then' });
    expect(Object.keys(facts)).toEqual(['code', 'name', 'message', 'stack']);
    for (const value of ['text', 5, null, undefined]) expect(exceptionFacts(value)).toBe(value);
  });
});

describe('the severity of a held record', () => {
  test('with its own name as text can be packed, with another text it cannot', () => {
    for (let severity = 1; severity <= 24; severity += 1) {
      const name = severityNameOf(severity);
      expect(packedSeverity(severity, undefined)).toBe(severity);
      expect(packedSeverity(severity, name)).toBe(severity + 32);
      expect(packedSeverity(severity, name!.toLowerCase())).toBeUndefined();
    }
  });

  test('is returned unchanged, and determines the rank of the record', () => {
    const record = new HeldRecord(source);
    record.severity = 5;
    expect([record.toRecord(0), record.rank]).toMatchObject([{ severityNumber: 5 }, 5]);
    expect('severityText' in record.toRecord(0)).toBe(false);
    record.severity = 5 + 32;
    expect([record.toRecord(0), record.rank]).toMatchObject([
      { severityNumber: 5, severityText: 'DEBUG' },
      5,
    ]);
  });
});

describe('a held record', () => {
  test('has the wall clock time of its arrival, and no fields that were not set', () => {
    const record = new HeldRecord(source);
    record.severity = 5;
    expect(record.toRecord(1_000.4)).toEqual({
      ...{ timestamp: [1, 500_000_000], observedTimestamp: [1, 500_000_000], severityNumber: 5 },
    });
    expect([record.timeOf(1_000.4), record.release]).toEqual([1_500, { marks: undefined, sequence: 0 }]);
  });

  test('in a task is its own release data', () => {
    const record = new HeldRecord(source);
    record.marks = { id: '1', name: 'job', parentId: undefined } as never;
    record.sequence = 3;
    expect(record.release).toBe(record);
  });

  test('with details has their fields, even without a severity', () => {
    const details = { timestamp: [12, 5] as [number, number], severityText: 'debug' };
    const record = new HeldWithDetails(source, details);
    record.body = 'text';
    expect(record.toRecord(1_000)).toEqual({
      ...{ timestamp: [12, 5], observedTimestamp: [1, 500_000_000], severityText: 'debug', body: 'text' },
    });
    expect([record.rank, record.timeOf(1_000)]).toEqual([5, 12_000 + 5 / 1e6]);
    expect(new HeldWithDetails(source, { eventName: 'x' }).timeOf(1_000)).toBe(1_500);
  });
});

describe('a view of deferred records', () => {
  const held = (more: (record: HeldRecord) => void = () => {}) => {
    const record = new HeldRecord(source);
    record.severity = 5 + 32;
    more(record);
    return record;
  };

  test('is one object that presents one record after the other', () => {
    const view = new DeferredView(resource);
    const first = view.of(
      held((record) => {
        record.body = 'first';
        record.spanContext = span;
        record.setAttributes({ user: 'ann' }, new AttributeKeys(), 1_000);
      }),
      1_000,
    );
    expect(first).toMatchObject({
      ...{ body: 'first', spanContext: span, attributes: { user: 'ann' }, severityNumber: 5 },
      ...{ severityText: 'DEBUG', hrTime: [1, 500_000_000], hrTimeObserved: [1, 500_000_000], resource },
      ...{ instrumentationScope: source.scope, droppedAttributesCount: 0 },
    });
    expect(first.attributes).toEqual({ user: 'ann' });
    const second = view.of(held(), 2_000);
    expect(second).toBe(first);
    expect([second.body, second.spanContext, second.attributes]).toEqual([undefined, undefined, {}]);
    expect(second.hrTime).toEqual([2, 500_000_000]);
  });

  test.each<[string, unknown, [number, number]]>([
    ['a pair as it is', [7, 5], [7, 5]],
    ['milliseconds', 7_500, [7, 500_000_000]],
    ['a Date', new Date(7_500), [7, 500_000_000]],
    ['when it came, if its own cannot be read', 'soon', [1, 500_000_000]],
    ['when it came, if its own is endless', Number.POSITIVE_INFINITY, [1, 500_000_000]],
  ])('has as its time %s', (_name, timestamp, expected) => {
    const record = new HeldWithDetails(source, { timestamp, observedTimestamp: timestamp });
    const { hrTime, hrTimeObserved } = new DeferredView(resource).of(record, 1_000);
    expect([hrTime, hrTimeObserved]).toEqual([expected, expected]);
  });

  test('adds exception and task below the attributes, except for the sequence number', () => {
    const record = new HeldWithDetails(source, { exception: new RangeError('far'), eventName: 'failed' });
    record.setAttributes(
      { 'exception.message': 'mine', 'task.id': 'mine', 'task.sequence': 99 },
      new AttributeKeys(),
      1e3,
    );
    record.marks = { id: '1', name: 'job', parentId: '0', bound: { tenant: 'one' } } as never;
    record.sequence = 3;
    const { attributes, eventName } = new DeferredView(resource).of(record, 1_000);
    expect(eventName).toBe('failed');
    expect(attributes).toMatchObject({
      ...{ 'exception.type': 'RangeError', 'exception.message': 'mine', tenant: 'one' },
      ...{ 'task.id': 'mine', 'task.name': 'job', 'task.parent.id': '0', 'task.sequence': 3 },
    });
    record.marks = { id: '1', name: 'job', parentId: undefined } as never;
    expect('task.parent.id' in new DeferredView(resource).of(record, 1_000).attributes).toBe(false);
  });
});
