import * as fc from 'fast-check';
import {
  type CostlyField,
  type DecodedLogRecord,
  recordRuns,
  reducedRecords,
  runRequest,
} from '../../src/otlp/index.ts';
import { request } from '../store/support/records.ts';
import { amplifying, flat } from './amplifying.ts';

const FIELDS: readonly CostlyField[] = [
  'severityText',
  'body',
  'attributes',
  'traceId',
  'spanId',
  'eventName',
];

test('reduced records have what is needed as it was, and there are as many of them', () => {
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
        const reduced = reducedRecords(records, { fields, attributeKeys });
        const [before, after] = [records, reduced].map((each) => flat([runRequest(head, [each])]));
        expect(after).toHaveLength(before!.length);
        const seen = ({ record }: { readonly record: DecodedLogRecord }) => [
          record.timeUnixNano,
          record.severityNumber,
          ...names.filter((name) => name !== 'attributes').map((name) => record[name]),
          fields.has('attributes') && record.attributes.filter(([key]) => keys.includes(key)),
        ];
        expect(after!.map(seen)).toEqual(before!.map(seen));
        expect(reduced.length).toBeLessThanOrEqual(records.length);
      }
    }),
    { numRuns: 500 },
  );
});
