import * as fc from 'fast-check';
import { type AnyValue, decodeJsonLogs, groupsOf, type LogGroup, wellFormed } from '../../src/otlp/index.ts';
import { filterOf } from '../../src/reader/record-filter.ts';
import { Selection } from '../../src/reader/selection.ts';
import { wordTest } from '../../src/reader/words.ts';
import { bodyText } from '../../src/text/index.ts';
import type { TreeRecord } from '../../src/tree/index.ts';
import { anyText } from '../support/any-text.ts';
import { otlpLine } from '../tree/otlp-lines.ts';
import { record } from '../tree/story.ts';

const groupOf = (...records: readonly TreeRecord[]): LogGroup =>
  [...groupsOf(decodeJsonLogs(otlpLine(...records)))][0]!;
const recordOf = (body: string, attributes = {}) => groupOf(record({ body, attributes })).records[0]!;

test('every word of a text is found in it, in any case and order, and no part of a word', () => {
  const word = fc.stringMatching(/^[a-z0-9àéü]{1,8}$/);
  fc.assert(
    fc.property(
      fc.array(word, { minLength: 1, maxLength: 6 }),
      fc.infiniteStream(fc.nat(5)),
      (words, picks) => {
        const text = recordOf(words.join(' - '));
        const some = [...picks.take(3)].map((pick) => words[pick % words.length]!);
        expect(wordTest(some.join(' ').toUpperCase())?.(text)).toBe(true);
        expect(wordTest(`${some[0]}zzz`)?.(text)).toBe(false);
      },
    ),
  );
});

test('any text is a search, and never an error', () => {
  fc.assert(
    fc.property(anyText(), anyText(), (words, body) => {
      const test = wordTest(words);
      expect(typeof (test?.(recordOf(wellFormed(body), { key: wellFormed(words) })) ?? true)).toBe('boolean');
    }),
  );
});

test.each([
  ['order-4711', 'the order 4711', true],
  ['order-4711', '4711 order', false],
  ['created vu', 'Déjà vu CREATED', true],
  ['x', '', false],
])('%j in %j: %s', (words, body, isThere) => {
  expect(wordTest(words)?.(recordOf(body))).toBe(isThere);
});

test.each<[string, AnyValue, boolean]>([
  ['4711', 4711, true],
  ['4711', { double: 4711 } as AnyValue, true],
  ['true', true, true],
  ['null', null, false],
  ['alpha', Buffer.from('alpha'), false],
  ['deep', { entries: [['key', ['a', { entries: [['x', 'deep']] }]]] }, true],
  ['key', { entries: [['key', 'value']] }, false],
  ['a-b', ['a', 'b'], true],
])('%j in the value %j: %s', (words, value, isThere) => {
  const { records } = groupOf(record({ eventName: 'order.placed' }));
  const withBody = { ...records[0]!, body: value };
  expect(wordTest(words)?.(withBody)).toBe(isThere);
  expect(wordTest(words)?.({ ...records[0]!, attributes: [['any', value]] })).toBe(isThere);
  expect(wordTest('placed')?.(withBody)).toBe(true);
});

test('a record has its own time, or otherwise its observed time', () => {
  const at = (timeUnixNano: bigint) => ({ ...recordOf('x'), timeUnixNano, observedTimeUnixNano: 7n });
  const fitting = filterOf({ fromNanos: 7n, toNanos: 9n });
  const kept = (time: bigint) => fitting({ ...groupOf(record()), records: [at(time)] }) !== undefined;
  expect([0n, 6n, 7n, 8n, 9n].map(kept)).toEqual([true, false, true, true, false]);
});

test('a group that matches completely stays the same; otherwise only the matching part is kept', () => {
  const group = { ...groupOf(record()), records: [recordOf('a'), recordOf('b')] };
  expect(filterOf({})(group)).toBe(group);
  expect(filterOf({ words: 'b' })(group)).toEqual({ ...group, records: [group.records[1]] });
  expect(filterOf({ words: 'c' })(group)).toBeUndefined();
});

test('a phrase does not continue from one attribute to the next', () => {
  expect(wordTest('one-two')?.(recordOf('', { a: 'one', b: 'two' }))).toBe(false);
  expect(wordTest('one two')?.(recordOf('', { a: 'one', b: 'two' }))).toBe(true);
});

test('whatever the order of the records, the newest and the oldest are chosen, in order', () => {
  fc.assert(
    fc.property(
      fc.array(fc.nat(1_000), { maxLength: 60 }),
      fc.integer({ min: 1, max: 20 }),
      fc.constantFrom('newest' as const, 'oldest' as const),
      (times, limit, order) => {
        const selection = new Selection(limit, order);
        for (const at of times) selection.add(groupOf(record({ at, body: String(at) })));
        const found = [...selection.groups()].flatMap(({ records }) => records.map(bodyText)).map(Number);
        const sorted = times.toSorted((one, other) => (order === 'newest' ? other - one : one - other));
        expect(found).toEqual(sorted.slice(0, limit));
        expect(selection.hasMore).toBe(times.length > limit);
      },
    ),
  );
});

test('adjacent records of one resource stay one group', () => {
  const selection = new Selection(10, 'oldest');
  const shop = groupOf(record({ at: 1 }), record({ at: 2 }));
  selection.add({ ...shop, records: [...shop.records, ...groupOf(record({ at: 3 })).records] });
  expect([...selection.groups()].map(({ records }) => records.length)).toEqual([2]);
});
