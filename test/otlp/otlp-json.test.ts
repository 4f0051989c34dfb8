import { JsonLogsSerializer } from '@opentelemetry/otlp-transformer';
import fc from 'fast-check';
import { decodeJsonLogs, decodeLogs, encodeDecoded, readJsonLogs } from '../../src/otlp/index.ts';
import { everyKindOfRecord } from '../support/every-kind-of-record.ts';
import { expectEqual } from '../support/expect-equal.ts';
import { decodeLogsRequest } from '../support/otlp-decode.js';
import { needs } from '../support/sdk-abilities.ts';
import { bareRecord, emittedRecord, encodeLogs, jsonLine, sdkRecords } from './records.ts';

/** OTLP/JSON of one record. */
function jsonOf(record: unknown): string {
  return JSON.stringify({ resourceLogs: [{ scopeLogs: [{ logRecords: [record] }] }] });
}

function recordOf(text: string) {
  return decodeJsonLogs(text).resources[0]!.scopes[0]!.records[0]!;
}

test('a line reads back as the same logs', () => {
  fc.assert(
    fc.property(fc.array(emittedRecord, { minLength: 1, maxLength: 8 }), (emitted) => {
      const bytes = encodeLogs(sdkRecords(emitted));
      const line = jsonLine(bytes);
      expect(line).toMatch(/^[^\n\r]*\n$/);
      expectEqual(decodeJsonLogs(line), decodeLogs(bytes));
      expectEqual(decodeJsonLogs(Buffer.from(line)), decodeLogs(bytes));
    }),
    { numRuns: 300 },
  );
});

test('an integer of many digits is exact everywhere, also as a bare number', () => {
  for (let offset = 0; offset < 40; offset += 1) {
    for (const digits of ['1234567890123457', '12345678901234567', '9223372036854775807']) {
      const text = `{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"severityText":"${'x'.repeat(offset)}","timeUnixNano":${digits}}]}]}]}`;
      expect(recordOf(text).timeUnixNano).toBe(BigInt(digits));
    }
  }
});

needs('bytes in OTLP/JSON')('the official JSON serializer is understood', () => {
  const records = sdkRecords(everyKindOfRecord);
  // biome-ignore lint/suspicious/noExplicitAny: it asks for the record type of its own line.
  const json = JsonLogsSerializer.serializeRequest(records as any)!;
  expect(decodeLogsRequest(encodeDecoded(decodeJsonLogs(json)))).toEqual(
    decodeLogsRequest(encodeLogs(records)),
  );
});

test.each([
  ['base64', '"AQL/"'],
  ['a Uint8Array by JSON.stringify, as exporters of 0.203 write it', '{"0":1,"1":2,"2":255}'],
  ['a Buffer by JSON.stringify', '{"type":"Buffer","data":[1,2,255]}'],
])('bytes are taken as %s', (_name, bytes) => {
  const body = `{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"body":{"bytesValue":${bytes}}}]}]}]}`;

  expect(recordOf(body).body).toEqual(Uint8Array.of(1, 2, 255));
});

test.each(['[1,2]', '{"0":1,"2":2}', '{"0":256}', '{"0":0.5}', '{"data":[1]}', '{"0":"1"}', '1', '"?"'])(
  'bytes are not taken as %s',
  (bytes) => {
    const body = `{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"body":{"bytesValue":${bytes}}}]}]}]}`;

    expect(() => recordOf(body)).toThrow('bytesValue must be text in base64');
  },
);

test('a line has the names of OTLP/JSON', () => {
  const logs = decodeLogs(
    encodeLogs([
      bareRecord({
        resource: { attributes: { 'service.name': 's' }, schemaUrl: 'r' },
        instrumentationScope: { name: 'n', version: 'v', schemaUrl: 'u' },
        severityNumber: 9,
        severityText: 'INFO',
        body: 'a\nb',
        eventName: 'e',
        spanContext: {
          traceId: '0af7651916cd43dd8448eb211c80319c',
          spanId: 'b7ad6b7169203331',
          traceFlags: 1,
        },
        attributes: {
          n: 2n ** 62n,
          d: 0.5,
          nan: Number.NaN,
          b: new Uint8Array([255]),
          list: [null],
          map: { a: true },
        },
        droppedAttributesCount: 2,
      }),
    ]),
  );
  expect(JSON.parse(jsonLine(logs))).toEqual({
    resourceLogs: [
      {
        resource: { attributes: [{ key: 'service.name', value: { stringValue: 's' } }] },
        scopeLogs: [
          {
            scope: { name: 'n', version: 'v' },
            logRecords: [
              {
                timeUnixNano: '1700000000000000001',
                observedTimeUnixNano: '1700000000000000002',
                severityNumber: 9,
                severityText: 'INFO',
                body: { stringValue: 'a\nb' },
                attributes: [
                  { key: 'n', value: { intValue: '4611686018427387904' } },
                  { key: 'd', value: { doubleValue: 0.5 } },
                  { key: 'nan', value: { doubleValue: 'NaN' } },
                  { key: 'b', value: { bytesValue: '/w==' } },
                  { key: 'list', value: { arrayValue: { values: [{}] } } },
                  {
                    key: 'map',
                    value: { kvlistValue: { values: [{ key: 'a', value: { boolValue: true } }] } },
                  },
                ],
                droppedAttributesCount: 2,
                flags: 1,
                traceId: '0af7651916cd43dd8448eb211c80319c',
                spanId: 'b7ad6b7169203331',
                eventName: 'e',
              },
            ],
            schemaUrl: 'u',
          },
        ],
        schemaUrl: 'r',
      },
    ],
  });
});

