import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { boundedSnapshot, CHARACTER_BYTES, snapshot, VALUE_BYTES } from '../../src/record/index.ts';

const PLENTY = 1024 * 1024 * 1024;

const copyOf = (body: unknown): unknown => snapshot(body, PLENTY)!.value;
/** JSON values whose numbers OTLP can represent. */
const jsonValue = (constraints?: fc.JsonSharedConstraints) =>
  fc.jsonValue(constraints).filter((value) => !/e\+|\d{19}/.test(JSON.stringify(value)));

/** An object with `levels` levels of nesting. */
function nested(levels: number): object {
  let body: object = { bottom: true };
  for (let level = 1; level < levels; level += 1) body = { in: body };
  return body;
}

/** Whether a serializer can write it without calling into the application or recursing for ever. */
function isPlain(value: unknown, depth = 0): boolean {
  if (depth > 40) return false;
  if (typeof value === 'object' && value !== null) {
    if (Object.getPrototypeOf(value) === Uint8Array.prototype) return true;
    const isList = Array.isArray(value);
    if (!isList && Object.getPrototypeOf(value) !== Object.prototype) return false;
    return Object.values(Object.getOwnPropertyDescriptors(value)).every(
      (property) => 'value' in property && isPlain(property.value, depth + 1),
    );
  }
  return !['bigint', 'symbol', 'function'].includes(typeof value);
}

describe('the copy', () => {
  test('of any JSON body is deeply equal to it, and shares no part with it', () => {
    const shares = (copy: unknown, body: unknown): boolean =>
      typeof body === 'object' &&
      body !== null &&
      (copy === body ||
        Object.keys(body).some((key) =>
          shares((copy as Record<string, unknown>)[key], (body as Record<string, unknown>)[key]),
        ));
    fc.assert(
      fc.property(jsonValue({ maxDepth: 8 }), (value) => {
        const body = { value };
        expect(copyOf(body)).toStrictEqual(body);
        expect(shares(copyOf(body), body)).toBe(false);
      }),
    );
  });

  test('of anything at all is plain data, and a copy of the copy is the same', () => {
    const anything = fc.anything({
      withBigInt: true,
      withBoxedValues: true,
      withDate: true,
      withMap: true,
      withNullPrototype: true,
      withSet: true,
      withSparseArray: true,
      withTypedArray: true,
    });
    fc.assert(
      fc.property(anything, (value) => {
        const copy = copyOf({ value });
        expect(isPlain(copy)).toBe(true);
        expect(copyOf(copy as object)).toStrictEqual(copy);
      }),
    );
  });

  test('does not change when the application changes the original', () => {
    const body = { user: { name: 'leo' }, items: ['book'], bytes: new Uint8Array([1, 2]) };
    const copy = copyOf(body);
    body.user.name = 'eva';
    body.items.push('pen');
    body.bytes[0] = 9;
    expect(copy).toEqual({ user: { name: 'leo' }, items: ['book'], bytes: new Uint8Array([1, 2]) });
  });

  test('of a list is a list', () => {
    expect(copyOf(['a', 1, [null]])).toStrictEqual(['a', 1, [null]]);
  });
});

