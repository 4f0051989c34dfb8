import fc from 'fast-check';
import { decodeDistlog, JsonSerializer, OtlpProtobufSerializer } from '../../src/distlog-json/index.ts';
import { type DecodedLogs, encodeDecoded, scanLogs } from '../../src/otlp/index.ts';
import type { ReadableLogRecordLike } from '../../src/record/index.ts';
import { bareRecord, emittedRecord, encodeLogs, sdkRecords } from '../otlp/records.ts';
import { everyKindOfRecord, spanId, traceId } from '../support/every-kind-of-record.ts';
import { decodeLogsRequest } from '../support/otlp-decode.js';

const json = new JsonSerializer();
const topic = Buffer.from('PLJ');

/** Without the attributes that the topic adds. */
function withoutSystem(logs: DecodedLogs): DecodedLogs {
  const own = ([name]: readonly [string, unknown]) => name !== 'distlog.system';
  return { resources: logs.resources.map((one) => ({ ...one, attributes: one.attributes.filter(own) })) };
}

function readBack(records: readonly ReadableLogRecordLike[]) {
  const bytes = encodeDecoded(withoutSystem(decodeDistlog(topic, json.serialize(records))));
  return decodeLogsRequest(bytes);
}

function written(fields: Parameters<typeof bareRecord>[0]) {
  return JSON.parse(Buffer.from(json.serialize([bareRecord(fields)])).toString());
}

test('a serializer declares its content type and encoding', () => {
  const protobuf = new OtlpProtobufSerializer();
  expect([protobuf.contentType, protobuf.encoding]).toEqual(['application/x-protobuf', 'O']);
  expect([json.contentType, json.encoding]).toEqual(['application/json', 'J']);
  const records = sdkRecords(everyKindOfRecord);
  expect(Buffer.from(protobuf.serialize(records)).equals(encodeLogs(records))).toBe(true);
});

test('everything that is written as JSON is read back without loss', () => {
  const every = sdkRecords(everyKindOfRecord);
  expect(readBack(every)).toEqual(decodeLogsRequest(encodeLogs(every)));
  fc.assert(
    fc.property(fc.array(emittedRecord, { maxLength: 6 }), (emitted) => {
      const records = sdkRecords(emitted);
      expect(readBack(records)).toEqual(decodeLogsRequest(encodeLogs(records)));
    }),
    { numRuns: 300 },
  );
});

test('one record is an object similar to Python, several are an array', () => {
  const record = written({
    resource: { attributes: { 'host.name': 'web-1', 'process.pid': 7, 'service.name': 's' } },
    instrumentationScope: { name: 'shop', version: '1' },
    hrTime: [1_700_000_000, 250_000_001],
    severityNumber: 13,
    severityText: 'WARN',
    body: 'first\nsecond',
    attributes: {
      'task.id': spanId,
      'task.sequence': 3,
      'exception.stacktrace': 'Error: x\n    at y',
      amount: 42,
    },
    spanContext: { traceId, spanId, traceFlags: 1 },
  });
  expect(record).toEqual({
    message: 'first\\nsecond',
    levelname: 'WARNING',
    levelno: 30,
    created: 1700000000.25,
    asctime: '2023-11-14 22:13:20,250',
    name: 'shop',
    process: 7,
    hostname: 'web-1',
    exc_text: 'Error: x\\n    at y',
    context: {
      key: `3@${traceId}/${spanId}`,
      'exception.stacktrace': 'Error: x\n    at y',
      amount: 42,
    },
    time_unix_nano: '1700000000250000001',
    observed_time_unix_nano: '1700000000000000002',
    severity_number: 13,
    severity_text: 'WARN',
    attributes: {
      'task.id': spanId,
      'task.sequence': 3,
      'exception.stacktrace': 'Error: x\n    at y',
      amount: 42,
    },
    trace_id: traceId,
    span_id: spanId,
    flags: 1,
    resource: { attributes: { 'host.name': 'web-1', 'process.pid': 7, 'service.name': 's' } },
    scope: { version: '1' },
  });
  const two = JSON.parse(Buffer.from(json.serialize(sdkRecords([{ body: 'a' }, { body: 'b' }]))).toString());
  expect(two.map(({ message }: { message: string }) => message)).toEqual(['a', 'b']);
  expect(Buffer.from(json.serialize([])).toString()).toBe('[]');
  expect(decodeDistlog(topic, json.serialize([]))).toEqual({ resources: [] });
});

