import { valueText } from '../../src/text/index.ts';

test.each<[string, unknown, string]>([
  ['a text', 'a "text"', 'a "text"'],
  ['nothing', undefined, ''],
  ['null', null, ''],
  ['a number', 2.5, '2.5'],
  ['a bigint', 2n ** 64n, '18446744073709551616'],
  ['a list', ['a', 1, null, [true]], '["a",1,null,[true]]'],
  ['a map', { a: 'b c', 'd e': { f: 1n } }, '{"a":"b c","d e":{"f":1}}'],
  ['bytes', new Uint8Array(3), '(3 bytes)'],
  ['a date', new Date(0), '"1970-01-01T00:00:00.000Z"'],
  ['what JSON does not have', { a: undefined, b: Number.NaN }, '{"a":undefined,"b":null}'],
])('%s', (_, value, text) => {
  expect(valueText(value)).toBe(text);
});

test('deep or long values are truncated', () => {
  let deep: unknown = 1;
  for (let level = 0; level < 5_000; level += 1) deep = [deep];
  expect(valueText(deep)).toBe(`${'['.repeat(8)}…${']'.repeat(8)}`);
  expect(valueText(new Array(1e6).fill('x')).length).toBeLessThan(16_500);
  expect(valueText({ a: 'x'.repeat(1e6), b: 'x' }).length).toBeLessThan(33_000);
});

test('it never throws', () => {
  const no = () => {
    throw new Error('no');
  };
  expect(
    valueText({
      a: 1,
      get b() {
        return no();
      },
    }),
  ).toBe('{"a":1,"b":(cannot be read)');
  expect(valueText(Object.assign(() => {}, { toString: no }))).toBe('(cannot be read)');
  expect(valueText(new Proxy({}, { ownKeys: no, getPrototypeOf: no }))).toContain('(cannot be read)');
});