describe('what serializers cannot write', () => {
  test('a cycle is named where it closes; the same object in two places is copied twice', () => {
    const shared = { id: 1 };
    const body: Record<string, unknown> = { first: shared, second: shared, list: [] };
    body.self = body;
    (body.list as unknown[]).push(body.list);
    expect(copyOf(body)).toStrictEqual({
      first: { id: 1 },
      second: { id: 1 },
      list: ['[circular]'],
      self: '[circular]',
    });
  });

  test('objects may be nested 32 levels deep, the next is too deep', () => {
    expect(copyOf(nested(32))).toStrictEqual(nested(32));
    expect(JSON.stringify(copyOf(nested(33)))).toContain('{"in":"[too deep]"}');
    expect(isPlain(copyOf(nested(20_000)))).toBe(true);
  });

  test('a getter that throws affects its own field only', () => {
    const body = {
      before: 1,
      get broken(): string {
        throw new Error('no connection');
      },
      after: 2,
    };
    expect(copyOf(body)).toStrictEqual({ before: 1, broken: '[threw Error: no connection]', after: 2 });
  });

  test('a getter that throws something that cannot be shown does no harm', () => {
    const body = {
      get broken(): string {
        throw Object.create(null);
      },
    };
    expect(copyOf(body)).toStrictEqual({ broken: '[threw an error that cannot be shown]' });
  });

  test('a proxy is read like an object, one that throws becomes [threw …]', () => {
    const revoked = Proxy.revocable({}, {});
    revoked.revoke();
    const refusing = new Proxy(
      {},
      {
        ownKeys: () => {
          throw new Error('closed');
        },
      },
    );
    expect(copyOf({ proxy: new Proxy({ a: 1 }, {}), refusing })).toStrictEqual({
      proxy: { a: 1 },
      refusing: '[threw Error: closed]',
    });
    expect(copyOf(revoked.proxy)).toMatch(/^\[threw TypeError: /);
  });

  test.each([
    ['a Date', new Date(0), '1970-01-01T00:00:00.000Z'],
    ['an invalid Date', new Date(Number.NaN), 'Invalid Date'],
    [
      'a Map',
      new Map<unknown, unknown>([
        ['a', 1],
        [2, new Set(['b'])],
      ]),
      { a: 1, 2: ['b'] },
    ],
    ['a Set', new Set([1, 'two']), [1, 'two']],
    ['a bigint', 2n ** 64n, '18446744073709551616'],
    ['a symbol', Symbol('mark'), 'Symbol(mark)'],
    ['a function', () => 1, '[function]'],
    ['bytes', new Uint8Array([1, 255]), new Uint8Array([1, 255])],
    ['a Buffer', Buffer.from([1, 255]), new Uint8Array([1, 255])],
    ['numbers in a typed array', new Float32Array([0.5, 2]), [0.5, 2]],
    [
      'an object of a class',
      new (class Point {
        x = 1;
      })(),
      { x: 1 },
    ],
    ['an object without prototype', Object.assign(Object.create(null), { x: 1 }), { x: 1 }],
    ['undefined and null', [undefined, null], [undefined, null]],
    ['NaN', Number.NaN, 'NaN'],
    ['an infinity', [1 / 0, -1 / 0], ['Infinity', '-Infinity']],
    [
      'a number past 64 bits',
      [1e300, 2 ** 63, -(2 ** 63)],
      ['1e+300', '9223372036854776000', '-9223372036854776000'],
    ],
    ['the last numbers of 64 bits', [2 ** 63 - 1024, 1024 - 2 ** 63], [2 ** 63 - 1024, 1024 - 2 ** 63]],
    ['NaN in a typed array', new Float64Array([Number.NaN, 1]), ['NaN', 1]],
    ['a function with a name', function handler() {}, '[function handler]'],
    ['boxed values', [Object(5), Object('text'), Object(true), Object(7n)], [5, 'text', true, '7']],
    ['an ArrayBuffer', new Uint8Array([1, 2]).buffer, new Uint8Array([1, 2])],
    ['URLSearchParams', new URLSearchParams({ a: '1', b: '2' }), 'a=1&b=2'],
    ['Headers', new Headers({ 'X-Request': '7', accept: '*/*' }), { accept: '*/*', 'x-request': '7' }],
    ['a Request', new Request('http://box/', { method: 'PUT' }), { method: 'PUT', url: 'http://box/' }],
    ['a Response', new Response(null, { status: 404 }), { status: 404, statusText: '', url: '' }],
    ['a Blob', new Blob(['abc'], { type: 'text/plain' }), { type: 'text/plain', size: 3 }],
  ])('%s becomes readable', (_name, value, expected) => {
    expect(copyOf({ value })).toStrictEqual({ value: expected });
  });

  test('an error becomes its name, message, stack and cause', () => {
    const error = new TypeError('refused', { cause: new Error('offline') });
    expect(copyOf(error)).toStrictEqual({
      name: 'TypeError',
      message: 'refused',
      stack: error.stack,
      cause: { name: 'Error', message: 'offline', stack: (error.cause as Error).stack },
    });
  });

  test('an error whose message cannot be read keeps the rest', () => {
    const error = Object.defineProperty(new TypeError('refused'), 'message', {
      get: () => {
        throw new Error('no message');
      },
    });
    expect(copyOf(error)).toMatchObject({ name: 'TypeError', message: '[threw Error: no message]' });
  });

  test('a FormData keeps all values of a name', () => {
    const form = new FormData();
    form.append('tag', 'a');
    form.append('tag', 'b');
    form.append('name', 'leo');
    expect(copyOf(form)).toStrictEqual({ tag: ['a', 'b'], name: 'leo' });
  });

  test('an object with toJSON() becomes what that returns, made readable in turn', () => {
    class Money {
      readonly #cents = 1_250n;
      toJSON() {
        return { amount: this.#cents, currency: 'EUR' };
      }
    }
    expect(copyOf({ price: new Money() })).toStrictEqual({ price: { amount: '1250', currency: 'EUR' } });
  });

  test('a toJSON() that returns its own object, or another such object without end, does no harm', () => {
    const same = {
      a: 1,
      toJSON() {
        return this;
      },
    };
    class Endless {
      toJSON(): Endless {
        return new Endless();
      }
    }
    expect(copyOf(same)).toMatchObject({ a: 1 });
    expect(copyOf(new Endless())).toBe('[too deep]');
  });

  test.each([
    [
      'an error',
      'Object.assign(new TypeError("refused"), { code: "EPIPE" })',
      { message: 'refused', code: 'EPIPE' },
    ],
    ['a Date', 'new Date(0)', '1970-01-01T00:00:00.000Z'],
    ['a Map', 'new Map([["a", 1]])', { a: 1 }],
    ['a Set', 'new Set([1])', [1]],
    ['bytes', 'new Uint8Array([1, 2])', new Uint8Array([1, 2])],
    ['a pattern', '/a+/g', '/a+/g'],
    ['a boxed number', 'new Number(5)', 5],
    ['a list', '[1, [2]]', [1, [2]]],
  ])('%s of another realm keeps its content', (_name, code, expected) => {
    const copy = copyOf({ value: runInNewContext(code) as unknown }) as { value: unknown };
    if (Array.isArray(expected) || typeof expected !== 'object') expect(copy.value).toStrictEqual(expected);
    else expect(copy.value).toMatchObject(expected);
  });

  test.each([
    ['a bigint', 123n, '123'],
    ['a symbol', Symbol('mark'), 'Symbol(mark)'],
    ['NaN', Number.NaN, 'NaN'],
    ['text', 'text', 'text'],
    ['nothing', undefined, undefined],
  ])('%s by itself is readable too', (_name, value, expected) => {
    expect(copyOf(value)).toBe(expected);
  });

  test('an own key __proto__ stays a key and does not become the prototype', () => {
    const copy = copyOf(JSON.parse('{ "__proto__": { "admin": true } }')) as Record<string, unknown>;
    expect(Object.keys(copy)).toEqual(['__proto__']);
    expect(copy.admin).toBeUndefined();
    expect(copyOf(new Map([['__proto__', { admin: true }]]))).not.toHaveProperty('admin');
  });
});

describe('the size', () => {
  test('is never below two bytes for each character of keys and strings', () => {
    const characters = (value: unknown): number => {
      if (typeof value === 'string') return value.length;
      if (typeof value !== 'object' || value === null) return 0;
      const ofKeys = Array.isArray(value) ? 0 : Object.keys(value).join('').length;
      return Object.values(value).reduce((sum: number, item) => sum + characters(item), ofKeys);
    };
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        const body = { value };
        expect(snapshot(body, PLENTY)!.bytes).toBeGreaterThanOrEqual(characters(body) * CHARACTER_BYTES);
      }),
    );
  });

  test('decides: at maxBytes there is a copy, one byte less and there is none', () => {
    fc.assert(
      fc.property(jsonValue(), (value) => {
        const { bytes } = snapshot({ value }, PLENTY)!;
        expect(snapshot({ value }, bytes)).toEqual({ value: { value }, bytes });
        expect(snapshot({ value }, bytes - 1)).toBeUndefined();
      }),
    );
  });

  test.each<[string, object]>([
    ['an object that grows as it is read', endless()],
    [
      'a list without end',
      {
        list: new Proxy([], {
          get: (list, key) => (key === 'length' ? 2 ** 32 - 1 : Reflect.get(list, key)),
        }),
      },
    ],
    ['a typed array', new Float64Array(10_000_000)],
    ['bytes', { bytes: new Uint8Array(100_000_000) }],
    ['a long string', { text: 'x'.repeat(100_000_000) }],
    ['a number of many digits', { number: 2n ** 100_000n }],
    ['a symbol with a long description', { symbol: Symbol('x'.repeat(10_000)) }],
    ['a long key', { ['x'.repeat(100_000_000)]: 1 }],
    ['what is shared so often that the copy would fill the memory', doubled(30)],
  ])('bounds the cost: %s is not copied', (_name, body) => {
    expect(snapshot(body, 10_000)).toBeUndefined();
  });

  test('bounds the cost: the values of a FormData, and those of one name, are not read beyond it', () => {
    let read = 0;
    class Watched {
      readonly [Symbol.toStringTag] = 'FormData';
      *[Symbol.iterator]() {
        for (;;) yield ['name', String(read++)];
      }
    }
    expect(snapshot(new Watched(), 10_000)).toBeUndefined();
    expect(read).toBeLessThan(1_000);
    const form = new FormData();
    const values = Array.from({ length: 20_000 }, (_, at) => String(at));
    for (const value of values) form.append('name', value);
    expect(copyOf(form)).toEqual({ name: values });
  });

  test('bounds the cost: the entries of a map are not read beyond it', () => {
    let read = 0;
    class Watched extends Map<number, number> {
      override *[Symbol.iterator](): MapIterator<[number, number]> {
        for (;;) yield [read++, 1];
      }
    }
    expect(snapshot(new Watched(), 10_000)).toBeUndefined();
    expect(read).toBeLessThan(1_000);
  });
});

