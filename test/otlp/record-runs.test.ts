import * as fc from 'fast-check';
import { recordFields, recordRuns, runRequest } from '../../src/otlp/index.ts';
import { expectEqual } from '../support/expect-equal.ts';
import { amplifying, flat } from './amplifying.ts';

test('the runs of a request hold its records, each with its resource and scope, in their order', () => {
  fc.assert(
    fc.property(
      amplifying,
      fc.integer({ min: 1, max: 5 }),
      fc.integer({ min: 1, max: 300 }),
      ({ body }, maxRecords, maxBytes) => {
        const runs = [...recordRuns(body, maxRecords, maxBytes)];

        const requests = runs.map(({ head, records }) => runRequest(head, [records]));
        expectEqual(flat(requests), flat([body]));
        const isBad = ({ head, count, records }: (typeof runs)[number], at: number) =>
          count > maxRecords ||
          (count > 1 && records.length > maxBytes) ||
          [...recordFields(records)].length !== count ||
          endsTooEarly(records.length, count, runs[at + 1]?.head === head ? runs[at + 1] : undefined);
        // A run ends where the next record would be too much, and not before.
        const endsTooEarly = (bytes: number, count: number, next: (typeof runs)[number] | undefined) =>
          next !== undefined &&
          count < maxRecords &&
          bytes + [...recordFields(next.records)][0]!.length <= maxBytes;
        expect(runs.filter(isBad)).toEqual([]);
      },
    ),
    { numRuns: 200 },
  );
});
