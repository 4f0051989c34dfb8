import * as fc from 'fast-check';
import { decodeLogs } from '../../src/otlp/index.ts';
import { requestPieces } from '../../src/otlp/request-pieces.ts';
import { batch, record } from '../sinks/support/logs.ts';

/** Every record with its service and logger, in order. */
function flat(bodies: readonly Uint8Array[]) {
  return bodies.flatMap((body) =>
    decodeLogs(body).resources.flatMap(({ attributes, scopes }) =>
      scopes.flatMap(({ name, records }) => records.map((each) => ({ attributes, name, record: each }))),
    ),
  );
}

test('a request cut into pieces holds the same records, each with its resource and scope', () => {
  const request = fc.array(
    fc.tuple(fc.string(), fc.string(), fc.array(fc.string({ maxLength: 400 }), { maxLength: 12 })),
    { maxLength: 5 },
  );
  fc.assert(
    fc.property(
      request,
      fc.integer({ min: 1, max: 6 }),
      fc.integer({ min: 1, max: 600 }),
      (parts, most, bytes) => {
        const body = Buffer.concat(
          parts.map(([service, scope, texts]) =>
            batch(
              texts.map((text) => record(text)),
              service,
              scope,
            ),
          ),
        );
        const records = parts.reduce((sum, [, , texts]) => sum + texts.length, 0);

        const pieces = [...requestPieces(body, records, most, bytes)];

        expect(flat(pieces.map((piece) => piece.body))).toEqual(flat([body]));
        for (const piece of pieces) {
          expect(flat([piece.body]).length).toBe(piece.records);
          if (pieces.length > 1) expect(piece.records).toBeLessThanOrEqual(most);
          if (piece.records > 1) expect(piece.body.length).toBeLessThanOrEqual(bytes);
        }
      },
    ),
  );
});
