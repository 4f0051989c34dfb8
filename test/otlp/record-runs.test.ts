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
        const isBad = ({ count, records }: (typeof runs)[number]) =>
          count > maxRecords ||
          (count > 1 && records.length > maxBytes) ||
          [...recordFields(records)].length !== count;
        expect(runs.filter(isBad)).toEqual([]);
      },
    ),
    { numRuns: 500 },
  );
});
