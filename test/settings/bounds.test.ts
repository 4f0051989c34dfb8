import {
  type AnyField,
  accept,
  atLeast,
  atMost,
  bytes,
  code,
  converted,
  count,
  exactlyOne,
  expectedOf,
  type Form,
  functions,
  group,
  list,
  map,
  methods,
  millis,
  notBoth,
  number,
  OptionReader,
  parsed,
  path,
  resolve,
  type ScalarData,
  text,
  together,
  value,
  variants,
} from '../../src/settings/index.ts';

/** A scalar field. */
const taken = (field: AnyField, given: unknown) => accept(field as ScalarData, given);
const INFINITY = Number.POSITIVE_INFINITY;
const names = { called: 'name', rule: 'must be a word', pattern: /^\w+$/ };

describe('a number', () => {
  test.each([
    ['a count at its bounds', count({ min: 1, max: 9 }), [1, 9], [0, 10, 1.5, Number.NaN, INFINITY, '5', 1n]],
    ['a count without an upper bound', count({ min: 0 }), [0, 2 ** 53 - 1], [-1, 2 ** 53, INFINITY]],
    ['a count that may be endless', count({ min: 1, max: INFINITY }), [1, INFINITY], [1.5, -INFINITY]],
    ['bytes, or none', bytes({ min: 1_024, orZero: true }), [0, 1_024], [1, 1_023, 1_024.5, -0.5]],
    ['milliseconds', millis({ min: 0 }), [0, 0.5, INFINITY], [-0.001, Number.NaN]],
    ['milliseconds with an end', millis({ min: 1, max: 60_000 }), [1, 60_000], [0, 60_000.5, INFINITY]],
    ['a share', number({ min: 0, max: 1, isAbove: true }), [0.001, 1], [0, 1.001]],
    ['any number', number({ min: -1 }), [-1, Number.MAX_VALUE], [-1.001, INFINITY]],
  ])('%s is taken within its bounds only', (_name, field, right, wrong: readonly unknown[]) => {
    for (const given of right) expect(taken(field, given)).toBe(given);
    for (const given of wrong) expect(taken(field, given)).toBeUndefined();
  });

  test.each<[string, AnyField]>([
    ['a whole number from 1 to 9', count({ min: 1, max: 9 })],
    ['a whole number from 1', count({ min: 1 })],
    ['a whole number from 1, or Infinity', count({ min: 1, max: INFINITY })],
    ['a whole number from 1, or 0', bytes({ min: 1, orZero: true })],
    ['a whole number from 1 to 5, or 0', bytes({ min: 1, max: 5, orZero: true })],
    ['a number of milliseconds from 0', millis({ min: 0 })],
    ['a number of milliseconds from 0 to 5', millis({ min: 0, max: 5 })],
    ['a number above 0', number({ min: 0, isAbove: true })],
    ['a number above 0, up to 1', number({ min: 0, max: 1, isAbove: true })],
    ['a string, a number, true or false', value({})],
    ['a path', path({})],
    ['an array, each a path', list(path({}), {})],
    ['an object', map(path({}), { names })],
    ['an object', variants({ a: group({}) }, {})],
    ['an object', group({ a: path({}), b: path({}) })],
    ['false or an object with a, b', group({ a: path({}), b: path({}) }, { canBeOff: true })],
    ['a function', functions<() => void>()({})],
    ['an object with a(), b()', methods()(['a', 'b'], {})],
  ])('what is expected is said: %s', (expected, field) => {
    expect(expectedOf(field)).toBe(expected);
  });
});

test('a path is a string of up to 4,096 characters without control characters', () => {
  for (const given of ['a', '/tmp/ä b', 'x'.repeat(4_096)]) expect(taken(path({}), given)).toBe(given);
  for (const given of ['', 'a\0', 'a\n', '\x1b', 'x'.repeat(4_097), 5, null]) {
    expect(taken(path({}), given)).toBeUndefined();
  }
});

test('a value is a string, a finite number, true or false', () => {
  for (const given of ['', 0, -1.5, true, false]) expect(taken(value({}), given)).toBe(given);
  for (const given of [INFINITY, Number.NaN, null, {}, [], 1n])
    expect(taken(value({}), given)).toBeUndefined();
});

