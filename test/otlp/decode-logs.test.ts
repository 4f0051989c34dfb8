import fc from 'fast-check';
import {
  attributeOf,
  type DecodedLogs,
  decodeJsonLogs,
  decodeLogs,
  encodeDecoded,
  logGroups,
  numberOf,
  scanLogs,
  type WireError,
} from '../../src/otlp/index.ts';
import { everyKindOfRecord } from '../support/every-kind-of-record.ts';
import { expectEqual } from '../support/expect-equal.ts';
import { decodeLogsRequest } from '../support/otlp-decode.js';
import { field, varint } from '../support/protobuf.ts';
import { bareRecord, emittedRecord, encodeLogs, sdkRecords } from './records.ts';

const request = encodeLogs(sdkRecords(everyKindOfRecord));

/** A request of one record with these bytes in it. */
function requestOf(...record: readonly (Uint8Array | readonly number[])[]): Uint8Array {
  return field(1, field(2, field(2, ...record)));
}

function record(logs: DecodedLogs) {
  return logs.resources[0]!.scopes[0]!.records[0]!;
}

/** The result of both readers for the same bytes: whether they agree, and what they threw. */
function verdict(bytes: Uint8Array): string {
  const answers = [scanLogs, decodeLogs].map((read) => {
    try {
      read(bytes);
      return 'taken';
    } catch (error) {
      const { name, malformed } = error as WireError;
      expectEqual({ name, malformed }, { name: 'WireError', malformed: true });
      return (error as Error).message.replace(/^.* at byte/, 'refused at byte');
    }
  });
  expectEqual(answers[0] === 'taken', answers[1] === 'taken');
  return answers[0]!;
}

test('a scan counts records', () => {
  expect(scanLogs(request)).toEqual({ records: everyKindOfRecord.length });
  expect(scanLogs(new Uint8Array(0))).toEqual({ records: 0 });
});

test('requests one after the other are one request', () => {
  const both = Buffer.concat([request, encodeLogs([bareRecord({})])]);
  expect(scanLogs(both)).toEqual({ records: everyKindOfRecord.length + 1 });
  expect(decodeLogs(both).resources).toHaveLength(2);
});

test('logs that are decoded and encoded again mean the same to an independent reader', () => {
  fc.assert(
    fc.property(fc.array(emittedRecord, { maxLength: 8 }), (emitted) => {
      const bytes = encodeLogs(sdkRecords(emitted));
      const decoded = decodeLogs(bytes);
      const again = encodeDecoded(decoded);
      expectEqual(decodeLogsRequest(again), decodeLogsRequest(bytes));
      expectEqual(decodeLogs(again), decoded);
      const all = decoded.resources.flatMap(({ scopes }) => scopes.flatMap(({ records }) => records));
      expect(scanLogs(bytes)).toEqual({ records: all.length });
    }),
    { numRuns: 300 },
  );
});

test('integers of 64 bits are exact, and a double stays a double', () => {
  const body = [2n ** 63n - 1n, -(2n ** 63n), 2n ** 53n, 5n, 0.5, Number.NaN, -0.5];
  const decoded = record(decodeLogs(encodeLogs([bareRecord({ body })])));
  expect(decoded.body).toEqual([2n ** 63n - 1n, -(2n ** 63n), 2n ** 53n, 5, 0.5, Number.NaN, -0.5]);

  const two = [0, 0, 0, 0, 0, 0, 0, 0x40];
  const whole = requestOf(field(5, [(4 << 3) | 1, ...two]));
  expect(record(decodeLogs(whole)).body).toEqual({ double: 2 });
  expect(numberOf(record(decodeLogs(whole)).body)).toBe(2);
  expect(Buffer.from(encodeDecoded(decodeLogs(whole))).includes(Buffer.from([0x21, ...two]))).toBe(true);
});

test('repeated keys and keys of objects are kept, in their order', () => {
  const keyValue = (key: string, text: string) =>
    field(6, field(1, [...Buffer.from(key)]), field(2, field(1, [...Buffer.from(text)])));
  const bytes = requestOf(keyValue('a', '1'), keyValue('__proto__', '2'), keyValue('a', '3'), field(6));
  const { attributes } = record(decodeLogs(bytes));
  expect(attributes).toEqual([
    ['a', '1'],
    ['__proto__', '2'],
    ['a', '3'],
    ['', null],
  ]);
  expect(attributeOf(attributes, 'a')).toBe('1');
  expect(decodeLogs(encodeDecoded(decodeLogs(bytes)))).toEqual(decodeLogs(bytes));
});

test('fields that are not known are skipped, whatever their wire type', () => {
  const unknown = [
    field(100, [1, 2, 3]),
    [...varint((13 << 3) | 0), 0xff, 0x01],
    [...varint((14 << 3) | 1), 1, 2, 3, 4, 5, 6, 7, 8],
    [...varint((15 << 3) | 5), 1, 2, 3, 4],
    field(4, [9]),
  ];
  const bytes = requestOf(...unknown, field(12, [0x78]), ...unknown);
  expect(scanLogs(bytes).records).toBe(1);
  expect(record(decodeLogs(bytes)).eventName).toBe('x');
});

