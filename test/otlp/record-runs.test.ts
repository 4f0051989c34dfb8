import * as fc from 'fast-check';
import { recordFields, recordRuns, runRequest } from '../../src/otlp/index.ts';
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
        expect(flat(requests)).toEqual(flat([body]));
        for (const { count, records } of runs) {
          expect(count).toBeLessThanOrEqual(maxRecords);
          expect([...recordFields(records)]).toHaveLength(count);
          if (count > 1) expect(records.length).toBeLessThanOrEqual(maxBytes);
        }
      },
    ),
    { numRuns: 500 },
  );
});
