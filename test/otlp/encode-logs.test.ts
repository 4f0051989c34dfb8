import { ProtobufLogsSerializer } from '@opentelemetry/otlp-transformer';
import fc from 'fast-check';
import { scanLogs } from '../../src/otlp/index.ts';
import { LogRecordView, type ReadableLogRecordLike } from '../../src/record/index.ts';
import { everyKindOfRecord, sender, traceId } from '../support/every-kind-of-record.ts';
import { expectEqual } from '../support/expect-equal.ts';
import { decodeLogsRequest } from '../support/otlp-decode.js';
import { needs } from '../support/sdk-abilities.ts';
import { bareRecord, emittedRecord, encodeLogs, sdkRecords, value } from './records.ts';

/** Decodes the bytes of the official serializer. */
function official(records: readonly ReadableLogRecordLike[]) {
  // biome-ignore lint/suspicious/noExplicitAny: it asks for the record type of its own line.
  return decodeLogsRequest(ProtobufLogsSerializer.serializeRequest(records as any)!);
}

function decodedBody(body: unknown) {
  const bytes = encodeLogs([bareRecord({ body })]);
  scanLogs(bytes);
  return decodeLogsRequest(bytes)[0]!.body;
}

test('every kind of record means the same as from the official serializer', () => {
  const records = sdkRecords(everyKindOfRecord);
  expect(decodeLogsRequest(encodeLogs(records))).toEqual(official(records));
  expect(records).toHaveLength(everyKindOfRecord.length);
});

needs('attributes of any value')(
  'any records mean what the official serializer says, and pass the scan',
  () => {
    fc.assert(
      fc.property(fc.array(emittedRecord, { maxLength: 12 }), (emitted) => {
        const records = sdkRecords(emitted);
        const bytes = encodeLogs(records);
        expectEqual(decodeLogsRequest(bytes), official(records));
        expect(scanLogs(bytes).records).toBe(records.length);
      }),
      { numRuns: 300 },
    );
  },
);

test('no records are an empty request', () => {
  expect(encodeLogs([])).toHaveLength(0);
});

test('a batch of any size has correct lengths', () => {
  for (const count of [1, 2, 50, 64, 65, 500, 7_000]) {
    const records = sdkRecords(Array.from({ length: count }, (_, body) => ({ body })));
    expectEqual(
      decodeLogsRequest(encodeLogs(records)).map(({ body }) => body),
      records.map(({ body }) => body),
    );
  }
});

test('texts of every length around the steps of a varint arrive', () => {
  const lengths = [
    0, 1, 60, 71, 72, 73, 124, 125, 126, 127, 128, 129, 4_095, 4_096, 16_383, 16_384, 2_097_152,
  ];
  const texts = lengths.flatMap((length) => [
    'a'.repeat(length),
    `${'a'.repeat(length)}ü`,
    '漢'.repeat(length),
  ]);
  const records = texts.map((body) => bareRecord({ body, attributes: { [body.slice(0, 200)]: body } }));
  expect(decodeLogsRequest(encodeLogs(records))).toEqual(official(records));
});

needs('attributes of a scope')('records are grouped by resource and scope, in the order of the first', () => {
  const resources = [{ attributes: { a: 1 } }, { attributes: { a: 1 } }];
  const scopes = [{ name: 'one' }, { name: 'two', version: '2', schemaUrl: 'u', attributes: { x: 'y' } }];
  const records = [0, 1, 0, 1, 1, 0, 0, 1].map((which, index) =>
    bareRecord({ resource: resources[which], instrumentationScope: scopes[(index >> 1) & 1], body: index }),
  );
  expect(decodeLogsRequest(encodeLogs(records))).toEqual(official(records));
});

test('a view of a record is written with what was added to it', () => {
  const [record] = sdkRecords([{ body: 'seen', attributes: { a: 1 } }]);
  const [decoded] = decodeLogsRequest(encodeLogs([new LogRecordView(record!, { 'burst.id': 'b' })]));
  expect(decoded).toMatchObject({ body: 'seen', attributes: { a: 1, 'burst.id': 'b' } });
  expect(decoded!.resource.attributes).toEqual(sender.resource);
});

test('what OTLP has no kind for becomes readable', () => {
  class Order {
    id = 7;
  }
  expect(decodedBody(new Date(0))).toBe('1970-01-01T00:00:00.000Z');
  expect(decodedBody(new Date(Number.NaN))).toBe('Invalid Date');
  expect(decodedBody(12n)).toBe(12);
  expect(decodedBody(-(2n ** 63n))).toBe(-(2n ** 63n));
  expect(decodedBody(2n ** 63n)).toBe('9223372036854775808');
  expect(decodedBody(Symbol('s'))).toBe('Symbol(s)');
  expect(decodedBody(() => 1)).toBe('[function]');
  expect(decodedBody(new Map<unknown, unknown>([[1, { a: new Set(['x']) }]]))).toEqual({ 1: { a: ['x'] } });
  expect(decodedBody(new Error('no'))).toMatchObject({ name: 'Error', message: 'no' });
  expect(decodedBody(new URL('http://a/b'))).toBe('http://a/b');
  expect(decodedBody(/x/g)).toBe('/x/g');
  expect(decodedBody(new Float64Array([1.5, 2]))).toEqual([1.5, 2]);
  expect(decodedBody(new Order())).toEqual({ id: 7 });
  expect(decodedBody(Number.NaN)).toBeNaN();
  expect(decodedBody(Number.NEGATIVE_INFINITY)).toBe(Number.NEGATIVE_INFINITY);
});