test('text that is not UTF-8 gets the replacement character', () => {
  const bytes = requestOf(field(3, [0x61, 0xff, 0x62]));
  expect(scanLogs(bytes).records).toBe(1);
  expect(record(decodeLogs(bytes)).severityText).toBe('a\ufffdb');
});

test('known fields of a wrong wire type, groups, and ids of a wrong length are refused', () => {
  const wrong: readonly [string, Uint8Array | readonly number[]][] = [
    ['time as varint', [(1 << 3) | 0, 1]],
    ['severity as bytes', field(2, [1])],
    ['body as varint', [(5 << 3) | 0, 1]],
    ['flags as varint', [(8 << 3) | 0, 1]],
    ['a group', [(13 << 3) | 3, (13 << 3) | 4]],
    ['wire type 7', [(13 << 3) | 7]],
    ['field 0', [0, 0]],
    ['trace id of 15 bytes', field(9, Buffer.alloc(15, 1))],
    ['span id of 9 bytes', field(10, Buffer.alloc(9, 1))],
    ['a varint of eleven bytes', [(2 << 3) | 0, ...new Array(10).fill(0xff), 1]],
    ['a varint of 65 bits', [(2 << 3) | 0, ...new Array(9).fill(0xff), 2]],
    ['a tag beyond 32 bits', [0xff, 0xff, 0xff, 0xff, 0x7f, 0]],
    ['a length beyond the end', [(12 << 3) | 2, 5, 1]],
    ['a length of 2^63', [(12 << 3) | 2, ...new Array(8).fill(0xff), 0x7f]],
  ];
  for (const [what, bytes] of wrong)
    expect([what, verdict(requestOf(bytes))]).toEqual([what, expect.stringMatching(/refused at byte \d+/)]);
  expect(() => scanLogs(requestOf(field(9, [1])))).toThrow(
    'trace_id must have 16 bytes or be empty, got 1 bytes at byte 6',
  );
  expect(() => scanLogs(requestOf(field(9)))).not.toThrow();
});

test('nesting is bounded at a hundred messages, alike in both readers', () => {
  const nested = (levels: number) => {
    let value = field(1, [0x78]);
    // A list in a value: two messages.
    for (let level = 0; level < levels; level += 1) value = field(5, field(1, value));
    return requestOf(field(5, value));
  };
  expect(verdict(nested(48))).toBe('taken');
  expect(verdict(nested(49))).toMatch('refused');
  expect(() => scanLogs(nested(49))).toThrow(expect.objectContaining({ cause: 'too_deep' }));
  expect(verdict(nested(500))).toMatch('refused');
  const resource = field(1, field(1, field(1, field(1), field(2, field(6)))));
  expect(verdict(resource)).toBe('taken');
});

test('a request cut anywhere is refused, or is a shorter request, by both readers', () => {
  for (let end = 0; end < request.length; end += 1) verdict(request.subarray(0, end));
});

test('both readers agree on any change of a request', () => {
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.nat(request.length - 1), fc.nat(255)), { minLength: 1, maxLength: 6 }),
      (changes) => {
        const bytes = Uint8Array.from(request);
        for (const [at, byte] of changes) bytes[at] = byte;
        if (verdict(bytes) !== 'taken') return;
        const decoded = decodeLogs(bytes);
        expectEqual(decodeLogs(encodeDecoded(decoded)), decoded);
      },
    ),
    { numRuns: 1_000 },
  );
});

test('a scan reads a part of a larger buffer', () => {
  const larger = Buffer.concat([Buffer.from([1, 2, 3]), request, Buffer.from([4])]);
  const part = larger.subarray(3, 3 + request.length);
  expect(scanLogs(part)).toEqual(scanLogs(request));
  expect(decodeLogs(part)).toEqual(decodeLogs(request));
});

test('repeated texts are read correctly in a large request', () => {
  const texts = Array.from(
    { length: 2_000 },
    (_, index) => `${'key'.repeat(index % 11)}${(index * 7_919) % 977}`,
  );
  const bytes = encodeLogs(
    texts.map((body) => bareRecord({ body, attributes: { [body]: 'ü', same: 'value' } })),
  );
  const scopes = decodeLogs(bytes).resources.flatMap((resource) => resource.scopes);
  const records = scopes.flatMap((scope) => scope.records);
  expect(records.map(({ body }) => body)).toEqual(decodeLogsRequest(bytes).map(({ body }) => body));
  expect(records.map(({ body }) => body)).toEqual(texts);
  expect(records[7]!.attributes).toEqual([
    [texts[7], 'ü'],
    ['same', 'value'],
  ]);
});

