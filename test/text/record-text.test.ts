import { EMPTY_RECORD } from '../../src/otlp/index.ts';
import { attributesText, bodyText, severityText, stringOf, timeText } from '../../src/text/index.ts';

test('the text of a record is its body, or else the name of its event', () => {
  expect(bodyText({ ...EMPTY_RECORD, body: 'paid', eventName: 'order.paid' })).toBe('paid');
  for (const body of [undefined, null, '']) {
    expect(bodyText({ ...EMPTY_RECORD, body, eventName: 'order.paid' })).toBe('order.paid');
  }
  const body = { entries: [['a', [1, { double: 2 }, null]]] as const };
  expect(bodyText({ ...EMPTY_RECORD, body })).toBe('{"a":[1,2,null]}');
});

test('attributes are plain words, or quoted if they are not', () => {
  expect(attributesText([])).toBe('');
  expect(
    attributesText([
      ['user', 'leo'],
      ['two words', 'a b'],
      ['sum', 'a=b'],
      ['said', '"no"'],
      ['line', 'a\nb'],
      ['none', null],
      ['n', 2n ** 60n],
      ['list', [1, 2]],
      ['ü', '東京'],
    ]),
  ).toBe(
    ' user=leo "two words"="a b" sum="a=b" said="\\"no\\"" line="a\\nb" none="" n=1152921504606846976 list=[1,2] ü=東京',
  );
});

test('a string attribute is found by its key, the first of several', () => {
  const attributes = [
    ['a', 'one'],
    ['a', 'two'],
    ['n', 5],
  ] as const;
  expect(['a', 'n', 'x', '__proto__'].map((key) => stringOf(attributes, key))).toEqual(['one', '', '', '']);
});

test('a time has microseconds, is the observed time if there is no other, and `-` if it cannot be shown', () => {
  const at = (timeUnixNano: bigint, observedTimeUnixNano = 0n) =>
    timeText({ ...EMPTY_RECORD, timeUnixNano, observedTimeUnixNano });
  expect(at(1_795_241_556_123_456_789n)).toBe('2026-11-21T06:12:36.123456Z');
  expect(at(1_000_000n)).toBe('1970-01-01T00:00:00.001000Z');
  expect(at(0n, 1_795_241_556_000_007_000n)).toBe('2026-11-21T06:12:36.000007Z');
  expect(at(5n, 1_795_241_556_000_007_000n)).toBe('-');
  expect([at(0n), at(2n ** 64n - 1n)]).toEqual(['-', '2554-07-21T23:34:33.709551Z']);
});

test('a severity has the name of its number, otherwise the text of its sender', () => {
  const of = (severityNumber: number, text = '') =>
    severityText({ ...EMPTY_RECORD, severityNumber, severityText: text });
  expect([of(1), of(9, 'notice'), of(24)]).toEqual(['TRACE', 'INFO', 'FATAL4']);
  expect([of(0, 'notice'), of(25, 'loud'), of(-1, 'odd'), of(0)]).toEqual(['notice', 'loud', 'odd', '-']);
});
