import * as fc from 'fast-check';
import {
  attributeOf,
  type CostlyField,
  type DecodedLogRecord,
  recordRuns,
  reducedRecords,
  runRequest,
} from '../../src/otlp/index.ts';
import { request } from '../store/support/records.ts';
import { expectEqual } from '../support/expect-equal.ts';
import { amplifying, flat } from './amplifying.ts';

const FIELDS: readonly CostlyField[] = [
  'severityText',
  'body',
  'attributes',
  'traceId',
  'spanId',
  'eventName',
];

test('reduced records keep the needed fields unchanged, and all records are kept if nothing is required', () => {
  const said = fc.record({
    body: fc.string(),
    attributes: fc.dictionary(fc.constantFrom('a', 'ä', 'b'.repeat(200), '__proto__'), fc.string()),
    trace: fc.constantFrom('', '0af7651916cd43dd8448eb211c80319c'),
    severity: fc.nat(24),
    time: fc.nat(1_000_000),
    event: fc.string(),
  });
  const bodies = fc.oneof(
    fc.array(said, { minLength: 1, maxLength: 8 }).map((records) => request(records)),
    amplifying.map(({ body }) => body),
  );
  fc.assert(
    fc.property(bodies, fc.subarray([...FIELDS]), fc.subarray(['a', 'ä']), (body, names, keys) => {
      const fields = new Set(names);
      const attributeKeys = keys.map((key) => Buffer.from(key));
      for (const { head, records } of recordRuns(body, 64, 100_000)) {
        const reduced = reducedRecords(records, { fields, attributeKeys, required: [] });
        const [before, after] = [records, reduced.bytes].map((each) => flat([runRequest(head, [each])]));
        const seen = ({ record }: { readonly record: DecodedLogRecord }) => [
          record.timeUnixNano,
          record.severityNumber,
          ...names.filter((name) => name !== 'attributes').map((name) => record[name]),
          fields.has('attributes') && record.attributes.filter(([key]) => keys.includes(key)),
        ];
        expectEqual(after!.map(seen), before!.map(seen));
        expectEqual(
          reduced.places,
          before!.map((_record, place) => place),
        );
        expectEqual(Math.max(reduced.bytes.length, records.length), records.length);
      }
    }),
    { numRuns: 300 },
  );
});

test('a record is skipped only if a required value does not match, and never if it matches after decoding', () => {
  const values = fc.oneof(fc.integer({ min: 0, max: 3 }), fc.constantFrom('0', '1', 'xx'));
  const said = fc.record({
    body: fc.constantFrom('0', '1', ''),
    attributes: fc.dictionary(fc.constantFrom('a', 'b', 'c'), values),
  });
  const bodies = fc.oneof(
    fc
      .array(said, { minLength: 1, maxLength: 8 })
      .map((records) => ({ body: request(records), isPlain: true })),
    amplifying.map(({ body }) => ({ body, isPlain: false })),
  );
  const requirement = fc.record({ key: fc.constantFrom(undefined, 'a', 'b'), wanted: fc.option(values) });
  const isSame = (wanted: unknown) => (value: unknown) => (value ?? null) === wanted;
  fc.assert(
    fc.property(
      bodies,
      fc.uniqueArray(requirement, { selector: ({ key }) => key }),
      ({ body, isPlain }, all) => {
        const required = all.map(({ key, wanted }) => ({
          key: key === undefined ? undefined : Buffer.from(key),
          fits: isSame(wanted),
        }));
        const fields = new Set<CostlyField>(['body', 'attributes']);
        for (const { head, records } of recordRuns(body, 64, 100_000)) {
          const { bytes, places } = reducedRecords(records, { fields, attributeKeys: undefined, required });
          const fitting = flat([runRequest(head, [records])]).flatMap(({ record }, place) =>
            all.every(({ key, wanted }) =>
              isSame(wanted)(key === undefined ? record.body : attributeOf(record.attributes, key)),
            )
              ? [place]
              : [],
          );
          const kept = new Set(places);
          expectEqual(
            fitting.filter((place) => !kept.has(place)),
            [],
          );
          expectEqual(flat([runRequest(head, [bytes])]).length, places.length);
          if (isPlain) expectEqual(places, fitting);
        }
      },
    ),
    { numRuns: 300 },
  );
});
