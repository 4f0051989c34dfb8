import fc from 'fast-check';
import { parseSeverity, rankOf, Severity, type SeverityName, severityOf } from '../../src/record/index.ts';

const names = Object.keys(Severity).filter((name) => name !== 'UNSPECIFIED') as SeverityName[];

test('the 24 severities are those of the data model: six words, four steps each', () => {
  const words = ['TRACE', 'DEBUG', 'INFO', 'WARN', 'ERROR', 'FATAL'];
  const expected = words.flatMap((word) => [word, `${word}2`, `${word}3`, `${word}4`]);
  expect(names).toEqual(expected);
  expect(names.map((name) => Severity[name])).toEqual(expected.map((_, index) => index + 1));
});

test.each(names)('%s is parsed by name and by number', (name) => {
  expect(parseSeverity('level', name)).toBe(Severity[name]);
  expect(parseSeverity('level', Severity[name])).toBe(Severity[name]);
});

test.each([
  0,
  25,
  9.5,
  Number.NaN,
  '9',
  'debug',
  'UNSPECIFIED',
  'toString',
  '__proto__',
  '',
  null,
  undefined,
  {},
])('%p is not a severity, and the message names the option', (value) => {
  expect(() => parseSeverity('emitLevel', value)).toThrow(RangeError);
  expect(() => parseSeverity('emitLevel', value)).toThrow(
    /^emitLevel must be a severity from 1 to 24 or a name such as "DEBUG", "INFO" or "ERROR", got /,
  );
});

test.each([undefined, 0, -1, Number.NaN])('a record whose severity is %p ranks as INFO', (severity) => {
  expect(rankOf(severity)).toBe(Severity.INFO);
});

test('a rank is a whole number from 1 to 24, and no louder record ranks below a quieter one', () => {
  const severity = fc.oneof(fc.integer({ min: 1, max: 30 }), fc.double({ min: 1, noNaN: true }));
  fc.assert(
    fc.property(severity, severity, (one, other) => {
      const [quieter, louder] = one <= other ? [one, other] : [other, one];
      expect(rankOf(quieter)).toBeLessThanOrEqual(rankOf(louder));
      for (const rank of [rankOf(one), rankOf(other)]) {
        expect(Number.isInteger(rank) && rank >= 1 && rank <= 24).toBe(true);
      }
    }),
  );
});

describe('the severity of a record', () => {
  test('is its number, whatever its text', () => {
    expect(severityOf({ severityNumber: 9, severityText: 'fatal' })).toBe(9);
    expect(severityOf({ severityNumber: 99 })).toBe(99);
  });

  test.each(names)('without a number is that of its text, in any case: %s', (name) => {
    for (const severityText of [name, name.toLowerCase(), name[0] + name.slice(1).toLowerCase()]) {
      expect(severityOf({ severityText })).toBe(Severity[name]);
      expect(severityOf({ severityNumber: 0, severityText })).toBe(Severity[name]);
    }
  });

  test('accepts names of other logging libraries, such as "warning"', () => {
    expect(severityOf({ severityText: 'Warning' })).toBe(Severity.WARN);
    expect(severityOf({ severityText: 'silly' })).toBe(Severity.TRACE);
  });

  test.each([
    undefined,
    '',
    'loud',
    'ERROR5',
    'UNSPECIFIED',
    'toString',
    'constructor',
    'x'.repeat(1e6),
    5,
    null,
  ])('is unspecified if its text is %p', (severityText) => {
    expect(severityOf({ severityText: severityText as string })).toBe(Severity.UNSPECIFIED);
  });

  test.each([Number.NaN, -1, '17', 17n, Symbol('17'), {}])(
    'is unspecified if its number is %p',
    (severityNumber) => {
      expect(severityOf({ severityNumber: severityNumber as number })).toBe(Severity.UNSPECIFIED);
    },
  );
});
