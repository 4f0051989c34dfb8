import { planOf, type Query, searchWords } from '../../src/store/query.ts';

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const plan = (query: Partial<Query>) => planOf({ limit: 1, order: 'newest', ...query }, undefined);

test('a query without restrictions matches every record and uses no index', () => {
  expect(plan({})).toEqual({ isExact: true, minSeverity: 0 });
});

test('words are searched for in the body and the attributes, each as a whole', () => {
  expect(plan({ words: ' order-4711\tZoë -- 注文 ' })).toMatchObject({
    match: '({body attributes} : ("order-4711" AND "Zoë" AND "注文"))',
    isExact: true,
  });
});

test('a quote in a word is data, and a NUL separates words as it does in the index', () => {
  expect(plan({ words: 'say"hello a\0b' }).match).toBe(
    '({body attributes} : ("say""hello" AND "a" AND "b"))',
  );
  expect(searchWords('a\0b \ud83d')).toEqual(['a', 'b']);
});

test('a trace is searched for by its id, and the index hits are the complete answer', () => {
  expect(plan({ trace: TRACE })).toMatchObject({ match: `(more : "${TRACE}")`, isExact: true, trace: TRACE });
  expect(plan({ trace: TRACE, words: 'x' }).match).toBe(
    `({body attributes} : ("x")) AND (more : "${TRACE}")`,
  );
});

test('times are nanoseconds, and with them a count must read each record', () => {
  expect(plan({ from: '1', to: '18446744073709551616' })).toMatchObject({
    from: 1n,
    to: 2n ** 64n,
    isExact: false,
  });
  expect(plan({ from: '1' })).toMatchObject({ isExact: false, to: undefined });
  expect(plan({ to: '1' })).toMatchObject({ isExact: false, from: undefined });
});

test('the requirements of a condition narrow the search: texts, trace and severity', () => {
  const { match, minSeverity, isExact, head } = plan({
    when: `severity_number >= 17 and attributes["user"] == "leo" and trace_id.string == "${TRACE}"`,
  });
  expect({ match, minSeverity, isExact, head }).toEqual({
    match: `(more : "${TRACE}") AND ((attributes : "leo") OR (more : "cut"))`,
    minSeverity: 17,
    isExact: false,
    head: undefined,
  });
  expect(plan({ when: 'body == "a b"' }).match).toBe('((body : "a b") OR (more : "cut"))');
});

test('a condition on the resource only is decided once per chunk', () => {
  const { head, match } = plan({ when: 'resource.attributes["service.name"] == "till"' });
  expect(match).toBeUndefined();
  expect(head).toBeInstanceOf(Function);
});

test.each([
  ['256 characters', 'x'.repeat(256), true],
  ['257 characters', 'x'.repeat(257), false],
  ['one digit', '7', true],
  ['letters outside of ASCII alone', 'ÄÖÜ', false],
  ['no letters and digits', '...', false],
  ['several lines', 'a\\nb', true],
])('a text of %s narrows the search: %#', (_name, text, isNarrowing) => {
  expect(plan({ when: `body == "${text}"` }).match !== undefined).toBe(isNarrowing);
});

test('an invalid condition is an error with its position', () => {
  expect(() => plan({ when: 'severity_number >=' })).toThrow(/^column \d+:/);
});
