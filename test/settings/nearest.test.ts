import { listed, nearest, suggestion } from '../../src/settings/index.ts';

const known = ['capacity', 'maxBytes', 'maxAge', 'level', 'emitLevel'];

test.each([
  ['capacty', 'capacity'],
  ['capaciyt', 'capacity'],
  ['CAPACITY', 'capacity'],
  ['max_bytes', 'maxBytes'],
  ['max-bytes', 'maxBytes'],
  ['Max Bytes', 'maxBytes'],
  ['maxByte', 'maxBytes'],
  ['levle', 'level'],
  ['emitLevels', 'emitLevel'],
  ['leve', 'level'],
  ['', undefined],
  ['x', undefined],
  ['le', undefined],
  ['timeout', undefined],
])('%j means %j', (given, expected) => {
  expect(nearest(given, known)).toBe(expected);
});

test('the most similar of several names is suggested, and the first of equally similar ones', () => {
  expect(nearest('colourx', ['color', 'colour', 'colors'])).toBe('colour');
  expect(nearest('ab', ['aa', 'bb'])).toBe('aa');
  expect(nearest('a', [])).toBeUndefined();
});

test('a long name is compared by its first characters', () => {
  expect(nearest('x'.repeat(1e6), ['x'.repeat(100), 'y'])).toBe('x'.repeat(100));
});

test('a suggestion names the most similar name, or lists all of them', () => {
  expect(suggestion('levle', known)).toBe('; did you mean level?');
  expect(suggestion('zebra', ['a', 'b'])).toBe('; known names: a, b');
});

test.each<[string[], string]>([
  [[], ''],
  [['a'], 'a'],
  [['a', 'b'], 'a or b'],
  [['a', 'b', 'c'], 'a, b or c'],
])('%j is listed as %j', (words, text) => {
  expect(listed(words)).toBe(text);
});
