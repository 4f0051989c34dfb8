import * as fc from 'fast-check';
import {
  clockText,
  count,
  counted,
  durationText,
  instantText,
  isoText,
  parseDuration,
  parseSize,
  showDuration,
  showSize,
  sizeText,
} from '../../src/text/index.ts';

test.each([
  [0, '0 s'],
  [-1, '0 s'],
  [Number.NaN, '0 s'],
  [0.000_85, '850 µs'],
  [0.000_999_6, '1.0 ms'],
  [0.009_99, '10.0 ms'],
  [0.412, '412 ms'],
  [0.9996, '1.00 s'],
  [1.24, '1.24 s'],
  [9.996, '10.0 s'],
  [59.94, '59.9 s'],
  [59.99, '1 min'],
  [123, '2 min 3 s'],
  [3_599.6, '1 h'],
  [7_260, '2 h 1 min'],
  [86_400, '1 d'],
  [90_000, '1 d 1 h'],
  [1e9, '11,574 d 2 h'],
])('%d seconds are %s', (seconds, text) => {
  expect(durationText(seconds)).toBe(text);
});

test.each([
  [0, '0 B'],
  [1_023, '1020 B'],
  [1_024, '1 KiB'],
  [1_536, '1.5 KiB'],
  [67_108_864, '64 MiB'],
  [1.5e12, '1.36 TiB'],
])('%d bytes are %s', (bytes, text) => {
  expect(sizeText(bytes)).toBe(text);
});

test('numbers have separators, and nouns have a plural', () => {
  expect(count(1_234_567)).toBe('1,234,567');
  expect(counted(1, 'task')).toBe('1 task');
  expect(counted(1_204, 'task')).toBe('1,204 tasks');
  expect(counted(2, 'copy', 'copies')).toBe('2 copies');
});

test('a time that is unknown, or beyond the year 9999, is not shown', () => {
  const millis = 1_795_241_556_123;
  expect([clockText(millis), instantText(millis)]).toEqual(['06:12:36.123', '2026-11-21 06:12:36.123 UTC']);
  for (const unknown of [0, -1, Number.NaN, 253_402_300_800_000]) {
    expect([clockText(unknown), instantText(unknown)]).toEqual(['--:--:--.---', 'time unknown']);
    expect(isoText(unknown)).toBeUndefined();
  }
});

const units = {
  KB: 1_000n,
  MB: 1_000_000n,
  GB: 10n ** 9n,
  TB: 10n ** 12n,
  KiB: 2n ** 10n,
  TiB: 2n ** 40n,
} as const;

test('a size with decimals is exact, or invalid if its bytes are not whole', () => {
  expect(parseSize('16.1GB')).toBe(16_100_000_000);
  fc.assert(
    fc.property(
      fc.constantFrom(...(Object.keys(units) as (keyof typeof units)[])),
      fc.nat(99_999),
      fc
        .integer({ min: 1, max: 9 })
        .chain((digits) => fc.tuple(fc.constant(digits), fc.nat(10 ** digits - 1))),
      (unit, before, [digits, behind]) => {
        const scale = 10n ** BigInt(digits);
        const scaled = (BigInt(before) * scale + BigInt(behind)) * units[unit];
        const isExact = scaled % scale === 0n && scaled / scale <= BigInt(Number.MAX_SAFE_INTEGER);
        expect(parseSize(`${before}.${String(behind).padStart(digits, '0')}${unit}`)).toBe(
          isExact ? Number(scaled / scale) : undefined,
        );
      },
    ),
    { numRuns: 2_000 },
  );
});

test('a formatted size or duration is parsed as the same number, up to the largest', () => {
  for (const most of [2 ** 53 - 1, 2 ** 53 - 2, 10 ** 15, 10 ** 15 + 1, 0, 1]) {
    expect([parseSize(showSize(most)), parseDuration(showDuration(most))]).toEqual([most, most]);
  }
  expect(parseSize('9007199254740992B')).toBeUndefined();
  expect(parseDuration('9007199254740991ms1ms')).toBeUndefined();
  expect(parseDuration('9007199254740990ms1ms')).toBe(2 ** 53 - 1);
});
