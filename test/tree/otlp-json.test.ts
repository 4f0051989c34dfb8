import { ROOT_CONTEXT, trace } from '@opentelemetry/api';
import { JsonLogsSerializer } from '@opentelemetry/otlp-transformer';
import { resourceFromAttributes } from '@opentelemetry/resources';
import { InMemoryLogRecordExporter, LoggerProvider, SimpleLogRecordProcessor } from '@opentelemetry/sdk-logs';
import { otlpJsonRecords, treeRecord } from '../../src/tree/index.ts';
import { everyKindOfRecord } from './sdk-records.ts';

test('a record of the SDK and the same record by the official OTLP/JSON are one to the tree', () => {
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
  const json = JSON.parse(Buffer.from(JsonLogsSerializer.serializeRequest(records as never)!).toString());
  const bySdk = records.map((each) => treeRecord(each));
  expect(bySdk).toHaveLength(everyKindOfRecord.length);
  expect(bySdk[0]).toMatchObject({ service: 'shop', process: 'h/7', scope: 'bench', severity: 9 });
  expect(otlpJsonRecords(json)).toEqual(bySdk);
});

const lineWith = (logRecord: object) => ({ resourceLogs: [{ scopeLogs: [{ logRecords: [logRecord] }] }] });

test('nanoseconds are exact', () => {
  expect(otlpJsonRecords(lineWith({ timeUnixNano: '1795241556123456789' }))).toMatchObject([
    { seconds: 1_795_241_556, nanos: 123_456_789 },
  ]);
});

test('without a time the observed time stands in, also as a number', () => {
  expect(otlpJsonRecords(lineWith({ timeUnixNano: '0', observedTimeUnixNano: 5e9 }))).toMatchObject([
    { seconds: 5, nanos: 0 },
  ]);
});

test('integers come as strings or as numbers, big ones stay exact', () => {
  const values = ['7', 7, '9223372036854775807', 'x'];
  const attributes = values.map((intValue, at) => ({ key: `n${at}`, value: { intValue } }));
  expect(otlpJsonRecords(lineWith({ attributes }))![0]!.attributes).toEqual({
    n0: 7,
    n1: 7,
    n2: 9223372036854775807n,
    n3: undefined,
  });
});

test('ids in capitals and severities by name are understood', () => {
  expect(otlpJsonRecords(lineWith({ traceId: 'AB', severityNumber: 'SEVERITY_NUMBER_WARN2' }))).toMatchObject(
    [{ traceId: 'ab', severity: 14 }],
  );
});

test('an attribute called __proto__ is an attribute', () => {
  const attributes = [{ key: '__proto__', value: { kvlistValue: { values: [] } } }];
  const [found] = otlpJsonRecords(lineWith({ attributes }))!;
  expect(Object.keys(found!.attributes)).toEqual(['__proto__']);
  expect(Object.getPrototypeOf(found!.attributes)).toBe(Object.prototype);
});

test('values of any depth do not overflow the stack', () => {
  const depth = 5_000;
  const body = `${'{"arrayValue":{"values":['.repeat(depth)}${']}}'.repeat(depth)}`;
  expect(
    otlpJsonRecords(JSON.parse(`{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"body":${body}}]}]}]}`)),
  ).toHaveLength(1);
});

test.each([[null], ['text'], [[]], [{}], [{ resourceLogs: 'x' }]])('%j is no OTLP/JSON of logs', (value) => {
  expect(otlpJsonRecords(value)).toBeUndefined();
});

test('whatever is not as it should be counts as absent', () => {
  const odd = {
    resourceLogs: [
      null,
      7,
      {
        resource: 7,
        scopeLogs: [
          null,
          {
            scope: 'x',
            logRecords: [
              null,
              'x',
              {
                body: 7,
                attributes: [null, {}, { key: 7 }],
                traceId: 7,
                severityNumber: {},
                eventName: [],
                timeUnixNano: -1,
              },
            ],
          },
        ],
      },
    ],
  };
  expect(otlpJsonRecords(odd)).toEqual([
    {
      traceId: '',
      spanId: '',
      seconds: 0,
      nanos: 0,
      severity: 0,
      eventName: '',
      body: '',
      attributes: {},
      service: '',
      process: '',
      scope: '',
    },
  ]);
});
