import fc from 'fast-check';
import { scanLogs, scanLogsInTurns, type WireError } from '../../src/otlp/index.ts';
import { field } from '../support/protobuf.ts';
import { emittedRecord, encodeLogs, sdkRecords } from './records.ts';

const MIB = 2 ** 20;
const noPause = () => Promise.resolve();

test('a request that is scanned in steps has the same result as one that is scanned at once', async () => {
  const requests = fc
    .tuple(fc.array(emittedRecord, { minLength: 1, maxLength: 6 }), fc.nat(), fc.nat(255), fc.boolean())
    .map(([emitted, at, byte, isDamaged]) => {
      const bytes = Buffer.from(encodeLogs(sdkRecords(emitted)));
      if (isDamaged) bytes[at % bytes.length] = byte;
      return bytes;
    });
  await fc.assert(
    fc.asyncProperty(requests, fc.integer({ min: 1, max: 300 }), async (bytes, turnBytes) => {
      // A small bound of values, so that it is met too.
      const at = (scan: () => unknown) =>
        Promise.resolve()
          .then(scan)
          .catch((error: WireError) => [error.cause, error.message]);

      expect(await at(() => scanLogsInTurns(bytes, 400, noPause, turnBytes))).toEqual(
        await at(() => scanLogs(bytes, 400)),
      );
    }),
    { numRuns: 500 },
  );
});

test('a large request is scanned in steps, so that others are served in the meantime; a small one at once', async () => {
  const record = field(2, field(5, field(1, Buffer.alloc(1_000, 'x'))));
  const large = field(1, field(2, ...new Array(16_000).fill(record)));
  let pauses = 0;
  const pause = async () => {
    pauses += 1;
  };

  expect(scanLogsInTurns(large.subarray(0, 0), 64 * MIB, pause)).toEqual({ records: 0 });
  expect(await scanLogsInTurns(large, 64 * MIB, pause)).toEqual({ records: 16_000 });
  expect(pauses).toBe(3);
});