test('integers are exact however they are written, names of severities are taken', () => {
  const text =
    '{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"timeUnixNano":1700000000123456789,' +
    '"observedTimeUnixNano":"18446744073709551615","severityNumber":"SEVERITY_NUMBER_WARN2",' +
    '"traceId":"0AF7651916CD43DD8448EB211C80319C","flags":"257","unknown":[{"a":1}],"spanId":null,' +
    '"body":{"arrayValue":{"values":[{"intValue":-9223372036854775808},{"intValue":"7"},{"doubleValue":2},' +
    '{"doubleValue":"-Infinity"},{"doubleValue":12345678901234567890},{"bytesValue":"_-8"},' +
    '{"stringValue":"1234567890123456789, \\" 1234567890123456789"},{}]}}}]}]}]}';
  expect(recordOf(text)).toEqual({
    timeUnixNano: 1_700_000_000_123_456_789n,
    observedTimeUnixNano: 2n ** 64n - 1n,
    severityNumber: 14,
    severityText: '',
    body: [
      -(2n ** 63n),
      7,
      { double: 2 },
      Number.NEGATIVE_INFINITY,
      1.2345678901234567e19,
      new Uint8Array([255, 239]),
      '1234567890123456789, " 1234567890123456789',
      null,
    ],
    attributes: [],
    droppedAttributesCount: 0,
    flags: 257,
    traceId: '0af7651916cd43dd8448eb211c80319c',
    spanId: '',
    eventName: '',
  });
});

test('a wrong type is refused, and the message names the field', () => {
  const wrong: readonly [unknown, string][] = [
    [{ body: 'text' }, 'resourceLogs[0].scopeLogs[0].logRecords[0].body must be an object, got "text"'],
    [{ body: { intValue: 'x' } }, 'body.intValue must be a whole number of 64 bits, got "x"'],
    [
      { body: { intValue: '2026-11-30' } },
      'body.intValue must be a whole number of 64 bits, got "2026-11-30"',
    ],
    [{ body: { doubleValue: '1.2.3' } }, 'body.doubleValue must be a number'],
    [{ body: { boolValue: 1 } }, 'body.boolValue must be true or false, got 1'],
    [{ body: { doubleValue: 'x' } }, 'body.doubleValue must be a number'],
    [{ body: { bytesValue: '*' } }, 'body.bytesValue must be text in base64'],
    [{ body: { stringValue: {} } }, 'body.stringValue must be a string, got an object'],
    [{ attributes: {} }, 'attributes must be an array, got an object'],
    [{ attributes: [1] }, 'attributes[0] must be an object, got 1'],
    [{ timeUnixNano: -1 }, 'timeUnixNano must be a whole number from 0'],
    [{ timeUnixNano: '18446744073709551616' }, 'timeUnixNano must be'],
    [{ severityNumber: 'LOUD' }, 'severityNumber must be a severity number, got "LOUD"'],
    [{ flags: 2 ** 32 }, 'flags must be'],
    [{ traceId: 'zz' }, 'traceId must be 32 hex digits, or empty, got "zz"'],
  ];
  for (const [record, message] of wrong) {
    expect(() => recordOf(jsonOf(record))).toThrow(message);
    expect(() => recordOf(jsonOf(record))).toThrow(
      expect.objectContaining({ malformed: true, cause: 'json' }),
    );
  }
  for (const text of ['', '[]', '1', 'null', '{', '{"resourceLogs":1}', '"', '{"a":NaN}', '\u0000']) {
    expect(() => decodeJsonLogs(text)).toThrow(expect.objectContaining({ malformed: true }));
  }
});

