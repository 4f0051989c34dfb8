import { ROOT_CONTEXT, trace } from '@opentelemetry/api';
import { JsonLogsSerializer } from '@opentelemetry/otlp-transformer';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { InMemoryLogRecordExporter, LoggerProvider, SimpleLogRecordProcessor } from '@opentelemetry/sdk-logs';
import { decodeJsonLogs, groupsOf } from '../../src/otlp/index.ts';
import { treeRecord, treeRecords } from '../../src/tree/index.ts';
import { everyKindOfRecord } from './sdk-records.ts';

const blank = {
  hrTime: [0, 0] as [number, number],
  hrTimeObserved: [0, 0] as [number, number],
  resource: { attributes: {} },
  instrumentationScope: { name: '' },
  attributes: {},
  droppedAttributesCount: 0,
};

test('a record of the SDK and the same record as official OTLP/JSON give the same tree record', () => {
  const exporter = new InMemoryLogRecordExporter();
  const resource = resourceFromAttributes({ 'service.name': 'shop', 'host.name': 'h', 'process.pid': 7 });
  const provider = new LoggerProvider({ resource, processors: [new SimpleLogRecordProcessor({ exporter })] });
  const context = trace.setSpanContext(ROOT_CONTEXT, {
    traceId: '4bf92f3577b34da6a3ce929d0e0e4736',
    spanId: '00f067aa0ba902b7',
    traceFlags: 1,
  });
  for (const each of everyKindOfRecord) provider.getLogger('bench').emit({ ...each, context } as never);
  const records = exporter.getFinishedLogRecords();
  const json = JsonLogsSerializer.serializeRequest(records as never)!;
  const bySdk = records.map((each) => treeRecord(each));
  expect(bySdk).toHaveLength(everyKindOfRecord.length);
  expect(bySdk[0]).toMatchObject({ service: 'shop', process: 'h/7', scope: 'bench', severity: 9 });
  expect([...groupsOf(decodeJsonLogs(json))].flatMap((group) => [...treeRecords(group)])).toEqual(bySdk);
});

const read = (logRecord: object) => {
  const request = { resourceLogs: [{ scopeLogs: [{ logRecords: [logRecord] }] }] };
  const [group] = groupsOf(decodeJsonLogs(JSON.stringify(request)));
  return [...treeRecords(group!)][0]!;
};

test('nanoseconds are exact; without a time the observed time is used', () => {
  expect(read({ timeUnixNano: '1795241556123456789' })).toMatchObject({
    seconds: 1_795_241_556,
    nanos: 123_456_789,
  });
  expect(read({ timeUnixNano: '0', observedTimeUnixNano: '5000000001' })).toMatchObject({
    seconds: 5,
    nanos: 1,
  });
});

test('only a time of zero counts as missing in a record of the SDK', () => {
  const timeOf = (hrTime: [number, number]) => {
    const { seconds, nanos } = treeRecord({ ...blank, hrTime, hrTimeObserved: [9, 8] } as never);
    return [seconds, nanos];
  };
  expect([timeOf([5, 0]), timeOf([0, 7]), timeOf([0, 0])]).toEqual([
    [5, 0],
    [0, 7],
    [9, 8],
  ]);
});

test('values are plain data: big integers are exact, whole doubles are numbers, maps objects', () => {
  const attributes = [
    { key: 'big', value: { intValue: '9223372036854775807' } },
    { key: 'whole', value: { doubleValue: 2 } },
    { key: 'map', value: { kvlistValue: { values: [{ key: 'a', value: { intValue: 1 } }] } } },
    { key: 'twice', value: { stringValue: 'first' } },
    { key: 'twice', value: { stringValue: 'second' } },
    { key: '__proto__', value: { kvlistValue: { values: [] } } },
  ];
  const found = read({ attributes }).attributes;
  expect(found).toMatchObject({ big: 9223372036854775807n, whole: 2, map: { a: 1 }, twice: 'first' });
  expect(Object.keys(found)).toContain('__proto__');
  expect(Object.getPrototypeOf(found)).toBe(Object.prototype);
});

test('an id of zeros is empty', () => {
  const zeros = { traceId: '0'.repeat(32), spanId: '0'.repeat(16) };
  expect(read(zeros)).toMatchObject({ traceId: '', spanId: '' });
  expect(treeRecord({ ...blank, spanContext: { ...zeros, traceFlags: 0 } })).toMatchObject({
    traceId: '',
    spanId: '',
  });
});

test.each([
  ['ERROR', 17],
  ['error', 17],
  ['Warning', 13],
  ['information', 9],
  ['silly', 1],
  ['CRITICAL', 21],
  ['debug2', 6],
  ['constructor', 0],
  ['loud', 0],
])('a severity of which only the text is there, %s, counts as %d', (severityText, severity) => {
  expect(read({ severityText }).severity).toBe(severity);
  expect(read({ severityText, severityNumber: 9 }).severity).toBe(9);
  expect(treeRecord({ ...blank, severityText }).severity).toBe(severity);
});
