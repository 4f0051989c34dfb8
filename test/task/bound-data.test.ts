import vm from 'node:vm';
import fc from 'fast-check';
import { startTask } from '../../src/task/start-task.ts';
import type { Task } from '../../src/task/task.ts';
import { importTask, task, to } from '../../src/task/task-forms.ts';
import { listen } from '../support/diag-listener.ts';
import { type Registered, register, unregister } from '../support/registered.ts';
import { needs } from '../support/sdk-abilities.ts';

let out: Registered;
let warnings: string[];
beforeEach(() => {
  out = register();
  warnings = [];
  listen((message) => warnings.push(message));
});
afterEach(unregister);

/** The attributes of the only record with this body, without those of the task itself. */
function dataOf(body: string): Record<string, unknown> {
  const attributes = out.find(body).attributes as Record<string, unknown>;
  return Object.fromEntries(Object.entries(attributes).filter(([key]) => !key.startsWith('task.')));
}

describe('scope of data', () => {
  test('data is added to every later record of the task, including its own', () => {
    task('goal', { user: 'leo' }, (job) => {
      out.log('before');
      job.bind({ attempt: 1 });
      out.log('after');
      job.bind({ attempt: 2, more: true });
      out.log('after again');
    });
    expect(dataOf('task.started')).toEqual({ user: 'leo' });
    expect(dataOf('before')).toEqual({ user: 'leo' });
    expect(dataOf('after')).toEqual({ user: 'leo', attempt: 1 });
    expect(dataOf('after again')).toEqual({ user: 'leo', attempt: 2, more: true });
    expect(dataOf('task.succeeded')).toEqual({ user: 'leo', attempt: 2, more: true });
    expect(out.spans()[0]!.attributes).toMatchObject({ user: 'leo', attempt: 2, more: true });
  });

  test('children inherit the data bound when they started, and their own data takes precedence', () => {
    task('outer', { user: 'leo', step: 0 }, (outer) => {
      outer.bind({ cart: 3 });
      to('inner', { step: 1 }, () => out.log('in inner'));
    });
    expect(dataOf('in inner')).toEqual({ user: 'leo', step: 1, cart: 3 });
    expect(out.spans()[0]!.attributes).toMatchObject({ user: 'leo', step: 1, cart: 3 });
  });

  test('with inherit: false a child has its own data alone, and its children have no more', () => {
    task('outer', { user: 'leo' }, () => {
      to('inner', { step: 1 }, { inherit: false }, () => {
        out.log('in inner');
        to('innermost', () => out.log('in innermost'));
      });
    });
    expect(dataOf('in inner')).toEqual({ step: 1 });
    expect(dataOf('in innermost')).toEqual({ step: 1 });
  });

  test('a child does not get data that its parent binds later, or the parent that of its child', async () => {
    await task('outer', async (outer) => {
      const inner = to('inner', async (job) => {
        job.bind({ ofInner: true });
        await Promise.resolve();
        out.log('in inner');
      });
      outer.bind({ ofOuter: true });
      await inner;
      out.log('in outer');
    });
    expect(dataOf('in inner')).toEqual({ ofInner: true });
    expect(dataOf('in outer')).toEqual({ ofOuter: true });
  });

  test('siblings never mix', async () => {
    await task('outer', () =>
      Promise.all(
        [1, 2, 3].map((n) =>
          to(`step ${n}`, { n }, async (job) => {
            await Promise.resolve();
            job.bind({ [`only${n}`]: true });
            await Promise.resolve();
            out.log(`in ${n}`);
          }),
        ),
      ),
    );
    for (const n of [1, 2, 3]) expect(dataOf(`in ${n}`)).toEqual({ n, [`only${n}`]: true });
  });

  test('a root task and an imported one do not inherit', () => {
    task('outer', { user: 'leo' }, (outer) => {
      task('other', () => out.log('in other'));
      importTask(outer.foreignTask(), 'imported', () => out.log('in imported'));
      startTask('started')[Symbol.dispose]();
    });
    expect(dataOf('in other')).toEqual({});
    expect(dataOf('in imported')).toEqual({});
    expect(dataOf('task.abandoned')).toEqual({ user: 'leo' });
  });

  test('explicit attributes take precedence, whatever their values', () => {
    task('goal', { user: 'leo', zero: 1, empty: 'full' }, () => {
      out.log('given', {
        user: 'ann',
        zero: 0,
        empty: '',
        'task.id': 'mine',
        'task.name': 'mine',
        'task.parent.id': 'mine',
      });
    });
    expect(dataOf('given')).toEqual({ user: 'ann', zero: 0, empty: '' });
    expect(out.find('given').attributes).toMatchObject({ 'task.id': 'mine', 'task.name': 'mine' });
    task('outer', () => to('inner', () => out.log('in inner', { 'task.parent.id': 'mine' })));
    expect(out.find('in inner').attributes['task.parent.id']).toBe('mine');
  });
});

