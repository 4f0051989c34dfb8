import { errorText, problemText } from '../../src/record/index.ts';

test.each<[unknown, string]>([
  [new RangeError('too big'), 'RangeError: too big'],
  ['text', 'text'],
  [undefined, 'undefined'],
  [Symbol('s'), 'Symbol(s)'],
  [[1, 2], 'Array(2)'],
  [new Uint8Array(3), 'Uint8Array(3)'],
  [new DataView(new ArrayBuffer(4)), 'DataView(4)'],
  [Object.create(null), 'an error that cannot be shown'],
  [
    Object.defineProperty(new Error(), 'message', {
      get() {
        throw new Error('again');
      },
    }),
    'an error that cannot be shown',
  ],
])('anything thrown has a text: case %#', (thrown, expected) => {
  expect(errorText(thrown)).toBe(expected);
});

test('the text of an error is bounded', () => {
  const text = errorText(new Error('x'.repeat(100_000)));
  expect(text).toHaveLength(500);
  expect(text.endsWith('...')).toBe(true);
});

test('the problem of several connections lists each of them, within bounds', () => {
  const refused = new AggregateError([new Error('refused ::1'), new TypeError('refused 127.0.0.1')], '');
  expect(problemText(refused)).toBe('refused ::1, TypeError: refused 127.0.0.1');
  expect(problemText(new AggregateError([new Error('a')], 'all failed'))).toBe('AggregateError: all failed');
  expect(problemText(new Error('Error: Error: x'))).toBe('x');
  const itself = new AggregateError([], '');
  itself.errors.push(itself, new Error('inner'));
  expect(problemText(itself).length).toBeLessThanOrEqual(500);
  const many = new AggregateError(new Array(100_000).fill(new Error('x'.repeat(400))), '');
  expect(problemText(many).length).toBeLessThanOrEqual(500);
  const broken = Object.defineProperty(new AggregateError([], ''), 'errors', { value: 5 });
  expect(problemText(broken)).toMatch(/^AggregateError/);
});
