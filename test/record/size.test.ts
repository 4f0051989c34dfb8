import fc from 'fast-check';
import { attributesSize, CHARACTER_BYTES } from '../../src/record/index.ts';

const EMPTY = attributesSize({});

test('even an empty record has the size that the SDK needs for it', () => {
  expect(EMPTY).toBeGreaterThanOrEqual(331);
});

test('a text in an attribute counts at least two bytes per character, at any depth', () => {
  fc.assert(
    fc.property(
      fc.string(),
      fc.array(fc.string()),
      fc.dictionary(fc.string(), fc.string()),
      (text, list, map) => {
        const ofMap = Object.entries(map).flat().join('').length;
        const characters = text.length + list.join('').length + ofMap;
        const size = attributesSize({ text, list, map: { map } });
        expect(size - EMPTY).toBeGreaterThanOrEqual(characters * CHARACTER_BYTES);
      },
    ),
  );
});

test('every attribute and every element has a size, even a number', () => {
  expect(attributesSize({ a: 1 })).toBeGreaterThan(EMPTY);
  expect(attributesSize({ a: [1, 2, 3] })).toBeGreaterThan(attributesSize({ a: [1, 2] }));
  expect(attributesSize({ a: { b: null } })).toBeGreaterThan(attributesSize({ a: {} }));
  expect(attributesSize({ a: undefined })).toBeGreaterThan(EMPTY);
});

test('a key inside a value counts two bytes per character', () => {
  const size = attributesSize({ a: { ['k'.repeat(5_000)]: 1 } });
  expect(size - EMPTY).toBeGreaterThanOrEqual(5_000 * CHARACTER_BYTES);
});

test('bytes count their length, and not much more', () => {
  const size = attributesSize({ a: new Uint8Array(5_000) }) - EMPTY;
  expect(size).toBeGreaterThanOrEqual(5_000);
  expect(size).toBeLessThan(5_100);
});

test('a key that is too long to be a constant counts; short ones are shared by all records', () => {
  expect(attributesSize({ ['k'.repeat(5_000)]: 1 }) - EMPTY).toBeGreaterThanOrEqual(5_000 * CHARACTER_BYTES);
  expect(attributesSize({ 'http.request.method': 1 })).toBe(attributesSize({ a: 1 }));
});

test('a list with too many values counts by its length', () => {
  const list = new Array(1_000_000).fill(1);
  expect(attributesSize({ list })).toBeGreaterThan(20_000_000);
});

test('sizes are whole numbers, as the arena requires', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.anything()), (attributes) => {
      expect(Number.isSafeInteger(attributesSize(attributes))).toBe(true);
    }),
  );
});

test('a cycle has a size, and a big one', () => {
  const list: unknown[] = [];
  list.push(list);
  expect(attributesSize({ list })).toBeGreaterThan(1_000_000);
});
