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
  type KeyValue,
} from '../../src/otlp/index.ts';
import { JsonLines } from '../../src/sinks/file/json-lines.ts';

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
const record: fc.Arbitrary<DecodedLogRecord> = fc.record({
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
        fc.record({ ...common, name: text, version: text, records: fc.array(record, { maxLength: 3 }) }),
        { maxLength: 2 },
      ),
    }),
    { maxLength: 2 },
  ),
});

test('a line holds all that the records hold, whatever they hold, and is one line', () => {
  const lines = new JsonLines();
  fc.assert(
    fc.property(logs, (each) => {
      const decoded = decodeLogs(encodeDecoded(each));
      const line = lines.line(decoded);
      expect(line.indexOf('\n')).toBe(line.length - 1);
      expect(decodeJsonLogs(line)).toEqual(decoded);
    }),
    { numRuns: 500 },
  );
});

test('half a surrogate pair becomes U+FFFD, and a thousand keys do no harm', () => {
  const lines = new JsonLines();
  const of = (key: string) => ({
    resources: [
      { attributes: [[key, 'x\ud800']] as KeyValue[], droppedAttributesCount: 0, schemaUrl: '', scopes: [] },
    ],
  });
  for (let each = 0; each < 3_000; each += 1) {
    const line = lines.line(of(`key"${each}`));
    expect(JSON.parse(line).resourceLogs[0].resource.attributes).toEqual([
      { key: `key"${each}`, value: { stringValue: 'x\ufffd' } },
    ]);
  }
});
