import {
  checkKnown,
  checkObject,
  duration,
  shown,
  wholeNumber,
  withDefaults,
  withMethods,
} from '../../src/settings/index.ts';

test.each<[unknown, string]>([
  ['text', '"text"'],
  ['x'.repeat(81), `"${'x'.repeat(77)}..."`],
  [0, '0'],
  [1n, '1'],
  [Symbol('s'), 'Symbol(s)'],
  [null, 'null'],
  [undefined, 'undefined'],
  [() => 1, 'a function'],
  [[1], 'an array'],
  [Object.create(null), 'an object'],
])('a value stands in a message as short text: %p', (value, expected) => {
  expect(shown(value)).toBe(expected);
});

test('an unknown option is refused, and the message lists the known ones', () => {
  expect(() => checkKnown('Burst', { capacty: 1 }, ['capacity', 'level'])).toThrow(
    new TypeError('Burst has no option "capacty"; known names: capacity, level'),
  );
  expect(() => checkKnown('Burst', { level: 1 }, ['capacity', 'level'])).not.toThrow();
});

test.each([undefined, null, 'text', [], () => {}])(
  'options that are not an object are refused: %p',
  (value) => {
    expect(() => checkObject('Burst', value)).toThrow(`Burst must be an object, got ${shown(value)}`);
  },
);

test('a whole number is taken within its bounds only', () => {
  expect([wholeNumber('n', 1, 1), wholeNumber('n', 9, 1, 9)]).toEqual([1, 9]);
  for (const wrong of [0, 10, 1.5, Number.NaN, Number.POSITIVE_INFINITY, '5', null]) {
    expect(() => wholeNumber('n', wrong, 1, 9)).toThrow(
      new RangeError(`n must be a whole number from 1 to 9, got ${shown(wrong)}`),
    );
  }
  expect(() => wholeNumber('n', 2 ** 53, 1)).toThrow('n must be a whole number from 1, got 9007199254740992');
});

test('a duration may be a fraction of a millisecond and endless, but not negative or NaN', () => {
  expect([duration('d', 0), duration('d', 0.5), duration('d', Number.POSITIVE_INFINITY)]).toEqual([
    0,
    0.5,
    Number.POSITIVE_INFINITY,
  ]);
  for (const wrong of [-1, Number.NaN, '5', undefined]) {
    expect(() => duration('d', wrong)).toThrow(
      new RangeError(`d must be a number of milliseconds from 0, got ${shown(wrong)}`),
    );
  }
});

test('an object must have all the methods, its own or inherited', () => {
  class Exporter {
    export() {}
    shutdown() {}
  }
  const exporter = new Exporter();
  expect(withMethods('exporter', exporter, ['export', 'shutdown'])).toBe(exporter);
  for (const wrong of [undefined, null, 'otlp', {}, { export() {} }, { export() {}, shutdown: true }]) {
    expect(() => withMethods('exporter', wrong, ['export', 'shutdown'])).toThrow(
      `exporter must be an object with export(), shutdown(), got ${shown(wrong)}`,
    );
  }
});

test('defaults apply to options that are not set; undefined counts as not set, null and false do not', () => {
  const defaults: Record<string, unknown> = { a: 1, b: 2, c: 3, d: 4 };
  const given = { a: 9, b: undefined, c: false, d: null };
  expect(withDefaults(defaults, given)).toEqual({ a: 9, b: 2, c: false, d: null });
  expect(defaults).toEqual({ a: 1, b: 2, c: 3, d: 4 });
});