const MOST = 131_072;
/** A number of empty messages with this tag. */
const empty = (tag: number, count: number) => Buffer.alloc(2 * count, Uint8Array.of(tag, 0));
const parts: readonly (readonly [name: string, values: (count: number) => Uint8Array, kept: number])[] = [
  ['attributes of a record', (count) => field(1, field(2, field(2, empty(0x32, count)))), 0],
  ['members of a list', (count) => field(1, field(2, field(2, field(5, field(5, empty(0x0a, count)))))), 2],
  ['members of a map', (count) => field(1, field(2, field(2, field(5, field(6, empty(0x0a, count)))))), 2],
  ['attributes of a resource', (count) => field(1, field(1, empty(0x0a, count))), 0],
  ['attributes of a scope', (count) => field(1, field(2, field(1, empty(0x1a, count)))), 0],
  ['fields that are not known', (count) => field(1, field(2, field(2, empty(0x7a, count)))), 0],
  [
    'attributes of a resource, in two parts',
    (count) => field(1, field(1, empty(0x0a, count - 9)), field(2, field(2)), field(1, empty(0x0a, 9))),
    0,
  ],
];

test.each(parts)('%s are bounded, alike in both readers', (_name, make, others) => {
  expect(verdict(Buffer.from(make(MOST - others)))).toBe('taken');
  expect(verdict(Buffer.from(make(MOST - others + 1)))).toMatch(/too large: more than 131072 values/);
  expect(() => scanLogs(make(MOST - others + 1))).toThrow(expect.objectContaining({ cause: 'too_large' }));
  expect(() => [...logGroups(make(1_000_000))]).toThrow(expect.objectContaining({ cause: 'too_large' }));
});

test('unknown fields outside of records, resources and scopes are not part of them, for both readers', () => {
  const full = field(2, empty(0x32, MOST));
  for (const place of [
    Buffer.concat([field(1, field(2, full, empty(0x7a, 1))), field(1, field(2, full))]),
    Buffer.concat([field(1, field(2, full), empty(0x7a, 1)), empty(0x7a, 1), field(1, field(2, full))]),
    field(1, field(2, empty(0x7a, MOST + 1), field(2))),
    field(1, empty(0x7a, MOST + 1), field(2, field(2))),
    Buffer.concat([empty(0x7a, MOST + 1), field(1, field(2, field(2)))]),
  ]) {
    expect(verdict(place)).toBe('taken');
    expect([...logGroups(place)].flatMap(({ records }) => records)).toHaveLength(scanLogs(place).records);
  }
  for (const wrong of [
    [0x12, 0, 0x08, 1],
    [0x12, 4, 0x12, 0, 0x10, 1],
    [0x10, 1],
  ]) {
    expect(verdict(field(1, wrong))).toMatch('refused');
  }
});

test('all values and all records of a request are bounded by the bytes that a receiver takes', () => {
  const records = (count: number) => field(1, field(2, empty(0x12, count)));
  expect(scanLogs(records(32), 1_024)).toEqual({ records: 32 });
  expect(() => scanLogs(records(33), 1_024)).toThrow('the request is too large: more than 32 records');
  const attributes = (count: number) => field(1, field(2, field(2, empty(0x32, count))));
  expect(scanLogs(attributes(128 - 3), 1_024)).toEqual({ records: 1 });
  expect(() => scanLogs(attributes(128 - 2), 1_024)).toThrow(
    'the request is too large: more than 128 values',
  );
});

test('groups hold the same records as the whole, each with its resource and scope', () => {
  fc.assert(
    fc.property(fc.array(fc.array(emittedRecord, { maxLength: 8 }), { maxLength: 4 }), (batches) => {
      const bytes = Buffer.concat(batches.map((emitted) => encodeLogs(sdkRecords(emitted))));
      const flat = decodeLogs(bytes).resources.flatMap(({ scopes, ...resource }) =>
        scopes.flatMap(({ records, ...scope }) => records.map((one) => ({ resource, scope, one }))),
      );
      const grouped = [...logGroups(bytes)].flatMap(({ resource, scope, records }) =>
        records.map((one) => ({ resource, scope, one })),
      );
      expectEqual(grouped, flat);
    }),
    { numRuns: 300 },
  );
});

test('a group has at most 512 records, and no more when they have 256 KiB', () => {
  const sizes = (count: number, text: number) =>
    [
      ...logGroups(encodeLogs(sdkRecords(Array.from({ length: count }, () => ({ body: 'x'.repeat(text) }))))),
    ].map(({ records }) => records.length);
  expect(sizes(1_300, 1)).toEqual([512, 512, 276]);
  expect(sizes(5, 100_000)).toEqual([3, 2]);
  expect(sizes(2, 300_000)).toEqual([1, 1]);
});

test('an id of zeros means no id, in either encoding', () => {
  const zeros = requestOf(field(9, new Uint8Array(16)), field(10, new Uint8Array(8)));
  const ids = { traceId: '0'.repeat(32), spanId: '0'.repeat(16) };
  const json = JSON.stringify({ resourceLogs: [{ scopeLogs: [{ logRecords: [ids] }] }] });
  for (const logs of [decodeLogs(zeros), decodeJsonLogs(json)]) {
    expect(record(logs)).toMatchObject({ traceId: '', spanId: '' });
  }
  const one = requestOf(field(9, [...new Uint8Array(15), 1]), field(10, [...new Uint8Array(7), 1]));
  expect(record(decodeLogs(one))).toMatchObject({
    traceId: '1'.padStart(32, '0'),
    spanId: '1'.padStart(16, '0'),
  });
});
