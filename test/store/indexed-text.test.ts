import { type AnyValue, doubleValue } from '../../src/otlp/index.ts';
import { CUT, indexedText, searchable } from '../../src/store/indexed-text.ts';
import { record, type Said } from './support/records.ts';

const TRACE = '0af7651916cd43dd8448eb211c80319c';
/** The rules of docs/store.md for a record's text. */
const MAX_CHARACTERS = 32_768;
const textOf = (said: Said) => indexedText(record(said));

test('the body, the event name, the values of the attributes and the trace id are indexed, each in its column', () => {
  const attributes = { user: 'leo', count: 3, big: 2n ** 60n };
  expect(textOf({ body: 'paid', event: 'order.placed', attributes, trace: TRACE })).toEqual({
    body: 'paid order.placed',
    attributes: `leo 3 ${2n ** 60n}`,
    more: TRACE,
  });
});

test.each<[string, AnyValue, string]>([
  ['a whole double', doubleValue(7), '7'],
  ['a fraction', -1.5, '-1.5'],
  ['null', null, ''],
  ['a boolean', true, ''],
  ['bytes', Buffer.from('alpha'), ''],
  ['a list, without what has no text', ['a', null, ['b', true], 4], 'a b 4'],
  [
    'a map, by its values and not by its keys',
    { entries: [['key', { entries: [['deep', 'value']] }]] },
    'value',
  ],
])('%s as a value: the text is %j -> %j', (_name, value, expected) => {
  expect(textOf({ body: value }).body).toBe(expected);
  expect(textOf({ attributes: { first: value, last: 'z' } }).attributes).toBe(
    expected === '' ? 'z' : `${expected} z`,
  );
});

test('a record without a body or attributes has no text', () => {
  expect(textOf({})).toEqual({ body: '', attributes: '', more: '' });
  expect(textOf({ event: 'order.placed' }).body).toBe(' order.placed');
});

test('a text of exactly the maximum length is indexed completely; a longer one is marked as truncated', () => {
  const half = MAX_CHARACTERS / 2;
  const said = (more: number): Said => ({
    body: 'b'.repeat(half),
    attributes: { a: 'a'.repeat(half + more) },
    trace: TRACE,
  });
  expect(textOf(said(0))).toEqual({ body: 'b'.repeat(half), attributes: 'a'.repeat(half), more: TRACE });
  expect(textOf(said(1))).toEqual({
    body: 'b'.repeat(half),
    attributes: 'a'.repeat(half),
    more: `${TRACE} ${CUT}`,
  });
});

test('a long body leaves no room for the attributes', () => {
  const { body, attributes, more } = textOf({ body: 'b'.repeat(MAX_CHARACTERS + 5), attributes: { a: 'x' } });
  expect({ length: body.length, attributes, more }).toEqual({
    length: MAX_CHARACTERS,
    attributes: '',
    more: ` ${CUT}`,
  });
});

test('a text is well-formed and without NUL, even if it was truncated within a character', () => {
  expect(searchable('a\0b\0')).toBe('a b ');
  expect(searchable('\ud83d')).toBe('\ufffd');
  const { body } = textOf({ body: `${'b'.repeat(MAX_CHARACTERS - 1)}😀` });
  expect(body.at(-1)).toBe('\ufffd');
});
