import {
  boundedText,
  colored,
  columnsOf,
  cutToColumns,
  parseDuration,
  parseSize,
  safeJson,
  safeText,
  showDuration,
  showSize,
  valueText,
} from '../../src/text/index.ts';

test.each<[string, number]>([
  ['', 0],
  ['abc ~', 5],
  ['é', 1],
  ['e\u0301', 1],
  ['東京', 4],
  ['ｱ', 1],
  ['Ａ', 2],
  ['한', 2],
  ['👍', 2],
  ['\u200d', 0],
  ['𠀀', 2],
  ['…│', 2],
])('%j takes %d columns', (text, columns) => {
  expect(columnsOf(text)).toBe(columns);
});

test('a text is truncated before the first character that does not fit, never within one', () => {
  expect([0, 1, 3, 4].map((columns) => cutToColumns('abc', columns))).toEqual(['', 'a', 'abc', 'abc']);
  expect([0, 1, 2, 3, 4].map((columns) => cutToColumns('東京', columns))).toEqual([
    '',
    '',
    '東',
    '東',
    '東京',
  ]);
  expect([0, 1, 2].map((columns) => cutToColumns('e\u0301x', columns))).toEqual(['', 'e\u0301', 'e\u0301x']);
  expect([1, 2, 3].map((columns) => cutToColumns('👍a', columns))).toEqual(['', '👍', '👍a']);
  // As many characters as there are columns, but not as wide.
  expect(cutToColumns('東b', 2)).toBe('東');
});

test.each<[string, string, string]>([
  ['plain ~', 'plain ~', 'plain ~'],
  ['a\nb\r\tc', 'a\\nb\\r\\tc', 'a\\nb\\r\\tc'],
  ['\x00\x1b\x7f\x9b', '\\x00\\x1b\\x7f\\x9b', '\\x00\\x1b\\x7f\\x9b'],
  ['\u2028\u202e\ufeff', '\\u2028\\u202e\\ufeff', '\\u2028\\u202e\\ufeff'],
  ['\ud800', '\\ud800', '\\ud800'],
  ['é東👍', 'é東👍', '\\xe9\\u6771\\u{1f44d}'],
  ['\u{e0001}', '\\u{e0001}', '\\u{e0001}'],
  [`e${'\u0301'.repeat(8)}`, `e${'\u0301'.repeat(8)}`, `e${'\\u0301'.repeat(8)}`],
  [`e${'\u0301'.repeat(9)}x`, `e${'\u0301'.repeat(8)}…x`, `e${'\\u0301'.repeat(8)}\\u2026x`],
])('%j is shown as %j, and in ASCII as %j', (text, safe, ascii) => {
  expect(safeText(text)).toBe(safe);
  expect(safeText(text, true)).toBe(ascii);
});

test('JSON keeps its meaning, and contains nothing unsafe', () => {
  const value = { 'a\u009b': 'b\u202e\u{e0001}\ud800', c: ['\n', 'é'] };
  const json = safeJson(value);
  expect(json).toBe('{"a\\u009b":"b\\u202e\\udb40\\udc01\\ud800","c":["\\n","é"]}');
  expect(JSON.parse(json)).toEqual(value);
});

test('a truncated text says how much was omitted', () => {
  expect([boundedText('abcd', 4), boundedText('abcde', 4)]).toEqual(['abcd', 'abcd… (1 more)']);
});

test('a text without style, or without characters, has no escape sequence', () => {
  expect([colored('x', 'plain'), colored('', 'red'), colored('x', 'reverseRed')]).toEqual([
    'x',
    '',
    '\x1b[1;7;31mx\x1b[0m',
  ]);
});

test.each<[string, number | undefined]>([
  ['0', 0],
  ['1B', 1],
  ['64MiB', 2 ** 26],
  ['64 MiB', 2 ** 26],
  ['1.5KiB', 1_536],
  ['1KB', 1_000],
  ['1', undefined],
  ['1kb', undefined],
  ['0.1B', undefined],
  ['-1B', undefined],
  ['1  KB', undefined],
  ['1constructor', undefined],
  ['', undefined],
])('the size %j is %p bytes', (text, bytes) => {
  expect(parseSize(text)).toBe(bytes);
});

test.each<[string, number | undefined]>([
  ['0', 0],
  ['1ms', 1],
  ['1.5s', 1_500],
  ['1h30m', 5_400_000],
  ['1d1h1m1s1ms', 90_061_001],
  ['1d1h1m1s1ms1ms', undefined],
  ['5', undefined],
  ['1.5ms', undefined],
  ['1 s', undefined],
  ['-1s', undefined],
  ['1y', undefined],
])('the duration %j is %p milliseconds', (text, millis) => {
  expect(parseDuration(text)).toBe(millis);
});

test('sizes and durations are shown in the largest unit that is exact', () => {
  expect([0, 1, 1_024, 1_536, 2 ** 20, 2 ** 40 * 3].map(showSize)).toEqual(
    [0, 1, 1_024, 1_536, 2 ** 20, 2 ** 40 * 3].map((bytes) => showSize(parseSize(showSize(bytes))!)),
  );
  expect([1_024, 2 ** 26, 1_000].map(showSize)).toEqual(['1KiB', '64MiB', '1000B']);
  expect([1, 1_000, 5_400_000, 86_400_000].map(showDuration)).toEqual(['1ms', '1s', '90m', '1d']);
});

test('a value is written to its eighth level, and to its sixteen thousandth character', () => {
  const nested = (levels: number): unknown => (levels === 0 ? 1 : { a: nested(levels - 1) });
  expect(valueText(nested(8))).toBe(`${'{"a":'.repeat(8)}1${'}'.repeat(8)}`);
  expect(valueText(nested(9))).toBe(`${'{"a":'.repeat(8)}…${'}'.repeat(8)}`);
  expect(valueText('x'.repeat(20_000))).toHaveLength(20_000);
  expect(valueText(['x'.repeat(20_000)]).length).toBeLessThan(16_500);
  expect(valueText([])).toBe('[]');
  expect(valueText({})).toBe('{}');
  expect(valueText(true)).toBe('true');
  expect(valueText(Symbol('s'))).toBe('Symbol(s)');
});
