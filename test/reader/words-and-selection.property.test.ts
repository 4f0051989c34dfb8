import * as fc from 'fast-check';
import { decodeJsonLogs, groupsOf, type LogGroup, wellFormed } from '../../src/otlp/index.ts';
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

test('a phrase does not go from one attribute to the next', () => {
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

test('neighbors of one resource stay one group', () => {
  const selection = new Selection(10, 'oldest');
  const shop = groupOf(record({ at: 1 }), record({ at: 2 }));
  selection.add({ ...shop, records: [...shop.records, ...groupOf(record({ at: 3 })).records] });
  expect([...selection.groups()].map(({ records }) => records.length)).toEqual([2]);
});