describe('the start of a value that is too large', () => {
  test('is never larger than the bound, and copied and missing bytes add up to the whole', () => {
    fc.assert(
      fc.property(fc.anything(), fc.integer({ min: 0, max: 500 }), (value, maxBytes) => {
        const copy = boundedSnapshot({ value }, maxBytes);
        expect(copy.bytes).toBeLessThanOrEqual(maxBytes);
        expect(copy.missingBytes > 0).toBe(snapshot({ value }, maxBytes) === undefined);
      }),
    );
  });

  test('and the missing bytes are the whole of a flat list, map or set, and never more than the whole', () => {
    const numbers = fc.uniqueArray(fc.integer(), { maxLength: 30 });
    fc.assert(
      fc.property(numbers, fc.jsonValue(), fc.nat(1_000), (list, any, maxBytes) => {
        const sum = (value: unknown) => {
          const { bytes, missingBytes } = boundedSnapshot(value, maxBytes);
          return bytes + missingBytes;
        };
        const whole = (value: unknown) => snapshot(value, PLENTY)!.bytes;
        for (const flat of [list, new Set(list), Float64Array.from(list), 'x'.repeat(list.length)]) {
          // If even the value itself exceeds the bound, its content is not read.
          if (maxBytes >= VALUE_BYTES) expect(sum(flat)).toBe(whole(flat));
        }
        expect(sum({ any })).toBeLessThanOrEqual(whole({ any }));
      }),
    );
  });

  test('of a text is its first characters, without splitting a surrogate pair', () => {
    expect(boundedSnapshot('abcdef', 24 + 6).value).toBe('abc');
    expect(boundedSnapshot('ab\u{1f600}', 24 + 6).value).toBe('ab');
    expect(boundedSnapshot('abcdef', 24 + 6).missingBytes).toBe(6);
  });

  test('of an object keeps the small fields next to a long text', () => {
    const { value } = boundedSnapshot({ payload: 'x'.repeat(10_000), order: 7, user: 'leo' }, 1_000);
    expect(value).toEqual({ payload: expect.stringMatching(/^x{200,}$/), order: 7, user: 'leo' });
  });

  test('of a list or of bytes is a shorter one', () => {
    expect(boundedSnapshot([1, 2, 3, 4], 24 * 3).value).toEqual([1, 2]);
    expect(boundedSnapshot(new Uint8Array([1, 2, 3]), 24 + 2).value).toEqual(new Uint8Array([1, 2]));
  });

  test('is found without reading the rest', () => {
    let reads = 0;
    const body: Record<string, unknown> = {};
    const get = () => {
      reads += 1;
      return 1;
    };
    for (let key = 0; key < 10_000; key += 1)
      Object.defineProperty(body, `key ${key}`, { enumerable: true, get });
    expect(boundedSnapshot(body, 10_000).missingBytes).toBeGreaterThan(200_000);
    expect(reads).toBeLessThan(400);
  });
});

/** Every key leads to an object with more keys. */
function endless(): object {
  return new Proxy(
    {},
    {
      ownKeys: () => ['a', 'b'],
      getOwnPropertyDescriptor: () => ({ enumerable: true, configurable: true }),
      get: () => endless(),
    },
  );
}

/** A few objects that stand for 2 ** levels. */
function doubled(levels: number): object {
  let body: object = { end: true };
  for (let level = 0; level < levels; level += 1) body = { left: body, right: body };
  return body;
}

test('an error keeps its code and its errors, a URL and a pattern their text, a DataView its bytes', () => {
  const error = Object.assign(new AggregateError([new Error('inner')], 'outer'), { code: 'ENOENT' });
  const { value } = snapshot(
    { error, url: new URL('http://x/y'), pattern: /a+/g, view: new DataView(new ArrayBuffer(2)) },
    100_000,
  )!;
  expect(value).toMatchObject({
    error: { name: 'AggregateError', message: 'outer', code: 'ENOENT', errors: [{ message: 'inner' }] },
    url: 'http://x/y',
    pattern: '/a+/g',
    view: new Uint8Array(2),
  });
});