describe('names', () => {
  test.each(['task.id', 'task.anything', 'burst.id', 'exception.type', 'exception.message', '__proto__'])(
    '%s cannot be bound, in no way; that is logged once and the rest is kept',
    (name) => {
      const data = () => JSON.parse(`{"before":1,${JSON.stringify(name)}:{"polluted":"not hex"},"after":2}`);
      task('goal', data(), (job) => {
        job.bind(data());
        to('inner', data(), () => out.log('in inner'));
      });
      expect(dataOf('in inner')).toEqual({ before: 1, after: 2 });
      expect(JSON.stringify(out.records().map(({ attributes }) => attributes))).not.toContain('not hex');
      for (const record of out.records()) expect(record.attributes.polluted).toBeUndefined();
      expect(warnings).toEqual([expect.stringContaining(`${JSON.stringify(name)} is a reserved name`)]);
    },
  );

  test.each([
    'task',
    'tasks.id',
    'xtask.id',
    'Task.id',
    'constructor',
    'toString',
    'hasOwnProperty',
    'a b',
    'ä',
  ])('%s is a name like any other, in children too', (name) => {
    task('goal', { [name]: 'value' }, () => to('inner', () => out.log('in inner')));
    expect(out.find('in inner').attributes[name]).toBe('value');
    expect(warnings).toEqual([]);
  });

  test('undefined binds nothing, and does not remove bound data', () => {
    task('goal', { user: 'leo' }, (job) => {
      job.bind({ user: undefined, other: undefined });
      out.log('inside');
    });
    expect(dataOf('inside')).toEqual({ user: 'leo' });
  });
});