test('a function, an object with methods and a converted value are accepted as parsed', () => {
  const call = () => 1;
  expect(taken(functions<() => number>()({}), call)).toBe(call);
  expect(taken(functions<() => number>()({}), 'x')).toBeUndefined();
  class Ticking {
    now() {}
  }
  const ticking = new Ticking();
  expect(taken(methods<Ticking>()(['now'], {}), ticking)).toBe(ticking);
  for (const given of [null, undefined, {}, { now: 1 }]) {
    expect(taken(methods<Ticking>()(['now'], {}), given)).toBeUndefined();
  }
  const level = converted<string>()({
    expected: 'a level',
    parse: (given) => (given === 'INFO' ? 9 : undefined),
  });
  expect([taken(level, 'INFO'), taken(level, 9)]).toEqual([9, undefined]);
  const even = code({ expected: 'even', parse: (given) => (Number(given) % 2 === 0 ? given : undefined) });
  expect([taken(even, 4), taken(even, 5), even.isInternal]).toEqual([4, undefined, true]);
});

test('a default is parsed like an input; a secret is never shown in a message', () => {
  const of = group({
    at: parsed({ expected: 'host:port', parse: (given) => given.split(':'), default: 'a:1' }),
    token: text({ expected: 'a token', pattern: /^t/, isSecret: true, absent: 'none' }),
    keys: list(text({ expected: 'a key', pattern: /^k/, isSecret: true }), { absent: 'none' }),
  });
  expect(resolve(of, 'X', {})).toEqual({ at: ['a', '1'] });
  expect(() => resolve(of, 'X', { token: 'hunter2' })).toThrow(
    'token must be a token, got a string of 7 characters (not shown)',
  );
  expect(() => resolve(of, 'X', { keys: 'hunter2' })).toThrow('got a string of 7 characters (not shown)');
  expect(() => resolve(of, 'X', { keys: ['kx', 'hunter2'] })).toThrow(
    'keys[1] must be a key, got a string of 7 characters (not shown)',
  );
});

test('a code value is out of range only if its definition declares it', () => {
  const of = (isRange: boolean) =>
    group({ level: converted<number>()({ expected: 'a level', isRange, parse: () => undefined }) });
  expect(() => resolve(of(true), 'X', { level: 1 })).toThrow(RangeError);
  expect(() => resolve(of(false), 'X', { level: 1 })).toThrow(TypeError);
});

describe('checks across options', () => {
  const writing = {
    key: (at: string) => `<${at}>`,
    amount: (kind: string, amount: number) => `${amount} ${kind}`,
  };
  const problem = (check: ReturnType<typeof together>, values: object) => check.problem(values, writing);

  test('one, both or none of two', () => {
    const [none, first, both] = [{}, { a: 0 }, { a: false, b: '' }];
    const of = (check: ReturnType<typeof together>) =>
      [none, first, both].map((values) => problem(check, values));
    expect(of(exactlyOne('a', 'b'))).toEqual([
      'needs a or b, got neither',
      undefined,
      'needs a or b, got both',
    ]);
    expect(of(notBoth('a', 'b'))).toEqual([undefined, undefined, 'takes a or b, got both']);
    expect(of(together('a', 'b'))).toEqual([undefined, 'needs both a and b, got only one', undefined]);
    expect(problem(together('a', 'b'), { b: 1 })).toBe('needs both a and b, got only one');
  });

  test('an amount is bounded by another, also times a factor and in a nested group', () => {
    const values = { low: 4, deep: { high: 8 } };
    expect(problem(atMost('bytes', 'low', 'deep.high'), values)).toBeUndefined();
    expect(problem(atMost('bytes', 'deep.high', 'low', 2), values)).toBeUndefined();
    expect(problem(atMost('bytes', 'deep.high', 'low'), values)).toBe(
      'must be at most <low> (4 bytes), got 8 bytes',
    );
    expect(problem(atMost('bytes', 'deep.high', 'low', 1.5), values)).toBe(
      'must be at most 1.5 times <low> (6 bytes), got 8 bytes',
    );
    expect(problem(atLeast('millis', 'deep.high', 'low', 2), values)).toBeUndefined();
    expect(problem(atLeast('millis', 'low', 'deep.high'), values)).toBe(
      'must be at least <deep.high> (8 millis), got 4 millis',
    );
    expect(problem(atLeast('millis', 'deep.high', 'low', 3), values)).toBe(
      'must be at least 3 times <low> (12 millis), got 8 millis',
    );
  });

  test('a missing amount bounds nothing, and is not bounded', () => {
    for (const check of [
      atMost('count', 'a', 'b'),
      atLeast('count', 'a', 'b'),
      atMost('count', 'a.x', 'b.x'),
    ]) {
      for (const values of [{}, { a: 1 }, { b: 1 }, { a: { x: 1 } }])
        expect(problem(check, values)).toBeUndefined();
    }
  });
});