test('a text that has a backslash and an n of its own is kept', () => {
  const bodies = ['C:\\new', 'a\nb', 'a\\nb', '\\', '\n', '\\\n', ''];
  const records = bodies.map((body) => bareRecord({ body }));
  expect(readBack(records).map(({ body }) => body)).toEqual(bodies);
  expect(written({ body: 'a\nb' })).not.toHaveProperty('body');
  expect(written({ body: 'C:\\new' })).toMatchObject({ message: 'C:\\new', body: 'C:\\new' });
});

test('values that JSON cannot represent are tagged, and a map that looks like a tag is kept as a map', () => {
  const attributes = {
    int: 2n ** 62n,
    nan: Number.NaN,
    bytes: new Uint8Array([1]),
    like: { intValue: '5' },
    liker: { kvlistValue: { a: 1 } },
    both: { intValue: '5', doubleValue: 'NaN' },
    aside: { '\u0000int': '5' },
  };
  expect(written({ attributes }).attributes).toEqual({
    int: { intValue: '4611686018427387904' },
    nan: { doubleValue: 'NaN' },
    bytes: { bytesValue: 'AQ==' },
    like: { kvlistValue: { intValue: '5' } },
    liker: { kvlistValue: { kvlistValue: { a: 1 } } },
    both: { intValue: '5', doubleValue: 'NaN' },
    aside: { kvlistValue: { '\u0000int': '5' } },
  });
  expect(readBack([bareRecord({ attributes })])).toEqual(
    decodeLogsRequest(encodeLogs([bareRecord({ attributes })])),
  );
});

test('an event without a body has its name as message', () => {
  expect(written({ eventName: 'stock.low' })).toMatchObject({ message: 'stock.low', body: null });
  expect(written({ body: { a: 1 } })).toMatchObject({ message: '{"a":1}', body: { a: 1 } });
});

test('the bounds of each number are read, and fields of later versions are ignored', () => {
  const own = (fields: object) =>
    decodeDistlog(topic, Buffer.from(JSON.stringify({ time_unix_nano: '0', later: [{ a: 1 }], ...fields })))
      .resources[0]!.scopes[0]!.records[0]!;
  expect(own({})).toMatchObject({ timeUnixNano: 0n, body: '', attributes: [], traceId: '', spanId: '' });
  const most = { severity_number: 2 ** 31 - 1, flags: 2 ** 32 - 1, dropped_attributes_count: 2 ** 32 - 1 };
  expect(own({ ...most, time_unix_nano: '18446744073709551615', scope: { later: 1 } })).toMatchObject({
    ...{ timeUnixNano: 2n ** 64n - 1n, severityNumber: 2 ** 31 - 1 },
    ...{ flags: 2 ** 32 - 1, droppedAttributesCount: 2 ** 32 - 1 },
  });
  expect(own({ trace_id: '0'.repeat(32), span_id: '00000000000000AB' })).toMatchObject({
    ...{ traceId: '', spanId: '00000000000000ab' },
  });
  for (const wrong of [
    { time_unix_nano: '18446744073709551616' },
    { severity_number: 2 ** 31 },
    { severity_number: 1.5 },
    { flags: '1' },
    { dropped_attributes_count: 2 ** 32 },
    { trace_id: '0'.repeat(31) },
    { span_id: 'g'.repeat(16) },
    { scope: [] },
    { name: 5 },
  ]) {
    expect(() => own(wrong)).toThrow(/field \w+ of a record must be/);
  }
});

test('a field of a wrong type is refused by its name', () => {
  const wrong = [
    { severity_number: -1 },
    { severity_text: 1 },
    { attributes: [] },
    { trace_id: 'x' },
    { flags: 2 ** 32 },
    { observed_time_unix_nano: 5 },
    { resource: 1 },
    { scope: { version: [] } },
  ];
  for (const fields of wrong) {
    const body = Buffer.from(JSON.stringify({ time_unix_nano: '1', ...fields }));
    expect(() => decodeDistlog(topic, body)).toThrow(/field \w+ of a record must be/);
  }
});

test('records that throw when they are read do no harm to the serializer', () => {
  const cycle: Record<string, unknown> = {};
  cycle.self = cycle;
  const bytes = json.serialize([
    bareRecord({ body: cycle, attributes: { date: new Date(0), big: 2n ** 99n } }),
  ]);
  expect(scanLogs(encodeDecoded(decodeDistlog(topic, bytes))).records).toBe(1);
});