describe('values', () => {
  class Account {
    owner = 'leo';
    #secret = 1;
    get computed() {
      return this.#secret;
    }
  }
  const circular: Record<string, unknown> = { name: 'loop' };
  circular.self = circular;
  const throwing = {
    good: 1,
    get bad(): never {
      throw new Error('no');
    },
  };
  const anyFailure = new Proxy(
    {},
    {
      ownKeys() {
        throw new Error('no keys');
      },
      getPrototypeOf() {
        throw new Error('no prototype');
      },
    },
  );
  const revoked = Proxy.revocable({}, {});
  revoked.revoke();
  const cases: [string, unknown, unknown][] = [
    ['a Date', new Date(0), '1970-01-01T00:00:00.000Z'],
    ['a Date that is none', new Date(Number.NaN), 'Invalid Date'],
    ['a small bigint', 42n, 42],
    ['a big bigint', 2n ** 64n, '18446744073709551616'],
    [
      'a Map',
      new Map<unknown, unknown>([
        ['a', 1],
        [2, new Map([['b', 2n]])],
      ]),
      { a: 1, 2: { b: '2' } },
    ],
    ['a Set', new Set([1, 'two']), [1, 'two']],
    ['a circular object', circular, { name: 'loop', self: '[circular]' }],
    ['a getter that throws', throwing, { good: 1, bad: '[threw Error: no]' }],
    ['a Proxy that throws', anyFailure, expect.stringMatching(/^\[threw /)],
    ['a revoked Proxy', revoked.proxy, expect.stringMatching(/^\[threw /)],
    ['a function', () => 1, '[function]'],
    ['a symbol', Symbol('s'), 'Symbol(s)'],
    ['a class instance', new Account(), { owner: 'leo' }],
    ['an error', new TypeError('no'), 'TypeError: no'],
    ['an error of another realm', vm.runInNewContext('new TypeError("no")'), 'TypeError: no'],
    ['a URL', new URL('http://host/path'), 'http://host/path'],
    ['a RegExp', /a/g, '/a/g'],
    ['bytes', new Uint8Array([1, 2]), new Uint8Array([1, 2])],
    ['a list', [1, [2, null]], [1, [2, null]]],
    ['not a number', Number.NaN, Number.NaN],
    ['a text of 32,768 characters', 'x'.repeat(32_768), 'x'.repeat(32_768)],
    ['a longer text', 'x'.repeat(32_769), '[too big]'],
    ['a huge list', new Array(100_000).fill(1), '[too big]'],
    ['a huge object', { text: 'x'.repeat(40_000) }, '[too big]'],
    ['a huge bigint', 10n ** 40_000n, '[too big]'],
  ];

  const mixed = ['a list', 'a Set'];
  const runs = (name: string) => (mixed.includes(name) ? needs('lists of mixed values') : test);
  describe.each(cases)('%s', (name, value, expected) => {
    runs(name)('is bound', () => {
      expect(() =>
        task('goal', { value }, (job) => {
          out.log('inside');
          job.bind({ again: value });
        }),
      ).not.toThrow();
      expect(dataOf('inside')).toEqual({ value: expected });
      const type = typeof out.spans()[0]!.attributes.value;
      expect(['string', 'number', 'boolean']).toContain(type);
    });
  });

  test.each<[string, unknown, string]>([
    ['a number', 5, 'a number'],
    ['a text', 'text', 'a string'],
    ['a boolean', true, 'a boolean'],
    ['a symbol', Symbol('s'), 'a symbol'],
    ['a function', () => {}, 'a function'],
    ['a list', ['a'], 'Array'],
    ['ten million numbers', new Float64Array(1e7), 'Float64Array'],
    ['bytes', Buffer.from('text'), 'Buffer'],
    ['a boxed text', new String('text'), 'String'],
  ])('%s is not valid data: it is logged and ignored', (_, data, shown) => {
    const started = startTask('goal', data as never);
    started.bind(data as never);
    started[Symbol.dispose]();
    expect(dataOf('task.started')).toEqual({});
    expect(warnings).toEqual([
      `burstlog: the data of a task must be an object with names, got ${shown}; it is ignored (logged once)`,
    ]);
  });

  test('a task has at most 256 attributes, including inherited ones; further values are not read', () => {
    unregister();
    out = register({ limits: { attributeCountLimit: 1_000 } });
    listen((message) => warnings.push(message));
    let reads = 0;
    const names = Array.from({ length: 300_000 }, (_, n) => `key${n}`);
    const huge = Object.defineProperties(
      {},
      Object.fromEntries(names.map((name) => [name, { enumerable: true, get: () => (reads += 1) }])),
    );
    task('outer', { user: 'leo' }, (outer) => {
      to('inner', huge, (inner) => {
        inner.bind({ key0: 'again', more: true });
        out.log('in inner');
      });
      expect(reads).toBeLessThan(300);
      outer.bind(huge);
    });
    const inner = dataOf('in inner');
    expect(Object.keys(inner)).toHaveLength(256);
    expect(inner).toMatchObject({ user: 'leo', key0: 'again', key254: 255 });
    expect(inner).not.toHaveProperty('more');
    // The SDK of the 3.x line also warns, about the span's attributes.
    expect(warnings.filter((message) => message.startsWith('burstlog'))).toEqual([
      'burstlog: a task can have at most 256 data attributes; "key255" and further ones are ignored (logged once)',
    ]);
  });

  test('data whose keys cannot be read is logged and ignored; a getter that throws becomes [threw …]', () => {
    task('goal', anyFailure, (job) => job.bind(throwing));
    expect(dataOf('task.succeeded')).toEqual({ good: 1, bad: '[threw Error: no]' });
    expect(warnings).toEqual([expect.stringContaining('the data of a task cannot be read')]);
  });

  test('changing an object after it was bound changes nothing', () => {
    const cart = { items: ['tea'], owner: { name: 'leo' } };
    const data: Record<string, unknown> = { cart };
    task('goal', data, (job) => {
      cart.items.push('milk');
      cart.owner.name = 'ann';
      data.more = true;
      out.log('inside');
      job.bind({ cart });
      cart.items.length = 0;
      out.log('later');
    });
    expect(dataOf('inside')).toEqual({ cart: { items: ['tea'], owner: { name: 'leo' } } });
    expect(dataOf('later')).toEqual({ cart: { items: ['tea', 'milk'], owner: { name: 'ann' } } });
  });

  test('anything at all can be bound: nothing throws, and both ends are recorded', () => {
    const anything = fc.anything({
      withBigInt: true,
      withBoxedValues: true,
      withDate: true,
      withMap: true,
      withNullPrototype: true,
      withObjectString: true,
      withSet: true,
      withSparseArray: true,
      withTypedArray: true,
    });
    fc.assert(
      fc.property(fc.string(), anything, anything, (key, value, data) => {
        let seen: Task | undefined;
        const before = out.records().length;
        task('goal', { [key]: value }, (job) => {
          seen = job;
          job.bind(data as never);
          to('inner', data as never, () => {});
        });
        expect(out.records().length - before).toBe(4);
        expect(out.records().at(-1)!.attributes['task.id']).toBe(seen!.id);
        expect(JSON.stringify(out.records().at(-1)!.attributes)).toBeDefined();
      }),
    );
  });
});
