import { countQuery, type QueryError, recordsQuery, tailQuery } from '../../src/operations/reader-query.ts';

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const records = (query: string) => recordsQuery(new URLSearchParams(query), undefined);
const tail = (query: string) => tailQuery(new URLSearchParams(query), undefined);

test('without parameters the newest 1,000 records are asked for', () => {
  const bounds = { when: undefined, words: undefined, trace: undefined, from: undefined, to: undefined };
  expect(records('')).toEqual({ ...bounds, limit: 1_000, order: 'newest' });
  expect(countQuery(new URLSearchParams('words=x'), undefined)).toEqual({
    ...{ ...bounds, words: 'x' },
    limit: 1,
    order: 'newest',
  });
});

test('every parameter reaches the store; a trace id in any case', () => {
  const query = {
    when: 'flags == 1',
    words: 'a b',
    trace: TRACE.toUpperCase(),
    from: '0',
    to: '18446744073709551616',
  };
  expect(records(`${new URLSearchParams(query)}&limit=100000&order=oldest`)).toEqual({
    ...query,
    trace: TRACE,
    limit: 100_000,
    order: 'oldest',
  });
  expect(records('limit=1').limit).toBe(1);
});

test.each([
  ['limit=0', 'limit must be from 1 to 100000, got "0"'],
  ['limit=100001', 'limit must be from 1 to 100000, got "100001"'],
  ['limit=1e3', 'limit must be from 1 to 100000, got "1e3"'],
  ['limit=', 'limit must be from 1 to 100000, got ""'],
  ['order=', 'order must be newest or oldest, got ""'],
  ['from=18446744073709551617', 'from must be nanoseconds since 1970, got "18446744073709551617"'],
  ['to=1.5', 'to must be nanoseconds since 1970, got "1.5"'],
  [`trace=${TRACE}0`, `trace must be 32 hex digits, got "${TRACE}0"`],
  ['words=', 'words must have a letter or a digit, got ""'],
  ['since=5m', 'unknown parameter "since"; expected one of when, words, trace, from, to, limit, order'],
  ['words=a&words=b', 'words is given more than once'],
])('%s: %s', (query, message) => {
  let error: unknown;
  try {
    records(query);
  } catch (caught) {
    error = caught;
  }
  const { parameter, column, message: said } = error as QueryError;
  expect({ parameter, column, said }).toEqual({
    parameter: query.split('=')[0],
    column: undefined,
    said: message,
  });
});

test('a wrong condition is an error of its parameter, with the column', () => {
  expect(() => records('when=body %3D%3D')).toThrow(
    expect.objectContaining({ parameter: 'when', column: expect.any(Number) }),
  );
});

test('a live view takes a condition and a duration', () => {
  expect(tail('')).toEqual({ condition: undefined, sinceMillis: undefined });
  expect(tail('since=5m').sinceMillis).toBe(300_000);
  expect(tail('since=0s').sinceMillis).toBe(0);
  expect(tail('when=flags %3D%3D 1').condition?.text).toBe('flags == 1');
  expect(() => tail('since=5')).toThrow('since must be a duration such as 5m, got "5"');
  expect(() => tail('limit=5')).toThrow('unknown parameter "limit"; expected one of when, since');
});
