import fc from 'fast-check';
import { freeze, type ReadableLogRecordLike, recordSize, truncate } from '../../src/record/index.ts';
import { handMade } from '../support/delivery-pipeline.ts';

const PLENTY = 1_000_000;
const record = (given: object): ReadableLogRecordLike => ({ ...handMade('body'), ...given });

test('a record within the bound is returned itself if its body is a text, and as a view with a copy if it is an object', () => {
  const ofText = record({ attributes: { a: 1 } });
  const body = { user: { name: 'leo' } };
  const ofObject = freeze(record({ body }), PLENTY).record;
  body.user.name = 'eva';
  expect(freeze(ofText, PLENTY).record).toBe(ofText);
  expect(ofObject.body).toEqual({ user: { name: 'leo' } });
});

test('a long text keeps its start, and an attribute has the size of the whole', () => {
  const whole = record({ body: 'x'.repeat(50_000) });
  const { record: start, size } = freeze(whole, 10_000);
  expect(start.body).toMatch(/^x{4000,5000}$/);
  expect(start.attributes).toEqual({ 'burstlog.truncated_from': recordSize(whole) });
  expect(size).toBeLessThanOrEqual(10_000);
});

test('a long attribute does not truncate short ones, or the body', () => {
  const attributes = { id: 7, 'exception.stacktrace': 'x'.repeat(50_000), user: 'leo' };
  const { record: start } = freeze(record({ attributes }), 10_000);
  expect(start.attributes).toEqual({
    id: 7,
    'exception.stacktrace': expect.stringMatching(/^x{4000,5000}$/),
    user: 'leo',
    'burstlog.truncated_from': expect.any(Number),
  });
  expect(start.body).toBe('body');
});

test('several long values share the available size', () => {
  const long = 'x'.repeat(50_000);
  const { record: start } = freeze(record({ body: long, attributes: { long } }), 10_000);
  expect(start.body).toMatch(/^x{2000,2500}$/);
  expect(start.attributes.long).toMatch(/^x{2000,2500}$/);
});

test('a big object keeps its first fields and is not read to its end', () => {
  let reads = 0;
  const body = Array.from({ length: 100_000 }, (_, at) =>
    Object.defineProperty({}, 'at', {
      enumerable: true,
      get: () => {
        reads += 1;
        return at;
      },
    }),
  );
  const { record: start } = freeze(record({ body }), 10_000);
  expect(start.body.slice(0, 3)).toEqual([{ at: 0 }, { at: 1 }, { at: 2 }]);
  expect(start.attributes['burstlog.truncated_from']).toBeGreaterThan(2_000_000);
  expect(reads).toBeLessThan(1_000);
});

test('a null or undefined body is kept, however small the bound', () => {
  const attributes = Object.fromEntries(Array.from('abcdefghij', (name) => [name, 1]));
  for (const body of [null, undefined]) {
    for (let maxBytes = 500; maxBytes < 800; maxBytes += 1) {
      expect(truncate(record({ attributes, body }), maxBytes, 10_000).record.body).toBe(body);
    }
  }
});

test('truncated a second time, it keeps its first original size', () => {
  const once = freeze(record({ body: 'x'.repeat(50_000) }), 10_000).record;
  expect(freeze(once, 5_000).record.attributes).toEqual(once.attributes);
});

test('is never larger than the bound, and marked if and only if it was truncated', () => {
  const value = fc.oneof(
    fc.string(),
    fc.string({ maxLength: 20 }).map((text) => text.repeat(100)),
    fc.jsonValue(),
  );
  fc.assert(
    fc.property(
      fc.dictionary(fc.string({ maxLength: 10 }), value),
      value,
      fc.integer({ min: 600, max: 4_000 }),
      (attributes, body, maxBytes) => {
        const frozen = freeze(record({ attributes, body }), maxBytes);
        const isMarked = 'burstlog.truncated_from' in frozen.record.attributes;
        expect(isMarked).toBe(freeze(record({ attributes, body }), PLENTY).size > maxBytes);
        expect(frozen.size).toBeLessThanOrEqual(maxBytes);
      },
    ),
  );
});