describe('in a form whose keys may be empty, or already reported', () => {
  const EMPTY = Symbol('empty');
  const BAD = Symbol('bad');

  function reading() {
    const problems: string[] = [];
    const form: Form<unknown> = {
      key: (name) => name.replace(/Millis$/, ''),
      amount: (_kind, amount) => `${amount}!`,
      entries: (raw) => (typeof raw === 'object' && raw !== null ? Object.entries(raw) : undefined),
      items: (raw) => (Array.isArray(raw) ? raw : undefined),
      isEmpty: (raw) => raw === EMPTY,
      isReported: (raw) => raw === BAD,
      scalar: (_field, raw) => raw,
      takes: (field) => field.isInternal !== true,
      expected: () => 'right',
      shown: (raw, isSecret) => (isSecret ? '(not shown)' : String(raw)),
      report: ({ path, message }) => void problems.push(`${path}: ${message}`),
      missing: () => 'is missing',
      unknownKey: (key, known) => `no ${key} among ${known.join()}`,
    };
    return { reader: new OptionReader(form), problems };
  }
  const definition = group(
    {
      waitMillis: millis({ min: 1, default: 5 }),
      keep: count({ min: 1, default: 9 }),
      limit: group({ records: count({ min: 1, default: 60 }) }, { canBeOff: true }),
      tls: group({ cert: path({}) }, { absent: 'off' }),
      own: methods<object>()(['x'], { absent: 'none' }),
      tags: map(count({ min: 1 }), { default: {}, names }),
    },
    { checks: [atMost('millis', 'waitMillis', 'keep')] },
  );
  const read = (raw: unknown) => {
    const { reader, problems } = reading();
    return { read: reader.read(definition, raw), problems, isValid: reader.isValid };
  };
  const defaults = { waitMillis: 5, keep: 9, limit: { records: 60 }, tags: {} };

  test('an empty group is off if it can be, and otherwise has its defaults', () => {
    expect(read({ limit: EMPTY })).toEqual({
      read: { ...defaults, limit: false },
      problems: [],
      isValid: true,
    });
    expect(read({ limit: false }).read).toMatchObject({ limit: false });
    expect(read(EMPTY)).toEqual({ read: defaults, problems: [], isValid: true });
    expect(read({ tls: EMPTY }).problems).toEqual(['tls.cert: is missing']);
    expect(read({ tags: EMPTY }).read).toMatchObject({ tags: {} });
  });

  test('a value that was already reported is not reported again, and is invalid', () => {
    expect(read({ keep: BAD })).toMatchObject({ problems: [], isValid: false });
    expect(read({ limit: { records: BAD } })).toMatchObject({ problems: [], isValid: false });
  });

  test('every problem is reported, and valid options are kept', () => {
    const {
      problems,
      isValid,
      read: held,
    } = read({ keep: 0, wait: 2, limit: 5, tags: { a: 0, '?': 1 }, more: 1 });
    expect(isValid).toBe(false);
    expect(problems).toEqual([
      ': no more among wait,keep,limit,tls,tags',
      'keep: must be right, got 0',
      'limit: must be right, got (not shown)',
      'tags.a: must be right, got 0',
      'tags: has the key "?", but a name must be a word',
    ]);
    expect(held).toEqual({ waitMillis: 2, tags: {} });
  });

  test('a cross-check runs if all options are valid, and uses keys and amounts as written', () => {
    expect(read({ wait: 10 }).problems).toEqual(['wait: must be at most keep (9!), got 10!']);
    expect(read({ wait: 10, limit: { records: 0 } }).problems).toEqual([
      'limit.records: must be right, got 0',
    ]);
  });

  test('an option that the form cannot set is unknown there', () => {
    expect(read({ own: {} }).problems).toEqual([': no own among wait,keep,limit,tls,tags']);
  });
});