test('a cycle, a getter that throws and a value nested too deep are replaced by a description', () => {
  const cycle: Record<string, unknown> = { a: 1 };
  cycle.self = [cycle];
  expect(decodedBody(cycle)).toEqual({ a: 1, self: ['[circular]'] });
  const getter = {
    before: 1,
    get bad() {
      throw new Error('no');
    },
  };
  expect(decodedBody({ getter, after: 2 })).toEqual({
    getter: { before: 1, bad: '[threw Error: no]' },
    after: 2,
  });
  let deep: unknown = 'bottom';
  for (let level = 0; level < 10_000; level += 1) deep = { deep };
  expect(JSON.stringify(decodedBody(deep))).toContain('[too deep]');
});

test('objects that hold each other many times over stay within a bound', () => {
  let wide: unknown = 'x'.repeat(1_000);
  for (let level = 0; level < 30; level += 1) wide = [wide, wide];
  expect(decodedBody(wide)).toBe('[too large]');
});

test('hostile records are written, the others with them', () => {
  const thrower = new Proxy(
    {},
    {
      get() {
        throw new Error('get');
      },
      ownKeys() {
        throw new Error('keys');
      },
    },
  );
  const hostile = [
    bareRecord({ attributes: thrower }),
    bareRecord({ attributes: null, body: thrower }),
    bareRecord({ attributes: { a: thrower, b: 1 } }),
    thrower as ReadableLogRecordLike,
    bareRecord({ resource: thrower, instrumentationScope: thrower }),
    bareRecord({ resource: undefined, instrumentationScope: null }),
    bareRecord({ hrTime: 'now', hrTimeObserved: [Number.NaN, 1] }),
    bareRecord({ hrTime: [-1, 0], hrTimeObserved: [1e300, 0] }),
    bareRecord({ severityNumber: Number.NaN, severityText: 5, eventName: {}, droppedAttributesCount: -1 }),
    bareRecord({ severityNumber: 1e12, droppedAttributesCount: 1e12 }),
    bareRecord({ severityNumber: 9.5, droppedAttributesCount: 'x' }),
    bareRecord({ spanContext: { traceId: 'xyz', spanId: 'b7ad6b7169203331zz', traceFlags: 1 } }),
    bareRecord({ spanContext: { traceId: `${traceId.slice(1)}g`, spanId: 7, traceFlags: 'x' } }),
    bareRecord({ spanContext: thrower }),
    bareRecord({ body: 'last' }),
  ];
  const bytes = encodeLogs(hostile);
  expect(scanLogs(bytes)).toEqual({ records: hostile.length });
  const decoded = decodeLogsRequest(bytes);
  expect(decoded.filter(({ body }) => body === 'last')).toHaveLength(1);
  expect(decoded.every((record) => record.traceId === '' && record.spanId === '')).toBe(true);
  expect(decoded.find(({ attributes }) => attributes.b === 1)).toBeDefined();
});

test('a record of more values than a daemon takes is replaced, alone', () => {
  const body = (count: number) => [Array.from({ length: count }, () => ({}))];
  const bytes = encodeLogs([
    bareRecord({ body: body(65_536), attributes: { a: 1 } }),
    bareRecord({ body: body(65_000), attributes: { a: 1 } }),
  ]);
  expect(scanLogs(bytes)).toEqual({ records: 2 });
  const [tooMany, most] = decodeLogsRequest(bytes);
  expect(tooMany).toMatchObject({ body: '[too large]', attributes: {} });
  expect(most).toMatchObject({ attributes: { a: 1 } });
  expect((most!.body as unknown[][])[0]).toHaveLength(65_000);
});

test('a key __proto__ is a key like others, and a changed prototype does no harm', () => {
  expect(Object.entries(decodedBody(JSON.parse('{"__proto__":{"a":1},"b":2}')) as object)).toEqual([
    ['__proto__', { a: 1 }],
    ['b', 2],
  ]);
  const [record] = decodeLogsRequest(
    encodeLogs([bareRecord({ body: Object.create(new Uint8Array(1)), attributes: { a: 1 } })]),
  );
  expect(record).toMatchObject({ attributes: { a: 1 } });
});

test('half a surrogate pair becomes the replacement character', () => {
  const bytes = encodeLogs([
    bareRecord({ body: 'a\ud800b', attributes: { '\udc00': `${'x'.repeat(100)}\ud800` } }),
  ]);
  const [record] = decodeLogsRequest(bytes);
  expect(record!.body).toBe('a\ufffdb');
  expect(record!.attributes).toEqual({ '\ufffd': `${'x'.repeat(100)}\ufffd` });
});

test('any value is written without an exception', () => {
  fc.assert(
    fc.property(
      fc.anything({ withBigInt: true, withDate: true, withMap: true, withSet: true }),
      value,
      (any, ours) => {
        const bytes = encodeLogs([bareRecord({ body: any, attributes: { any, ours } })]);
        expect(scanLogs(bytes).records).toBe(1);
        decodeLogsRequest(bytes);
      },
    ),
    { numRuns: 500 },
  );
});

test('the bytes are not shared', () => {
  const records = sdkRecords([{ body: 'a' }]);
  const bytes = encodeLogs(records);
  const before = Buffer.from(bytes).toString('hex');
  expect(bytes.buffer.byteLength).toBeLessThan(4_096);
  for (let times = 0; times < 100; times += 1) encodeLogs(sdkRecords([{ body: 'b'.repeat(times) }]));
  expect(Buffer.from(bytes).toString('hex')).toBe(before);
});
