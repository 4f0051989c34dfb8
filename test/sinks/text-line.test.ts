import * as fc from 'fast-check';
import { logGroups } from '../../src/otlp/index.ts';
import { textLines } from '../../src/sinks/file/text-line.ts';
import { amplifying } from '../otlp/amplifying.ts';

/** Time, severity, names of service and logger, trace and span. */
const MOST_OF_A_LINE = 400;

test('lines of text are a small multiple of the request, whatever their service and logger are called', () => {
  fc.assert(
    fc.property(amplifying, ({ body, records }) => {
      const text = [...logGroups(body)].map(textLines).join('');
      expect(text.split('\n')).toHaveLength(records + 1);
      expect(Buffer.byteLength(text)).toBeLessThanOrEqual(8 * body.length + MOST_OF_A_LINE * records);
    }),
    { numRuns: 500 },
  );
});
