import {
  atLeast,
  atMost,
  bytes,
  choice,
  count,
  exactlyOne,
  flag,
  group,
  type InputOf,
  list,
  map,
  methods,
  millis,
  notBoth,
  number,
  parsed,
  path,
  resolve,
  text,
  together,
  type ValueOf,
  variants,
} from '../../src/settings/index.ts';

interface Ticking {
  now(): number;
}

const ticking: Ticking = { now: () => 1 };

const store = group(
  {
    /** One of each kind of field. */
    format: choice(['lines', 'table'], { default: 'lines' }),
    file: path({ absent: 'in memory' }),
    name: text({ expected: 'a name in lower case', pattern: /^[a-z]+$/ }),
    address: parsed({
      expected: 'host:port',
      parse: (given) => (given.includes(':') ? { host: given.split(':')[0]!, port: 1 } : undefined),
      default: 'localhost:1',
    }),
    rotate: group({
      maxBytes: bytes({ min: 1_024, orZero: true, default: 4_096 }),
      keep: count({ min: 1, max: 9, default: 3 }),
    }),
    wait: millis({ min: 0, default: 10 }),
    share: number({ min: 0, max: 1, isAbove: true, default: 0.5 }),
    lines: count({ min: 20, max: Number.POSITIVE_INFINITY, default: Number.POSITIVE_INFINITY }),
    gzip: flag({ default: true }),
    limit: group({ records: count({ min: 1, default: 60 }) }, { canBeOff: true }),
    tls: group({ cert: path({}), key: path({}) }, { absent: 'off' }),
    tags: list(text({ expected: 'a tag', pattern: /^#/ }), { absent: 'none' }),
    headers: map(text({ expected: 'a header', pattern: /./, isSecret: true }), {
      default: {},
      names: { called: 'header', rule: 'must be letters', pattern: /^[a-z]+$/i },
    }),
    clock: methods<Ticking>()(['now'], { default: ticking }),
    to: variants({ disk: group({ keep: flag({ default: false }) }), net: group({ url: path({}) }) }, {}),
  },
  { checks: [atMost('count', 'rotate.keep', 'lines')] },
);

type Given = InputOf<typeof store>;
type Held = ValueOf<typeof store>;

const least: Given = { name: 'a', to: { type: 'disk' } };
const make = (more: object) => () => resolve(store, 'Store', { ...least, ...more });

test('an option that is not set, or is undefined, has its default', () => {
  const held: Held = resolve(store, 'Store', { ...least, format: undefined, rotate: { keep: undefined } });
  expect(held).toEqual({
    format: 'lines',
    name: 'a',
    address: { host: 'localhost', port: 1 },
    rotate: { maxBytes: 4_096, keep: 3 },
    wait: 10,
    share: 0.5,
    lines: Number.POSITIVE_INFINITY,
    gzip: true,
    limit: { records: 60 },
    headers: {},
    clock: ticking,
    to: { type: 'disk', keep: false },
  });
});

test('an option that is set overrides the default', () => {
  const given = {
    format: 'table',
    file: '/tmp/x',
    rotate: { maxBytes: 0, keep: 9 },
    wait: Number.POSITIVE_INFINITY,
    limit: false,
    tls: { cert: 'c', key: 'k' },
    tags: ['#a'],
    headers: { Accept: 'x' },
    to: { type: 'net', url: 'u' },
  } as const satisfies Partial<Given>;
  expect(make(given)()).toMatchObject(given);
});

test.each<[object, string]>([
  [{ formta: 'x' }, 'Store has no option "formta"; did you mean format?'],
  [{ zebra: undefined }, 'Store has no option "zebra"; known names: format, file, name'],
  [{ rotate: { kep: 1 } }, 'rotate has no option "kep"; did you mean keep?'],
  [{ format: 'text' }, 'format must be "lines" or "table", got "text"'],
  [{ file: '' }, 'file must be a path, got ""'],
  [{ file: 'a\nb' }, 'file must be a path, got "a\\nb"'],
  [{ name: undefined }, 'name must be a name in lower case, got undefined'],
  [{ name: 'A' }, 'name must be a name in lower case, got "A"'],
  [{ address: { host: 'x' } }, 'address must be host:port, got an object'],
  [{ rotate: [] }, 'rotate must be an object, got an empty array'],
  [{ rotate: { maxBytes: 5 } }, 'rotate.maxBytes must be a whole number from 1024, or 0, got 5'],
  [{ rotate: { keep: 10 } }, 'rotate.keep must be a whole number from 1 to 9, got 10'],
  [{ rotate: { keep: 1.5 } }, 'rotate.keep must be a whole number from 1 to 9, got 1.5'],
  [{ wait: -1 }, 'wait must be a number of milliseconds from 0, got -1'],
  [{ wait: Number.NaN }, 'wait must be a number of milliseconds from 0, got NaN'],
  [{ share: 0 }, 'share must be a number above 0, up to 1, got 0'],
  [{ lines: 5 }, 'lines must be a whole number from 20, or Infinity, got 5'],
  [{ gzip: 1 }, 'gzip must be true or false, got 1'],
  [{ limit: true }, 'limit must be false or an object with records, got true'],
  [{ tls: { cert: 'c' } }, 'tls.key must be a path, got undefined'],
  [{ tags: '#a' }, 'tags must be an array, each a tag, got "#a"'],
  [{ tags: ['#a', 'b'] }, 'tags[1] must be a tag, got "b"'],
  [{ headers: { '1': 'x' } }, 'headers has the key "1", but a header must be letters'],
  [{ headers: { a: 'x', A: 'y' } }, 'headers.A is the same header as a'],
  [{ headers: { a: '' } }, 'headers.a must be a header, got a string of 0 characters (not shown)'],
  [{ clock: {} }, 'clock must be an object with now(), got an object'],
  [{ to: { type: 'tape' } }, 'to.type must be "disk" or "net", got "tape"'],
  [{ to: { type: 'disk', url: 'u' } }, 'to has no option "url"; known names: type, keep'],
  [{ to: undefined }, 'to must be an object, got undefined'],
])('%j is refused with option, expected and given value', (more, message) => {
  expect(make(more)).toThrow(message);
});

test.each([undefined, null, 'text', [], () => {}])(
  'options that are not an object are refused: %p',
  (given) => {
    expect(() => resolve(store, 'Store', given)).toThrow(/^Store must be an object, got /);
  },
);

test('a number beyond its bounds is a RangeError, everything else a TypeError', () => {
  expect(make({ wait: -1 })).toThrow(RangeError);
  expect(make({ gzip: 1 })).toThrow(TypeError);
});

test('cross-checks run if each option is valid', () => {
  const pair = group(
    {
      first: count({ min: 1, absent: 'none' }),
      second: count({ min: 1, absent: 'none' }),
      low: count({ min: 1, default: 1 }),
      high: count({ min: 1, default: 9 }),
    },
    { checks: [atMost('count', 'low', 'high'), atLeast('count', 'high', 'low', 2)] },
  );
  const of = (given: InputOf<typeof pair>) => () => resolve(pair, 'Pair', given);
  expect(of({ low: 4 })()).toEqual({ low: 4, high: 9 });
  expect(of({ low: 10 })).toThrow('low must be at most high (9), got 10');
  expect(of({ low: 5 })).toThrow('high must be at least 2 times low (10), got 9');
  for (const low of [5, 10]) expect(of({ low })).toThrow(RangeError);
  const { first, second } = pair.fields;
  const withCheck = (check: ReturnType<typeof together>) => (given: object) => () =>
    resolve(group({ first, second }, { checks: [check] }), 'Pair', given);
  const both = { first: 1, second: 2 };
  expect(withCheck(exactlyOne('first', 'second'))({})).toThrow('Pair needs first or second, got neither');
  expect(withCheck(exactlyOne('first', 'second'))(both)).toThrow('Pair needs first or second, got both');
  expect(withCheck(notBoth('first', 'second'))(both)).toThrow('Pair takes first or second, got both');
  expect(withCheck(together('first', 'second'))({ first: 1 })).toThrow('Pair needs both first and second');
});

test('the type checker knows inputs and resolved values', () => {
  // @ts-expect-error a name is needed
  const nameless: Given = { to: { type: 'disk' } };
  // @ts-expect-error no such word
  const table: Given = { ...least, format: 'tables' };
  // @ts-expect-error an option of another variant
  const mixed: Given = { ...least, to: { type: 'disk', url: 'u' } };
  // @ts-expect-error nobody writes to options that hold
  const write = (held: Held) => (held.rotate.keep = 3);
  const held = resolve(store, 'Store', { ...least, to: { type: 'net', url: 'u' } });
  const port: number = held.address.port;
  const url: string = held.to.type === 'net' ? held.to.url : '';
  expect([nameless, table, mixed, write]).toHaveLength(4);
  expect([port, url]).toEqual([1, 'u']);
});

test('a cross-check in a nested group names the group, and an amount needs no upper bound', () => {
  const { first, second } = {
    first: count({ min: 1, absent: 'none' }),
    second: number({ min: 0, isAbove: true, absent: 'none' }),
  };
  const holder = group({ pair: group({ first, second }, { checks: [together('first', 'second')] }) });
  const of = (pair: object) => () => resolve(holder, 'Holder', { pair });
  expect(of({ first: 1, second: 0.5 })()).toEqual({ pair: { first: 1, second: 0.5 } });
  expect(of({ first: 1 })).toThrow(new TypeError('pair needs both first and second, got only one'));
  expect(of({ second: 0 })).toThrow(new RangeError('pair.second must be a number above 0, got 0'));
  const some = group({ tags: list(flag({}), { absent: 'none' }) });
  expect(() => resolve(some, 'Some', { tags: [] })).toThrow(
    'tags must be an array, each true or false, got an empty array',
  );
});