test('the names of the protobuf definition are read as well', () => {
  const text = `{"resource_logs":[{"schema_url":"r","resource":{"dropped_attributes_count":1,"attributes":
    [{"key":"k","value":{"string_value":"v"}}]},"scope_logs":[{"schema_url":"s","log_records":[{"time_unix_nano":"5",
    "observed_time_unix_nano":6,"severity_number":"SEVERITY_NUMBER_WARN","severity_text":"W","event_name":"e",
    "trace_id":"0af7651916cd43dd8448eb211c80319c","span_id":"b7ad6b7169203331","dropped_attributes_count":2,"body":
    {"kvlist_value":{"values":[{"key":"a","value":{"array_value":{"values":[{"int_value":"1"},{"bool_value":true},
    {"double_value":0.5},{"bytes_value":"AQ=="}]}}}]}}}]}]}]}`;
  const camel = text.replaceAll(/_([a-z])(?=[a-z_]*":)/g, (_, letter: string) => letter.toUpperCase());
  expect(camel).toContain('"droppedAttributesCount"');
  expect(decodeJsonLogs(text)).toEqual(decodeJsonLogs(camel));
  expect(recordOf(text)).toMatchObject({
    timeUnixNano: 5n,
    severityNumber: 13,
    eventName: 'e',
    spanId: 'b7ad6b7169203331',
    droppedAttributesCount: 2,
    body: { entries: [['a', [1, true, 0.5, Uint8Array.of(1)]]] },
  });
});

test('a number of a wrong type, or null in a list, does not affect other values', () => {
  const body = (value: unknown) => recordOf(jsonOf({ body: value })).body;
  expect(body({ intValue: 2 ** 63 })).toBe(2 ** 63);
  expect(body({ intValue: '9223372036854775808' })).toBe(2 ** 63);
  expect(body({ intValue: 1e300 })).toBe(1e300);
  expect(body({ intValue: 1.5 })).toBe(1.5);
  expect(body({ arrayValue: { values: [null, { intValue: 1 }] } })).toEqual([null, 1]);
  expect(recordOf(jsonOf({ severityNumber: 9.5, severityText: 5, eventName: 7 }))).toMatchObject({
    severityNumber: 9,
    severityText: '5',
    eventName: '7',
  });
  for (const [said, read] of [
    [1e12, 0],
    [2 ** 31 - 1, 2 ** 31 - 1],
    [2 ** 31, 0],
    [-(2 ** 31), -(2 ** 31)],
    ['-2147483649', 0],
  ]) {
    expect(recordOf(jsonOf({ severityNumber: said })).severityNumber).toBe(read);
  }
  expect(decodeJsonLogs('{"resourceLogs":[null,{"scopeLogs":[null]}]}').resources).toHaveLength(2);
});

test('the first unknown name is reported with its path', () => {
  const unknown = (json: unknown) => readJsonLogs(JSON.stringify(json)).unknown;
  expect(
    unknown({ resourceLogs: [{ resource: {}, scopeLogs: [{ scope: {}, schemaUrl: 'x' }] }] }),
  ).toBeUndefined();
  expect(unknown({ hello: 1 })).toBe('hello');
  expect(unknown({ resourceLogs: [{}, { scopeLogs: [{ logs: [] }] }] })).toBe(
    'resourceLogs[1].scopeLogs[0].logs',
  );
  expect(unknown({ resourceLogs: [{ instrumentationLibraryLogs: [] }] })).toBe(
    'resourceLogs[0].instrumentationLibraryLogs',
  );
  expect(unknown({ __proto__x: 1, ['x'.repeat(500)]: 1 })).toHaveLength(10);
});

test('nesting is bounded before the text is parsed', () => {
  const brackets = '['.repeat(5_000_000);
  expect(() => decodeJsonLogs(brackets)).toThrow('JSON is nested deeper than 256 at character 256');
  expect(() => decodeJsonLogs(`{"a":"${brackets}"}`)).not.toThrow();
  let value: unknown = { stringValue: 'x' };
  for (let level = 0; level < 49; level += 1) value = { arrayValue: { values: [value] } };
  expect(() => recordOf(jsonOf({ body: value }))).toThrow(expect.objectContaining({ cause: 'too_deep' }));
});

test('an empty request is valid', () => {
  expect(decodeJsonLogs('{}')).toEqual({ resources: [] });
  expect(jsonLine(new Uint8Array(0))).toBe('');
  expect(() => jsonLine(new Uint8Array([1]))).toThrow(expect.objectContaining({ malformed: true }));
});
