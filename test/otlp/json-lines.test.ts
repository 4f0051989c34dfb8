import * as fc from 'fast-check';
import {
  type AnyValue,
  type DecodedLogRecord,
  type DecodedLogs,
  decodeJsonLogs,
  decodeLogs,
  doubleValue,
  encodeDecoded,
  intValue,
  JsonLines,
  type KeyValue,
  logGroups,
} from '../../src/otlp/index.ts';
import { batch, bodiesIn, one, record } from '../sinks/support/logs.ts';
import { expectEqual } from '../support/expect-equal.ts';
import { field } from '../support/protobuf.ts';
import { amplifying, flatLogs } from './amplifying.ts';

const text = fc.string({
  unit: fc.oneof(
    fc.constantFrom('"', '\\', '\n', '\x1b', '\x7f', '\u2028', '\ud83d\ude00', 'é'),
    fc.string({ minLength: 1, maxLength: 1 }),
  ),
});
const { value } = fc.letrec<{ value: AnyValue }>((tie) => ({
  value: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    text,
    fc.boolean(),
    fc.constant(null),
    fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map(intValue),
    fc.double({ noNaN: true }).map(doubleValue),
    fc.uint8Array({ maxLength: 8 }).map((bytes) => new Uint8Array(bytes)),
    fc.array(tie('value'), { maxLength: 3 }),
    fc.array(fc.tuple(text, tie('value')), { maxLength: 3 }).map((entries) => ({ entries })),
  ),
}));
const attributes = fc.array(fc.tuple(text, value) as fc.Arbitrary<KeyValue>, { maxLength: 4 });
const common = {
  attributes,
  droppedAttributesCount: fc.nat(3),
  schemaUrl: fc.constantFrom('', 'https://x/"'),
};
const u64 = fc.bigInt({ min: 0n, max: 2n ** 64n - 1n });
const anyRecord: fc.Arbitrary<DecodedLogRecord> = fc.record({
  timeUnixNano: u64,
  observedTimeUnixNano: u64,
  severityNumber: fc.integer({ min: 0, max: 24 }),
  severityText: text,
  body: fc.option(value, { nil: undefined }),
  attributes,
  droppedAttributesCount: fc.nat(3),
  flags: fc.nat(2 ** 31),
  traceId: fc.constantFrom('', '0af7651916cd43dd8448eb211c80319c'),
  spanId: fc.constantFrom('', 'b7ad6b7169203331'),
  eventName: text,
});
const logs: fc.Arbitrary<DecodedLogs> = fc.record({
  resources: fc.array(
    fc.record({
      ...common,
      scopes: fc.array(
        fc.record({ ...common, name: text, version: text, records: fc.array(anyRecord, { maxLength: 3 }) }),
        { maxLength: 2 },
      ),
    }),
    { maxLength: 2 },
  ),
});

const lines = new JsonLines();
const linesOf = (bytes: Uint8Array) => [...lines.lines(logGroups(bytes))].join('');

test('lines contain everything that the records contain', () => {
  fc.assert(
    fc.property(logs, (each) => {
      const bytes = encodeDecoded(each);
      const text = linesOf(bytes);
      const parts = text.split('\n');
      expect(parts.pop()).toBe('');
      expectEqual(flatLogs(parts.map((line) => decodeJsonLogs(line))), flatLogs([decodeLogs(bytes)]));
    }),
    { numRuns: 200 },
  );
});

test('half a surrogate pair becomes U+FFFD, and a thousand keys do no harm', () => {
  for (let each = 0; each < 3_000; each += 1) {
    const line = linesOf(one('', { attributes: [[`key"${each}`, 'x\ud800']] }));
    expectEqual(JSON.parse(line).resourceLogs[0].scopeLogs[0].logRecords[0].attributes, [
      { key: `key"${each}`, value: { stringValue: 'x\ufffd' } },
    ]);
  }
});

test('a batch is a line; a long one is split at 512 records', () => {
  const counts = (bytes: Uint8Array) =>
    linesOf(bytes)
      .split('\n')
      .slice(0, -1)
      .map((line) => bodiesIn(line).length);
  const many = (count: number) => batch(Array.from({ length: count }, (_, at) => record(String(at))));
  expect(counts(Buffer.concat([many(3), many(4)]))).toEqual([7]);
  expect(counts(many(1_300))).toEqual([512, 512, 276]);
});

/** The largest growth of one byte: an empty attribute is two bytes on the wire, and 22 characters. */
const RATIO = 14;

test('all lines together are a small multiple of the request, whatever it repeats', () => {
  fc.assert(
    fc.property(amplifying, ({ body }) => {
      expect(Buffer.byteLength(linesOf(body))).toBeLessThanOrEqual(RATIO * body.length + 200);
    }),
    { numRuns: 300 },
  );
});

test('a resource, or a scope, of a megabyte is written for as many bytes of records, not for each', () => {
  const large = Buffer.alloc(1_000_000, 'r');
  const record = field(2, field(3, Buffer.from('x')));
  const records = (count: number) => Buffer.concat(Array.from({ length: count }, () => record));
  const resource = field(1, field(1, field(1), field(2, field(1, large))));
  const scopes = Buffer.concat(Array.from({ length: 1_000 }, () => field(2, record)));
  for (const [body, most] of [
    [field(1, resource, field(2, records(1_000))), 1],
    [field(1, field(2, field(1, field(1, large)), records(1_000))), 1],
    [field(1, resource, scopes), 1],
    [field(1, resource, field(2, records(100_000))), 3],
  ] as const) {
    const text = linesOf(body);
    expect(text.split('\n').length - 1).toBeLessThanOrEqual(most);
    expect(text.length).toBeLessThan(5 * body.length);
  }
});

test('the line is ended before an error is thrown', () => {
  const good = Buffer.from(one('good'));
  const text: string[] = [];
  expect(() => {
    for (const part of lines.lines(logGroups(Buffer.concat([good, Uint8Array.of(0x0a, 2, 1, 1)]))))
      text.push(part);
  }).toThrow(expect.objectContaining({ malformed: true }));
  expect(bodiesIn(text.join(''))).toEqual(['good']);
});
