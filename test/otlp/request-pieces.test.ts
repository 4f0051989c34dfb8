import * as fc from 'fast-check';
import { decodeLogs, requestPieces } from '../../src/otlp/index.ts';
import { expectEqual } from '../support/expect-equal.ts';
import { field } from '../support/protobuf.ts';
import { amplifying, flat } from './amplifying.ts';

test('a request cut into pieces holds the same records, each with its resource and scope', () => {
  fc.assert(
    fc.property(amplifying, fc.integer({ min: 1, max: 600 }), ({ body, records }, maxBytes) => {
      const pieces = [...requestPieces(body, records, maxBytes)];

      const held = pieces.map((piece) => flat([piece.body]));
      expectEqual(held.flat(), flat([body]));
      expectEqual(
        held.map(({ length }) => length),
        pieces.map((piece) => piece.records),
      );
    }),
    { numRuns: 200 },
  );
});

test('a piece does not exceed its bound if resource and scope are small, or has one record', () => {
  fc.assert(
    fc.property(amplifying, fc.integer({ min: 100, max: 600 }), ({ body, records, repeated }, maxBytes) => {
      fc.pre(repeated < maxBytes / 8);
      const pieces = [...requestPieces(body, records, maxBytes)];
      expect(pieces.filter((piece) => piece.records > 1 && piece.body.length > maxBytes)).toEqual([]);
    }),
    { numRuns: 200 },
  );
});

test('all pieces together are at most five times the request, whatever it repeats', () => {
  fc.assert(
    fc.property(amplifying, fc.integer({ min: 1, max: 600 }), ({ body, records }, maxBytes) => {
      let bytes = 0;
      for (const piece of requestPieces(body, records, maxBytes)) bytes += piece.body.length;
      expect(bytes).toBeLessThanOrEqual(5 * body.length + 64);
    }),
    { numRuns: 300 },
  );
});

test('a large resource, or a large scope, is repeated for a few pieces only', () => {
  const large = Buffer.alloc(300_000, 'r');
  const resource = field(1, field(1, field(1), field(2, field(1, large))));
  const record = field(2, field(3, Buffer.from('x')));
  const records = Buffer.concat(Array.from({ length: 2_000 }, () => record));
  const manyScopes = Buffer.concat(Array.from({ length: 2_000 }, () => field(2, record)));
  for (const body of [
    field(1, resource, field(2, records)),
    field(1, field(2, field(1, field(1, large)), records)),
    field(1, resource, manyScopes),
  ]) {
    const pieces = [...requestPieces(body, 2_000, 262_144)];
    expect(pieces.length).toBeLessThanOrEqual(2);
    expect(pieces.reduce((sum, piece) => sum + piece.body.length, 0)).toBeLessThan(2 * body.length);
  }
});

test('bytes that are not a request are refused', () => {
  expect(() => [...requestPieces(Uint8Array.of(0x0a, 9, 1, 2), 1, 1)]).toThrow(
    expect.objectContaining({ malformed: true }),
  );
  expect(decodeLogs([...requestPieces(new Uint8Array(0), 0, 1)][0]!.body).resources).toEqual([]);
});
