import { EventEmitter, once } from 'node:events';
import { connect } from 'node:net';
import vm from 'node:vm';
import fc from 'fast-check';
import { task, to } from '../../src/task/task-forms.ts';
import { type Registered, register, unregister } from '../support/registered.ts';

let out: Registered;
beforeEach(() => {
  out = register();
});
afterEach(unregister);

/** The attributes of the failed end of a task with this name. */
function failed(name = 'goal'): Record<string, unknown> {
  const record = out
    .records()
    .find(({ eventName, attributes }) => eventName === 'task.failed' && attributes['task.name'] === name);
  expect(record).toBeDefined();
  return record!.attributes;
}

function failWith(error: unknown): Record<string, unknown> {
  let caught: unknown = 'nothing';
  try {
    task('goal', () => {
      throw error;
    });
  } catch (thrown) {
    caught = thrown;
  }
  expect(Object.is(caught, error)).toBe(true);
  return failed();
}

/** An error whose stack is one line, so that only the number of errors bounds what is written. */
function bare(message: string): Error {
  return Object.assign(new Error(message), { stack: message });
}

function aggregate(count: number, member: (n: number) => unknown): Error {
  const errors = Array.from({ length: count }, (_, n) => member(n));
  return Object.assign(new AggregateError(errors, 'all'), { stack: 'all' });
}

class Subclass extends Error {}
class Named extends Error {
  override name = 'PaymentError';
}

describe('what was thrown', () => {
  test.each<[string, unknown, string, string]>([
    ['an error', new Error('no'), 'Error', 'no'],
    ['a TypeError', new TypeError('no'), 'TypeError', 'no'],
    ['a subclass that does not set its name', new Subclass('no'), 'Subclass', 'no'],
    ['a subclass that sets its name', new Named('no'), 'PaymentError', 'no'],
    ['an error with a code', Object.assign(new Error('no'), { code: 'E_X' }), 'Error', 'no'],
    ['a DOMException, whose code is a number', new DOMException('no', 'DataError'), 'DataError', 'no'],
    ['an error of another realm', vm.runInNewContext('new RangeError("no")'), 'RangeError', 'no'],
    ['a text', 'no', 'string', 'no'],
    ['an empty text', '', 'string', ''],
    ['null', null, 'null', 'null'],
    ['undefined', undefined, 'undefined', 'undefined'],
    ['a number', 42, 'number', '42'],
    ['not a number', Number.NaN, 'number', 'NaN'],
    ['a bigint', 42n, 'bigint', '42'],
    ['a symbol', Symbol('s'), 'symbol', 'Symbol(s)'],
    ['a function', function no() {}, 'function', 'function no() {}'],
    ['a plain object', { code: 5, deep: { a: 1 } }, 'Object', '{ code: 5, deep: { a: 1 } }'],
    ['an object without a prototype', Object.create(null), 'Object', '[Object: null prototype] {}'],
    ['a list', [1, 2], 'Array', '[ 1, 2 ]'],
    [
      'a class instance',
      new (class Answer {
        status = 500;
      })(),
      'Answer',
      'Answer { status: 500 }',
    ],
    ['an object that looks like an error', { name: 'RemoteError', message: 'no' }, 'RemoteError', 'no'],
    ['an error without a message', new Error(''), 'Error', ''],
    ['an error whose name is a number', Object.assign(new Error('no'), { name: 5 }), '5', 'no'],
    [
      'an error whose message is an object',
      Object.assign(new Error(), { message: { a: 1 } }),
      'Error',
      '[object Object]',
    ],
    [
      'an error whose message is a symbol',
      Object.assign(new Error(), { message: Symbol('s') }),
      'Error',
      'Symbol(s)',
    ],
  ])('%s', (_, error, type, message) => {
    const attributes = failWith(error);
    expect(attributes).toMatchObject({
      'exception.type': type,
      'error.type': type,
      'exception.message': message,
      'task.outcome': 'failed',
    });
    expect(attributes).not.toHaveProperty(['task.failed_in']);
    expect(out.spans()[0]!.attributes['error.type']).toBe(type);
    expect(out.spans()[0]!.status).toMatchObject({ code: 2, message });
  });

  test('an error whose getters throw, and a Proxy that throws, are described as errors that cannot be shown', () => {
    const no = () => {
      throw new Error('getter');
    };
    const getters = Object.defineProperties(new Error('no'), {
      stack: { get: no },
      message: { get: no },
      name: { get: no },
    });
    const traps = new Proxy(new Error('no'), { get: no, getPrototypeOf: no, has: no, ownKeys: no });
    const revoked = Proxy.revocable({}, {});
    revoked.revoke();
    for (const error of [getters, traps, revoked.proxy]) {
      expect(failWith(error)['exception.message']).toMatch(/^an error that cannot be shown/);
      unregister();
      out = register();
    }
  });

  test('long names, messages and stacks are bounded', () => {
    const error = new Error('m'.repeat(100_000));
    error.name = 'N'.repeat(100_000);
    error.stack = 's\n'.repeat(100_000);
    const attributes = failWith(error);
    expect(String(attributes['exception.type'])).toHaveLength(256);
    expect(String(attributes['exception.message'])).toHaveLength(4_096);
    expect(String(attributes['exception.stacktrace'])).toHaveLength(32_768);
  });

  test('anything at all that is thrown passes through, and is described in words', () => {
    const anything = fc.anything({
      withBigInt: true,
      withBoxedValues: true,
      withDate: true,
      withMap: true,
      withNullPrototype: true,
      withSet: true,
      withTypedArray: true,
    });
    fc.assert(
      fc.property(
        fc.oneof(
          anything,
          fc.record({
            name: anything,
            message: anything,
            stack: anything,
            cause: anything,
            errors: anything,
          }),
        ),
        (error) => {
          let caught: unknown;
          try {
            task('goal', () =>
              to('inner', () => {
                throw error;
              }),
            );
          } catch (thrown) {
            caught = thrown;
          }
          expect(Object.is(caught, error)).toBe(true);
          for (const record of out.records().slice(-2)) {
            expect(typeof record.attributes['task.outcome']).toBe('string');
            if (record.eventName !== 'task.failed') continue;
            expect(typeof record.attributes['exception.type']).toBe('string');
            expect(typeof record.attributes['exception.message']).toBe('string');
          }
        },
      ),
    );
  });
});

describe('the stack', () => {
  const stackOf = (attributes: Record<string, unknown>) => String(attributes['exception.stacktrace']);

  test('is that of the error, and primitives have none', () => {
    const error = new Error('no');
    expect(failWith(error)['exception.stacktrace']).toBe(error.stack);
    unregister();
    out = register();
    expect(failWith('text')).not.toHaveProperty(['exception.stacktrace']);
  });

  test('of nested tasks shows as many calls of the application as without tasks', () => {
    function work(depth: number): void {
      if (depth === 6) throw new Error('deep');
      (depth === 1 ? task : to)(`task ${depth}`, () => work(depth + 1));
    }
    const { stackTraceLimit } = Error;
    let raw = '';
    try {
      // That of Node; jest has a higher one.
      Error.stackTraceLimit = 10;
      work(1);
    } catch (error) {
      raw = (error as Error).stack!;
      expect(Error.stackTraceLimit).toBe(10);
    } finally {
      Error.stackTraceLimit = stackTraceLimit;
    }
    const stack = stackOf(failed('task 5'));
    expect(raw).toMatch(/src[\\/]task[\\/]/);
    expect(stack).not.toMatch(/src[\\/]task[\\/]|context-async-hooks|AsyncLocalStorage/);
    // Six calls of work, and the five callbacks that call it: more than Node's ten frames.
    expect(stack.split(__filename).length - 1).toBeGreaterThanOrEqual(11);
  });

  test('of an error thrown by an invalid call of a task shows that call', () => {
    expect(() => task('goal', () => (task as (...all: unknown[]) => unknown)('inner'))).toThrow(TypeError);
    const [, first, , third] = stackOf(failed()).split('\n');
    expect(first).toMatch(/src[\\/]task[\\/]/);
    expect(third).toContain(__filename);
  });

  test('obeys the limit of the application, also one that is set inside a task', () => {
    const { stackTraceLimit } = Error;
    try {
      Error.stackTraceLimit = 0;
      expect(stackOf(failWith(new Error('no')))).toBe('Error: no');
      Error.stackTraceLimit = 4;
      task('goal', () => {
        Error.stackTraceLimit = 7;
      });
      expect(Error.stackTraceLimit).toBe(7);
      Error.stackTraceLimit = Number.POSITIVE_INFINITY;
      task('goal', () => expect(Error.stackTraceLimit).toBe(Number.POSITIVE_INFINITY));
    } finally {
      Error.stackTraceLimit = stackTraceLimit;
    }
  });

  test('stays whole where the application prepares stacks itself, or the limit cannot be changed', () => {
    const { prepareStackTrace, stackTraceLimit } = Error;
    try {
      Error.prepareStackTrace = (error) => `prepared ${String(error)}`;
      expect(stackOf(failWith(new Error('no')))).toBe('prepared Error: no');
      Error.prepareStackTrace = prepareStackTrace as never;
      Object.defineProperty(Error, 'stackTraceLimit', { value: 3, writable: false, configurable: true });
      unregister();
      out = register();
      expect(stackOf(failWith(new Error('no')))).toMatch(/^Error: no\n {4}at /);
    } finally {
      Object.defineProperty(Error, 'stackTraceLimit', { value: stackTraceLimit, writable: true });
      Error.prepareStackTrace = prepareStackTrace as never;
    }
  });

  test('is followed by the causes, to the innermost', () => {
    const root = new RangeError('root');
    const middle = new Error('middle', { cause: root });
    const stack = stackOf(failWith(new TypeError('outer', { cause: middle })));
    expect(stack).toMatch(
      /^TypeError: outer\n[\s\S]*\nCaused by: Error: middle\n[\s\S]*\nCaused by: RangeError: root\n/,
    );
  });

  test('names causes that are no errors', () => {
    expect(stackOf(failWith(new Error('no', { cause: { status: 500 } })))).toMatch(
      /\nCaused by: Object: \{ status: 500 \}$/,
    );
  });

  test('of circular causes ends', () => {
    const first = new Error('first');
    const second = new Error('second', { cause: first });
    first.cause = second;
    expect(stackOf(failWith(first))).toMatch(/Caused by: Error: second[\s\S]*Caused by: \[circular\]$/);
    unregister();
    out = register();
    const self = new Error('self');
    self.cause = self;
    expect(stackOf(failWith(self))).toMatch(/Caused by: \[circular\]$/);
  });

  test.each<[string, () => Error, number]>([
    [
      'a chain of a thousand causes',
      () => {
        let chain = bare('bottom');
        for (let n = 0; n < 1_000; n += 1) chain = Object.assign(bare(`level ${n}`), { cause: chain });
        return chain;
      },
      16,
    ],
    ['ten thousand members', () => aggregate(10_000, (n) => bare(`member ${n}`)), 16],
    ['ten thousand members that are no errors', () => aggregate(10_000, (n) => `member ${n}`), 17],
    ['members with members', () => aggregate(16, () => aggregate(16, (n) => bare(`member ${n}`))), 16],
    ['members with causes', () => aggregate(16, () => Object.assign(bare('a'), { cause: bare('b') })), 16],
    [
      'members inside of members, a hundred deep',
      () => {
        let deepest = bare('bottom');
        for (let n = 0; n < 100; n += 1) deepest = aggregate(1, () => deepest);
        return deepest;
      },
      9,
    ],
  ])('of %s is bounded', (_, error, count) => {
    expect(stackOf(failWith(error())).split('\n')).toHaveLength(count);
  });

  test('includes everything that can be read if the getter of a cause throws', () => {
    const cause = Object.defineProperty(new Error('cause'), 'stack', {
      get() {
        throw new Error('no');
      },
    });
    expect(stackOf(failWith(new Error('outer', { cause })))).toMatch(/^Error: outer\n/);
  });
});

describe('an AggregateError', () => {
  test('of Promise.any lists its members', async () => {
    const work = () => Promise.any([Promise.reject(new RangeError('first')), Promise.reject('second')]);
    await expect(task('goal', work)).rejects.toThrow('All promises were rejected');
    expect(failed()).toMatchObject({ 'exception.type': 'AggregateError' });
    expect(failed()['exception.stacktrace']).toMatch(
      /\n {2}Member 1: RangeError: first\n[\s\S]*\n {2}Member 2: string: second$/,
    );
  });

  test("without a message, as Node's own of a refused connection, has those of its members", async () => {
    const refused = new AggregateError([
      new Error('connect ECONNREFUSED ::1:1'),
      new Error('connect ECONNREFUSED 127.0.0.1:1'),
    ]);
    expect(failWith(refused)['exception.message']).toBe(
      'connect ECONNREFUSED ::1:1; connect ECONNREFUSED 127.0.0.1:1',
    );
  });

  test('or a plain error, a connection of Node that is refused is described in words', async () => {
    const work = async () => {
      const socket = connect({ port: 1, host: 'localhost' });
      await once(socket, 'connect');
    };
    await expect(task('goal', work)).rejects.toBeDefined();
    expect(failed()['exception.message']).toMatch(/ECONNREFUSED/);
    expect(failed()['exception.stacktrace']).toMatch(/ECONNREFUSED/);
  });

  test('that contains itself ends', () => {
    const error = new AggregateError([], 'loop');
    error.errors.push(error);
    expect(failWith(error)['exception.stacktrace']).toMatch(/Member 1: \[circular\]$/);
  });
});

describe('an error that goes through several tasks', () => {
  test.each<[string, unknown]>([
    ['an error', new Error('no')],
    ['a text', 'no'],
    ['null', null],
    ['not a number', Number.NaN],
    ['a frozen object', Object.freeze({ code: 5 })],
    ['a symbol', Symbol('s')],
  ])('%s: the innermost task records the stack, the others refer to it', (_, error) => {
    let innermost = '';
    expect(() =>
      task('outer', () =>
        to('middle', () =>
          to('inner', (job) => {
            innermost = job.id;
            throw error;
          }),
        ),
      ),
    ).toThrow();
    expect(failed('inner')).not.toHaveProperty(['task.failed_in']);
    expect('exception.stacktrace' in failed('inner')).toBe(error instanceof Error);
    for (const name of ['middle', 'outer']) {
      expect(failed(name)).not.toHaveProperty(['exception.stacktrace']);
      expect(failed(name)).toMatchObject({ 'task.failed_in': innermost });
      expect(failed(name)['exception.message']).toBe(failed('inner')['exception.message']);
    }
  });

  test('of failing siblings: the enclosing task refers to the one whose error it was', async () => {
    for (const wrap of [(text: string) => new Error(text), (text: string) => text]) {
      const errors = [1, 2, 3].map((n) => wrap(`no ${n}`));
      const ids: string[] = [];
      const work = () =>
        Promise.all(
          errors.map((error, n) =>
            to(`step ${n}`, async (job) => {
              ids[n] = job.id;
              await Promise.resolve();
              throw error;
            }),
          ),
        );
      await expect(task('goal', work)).rejects.toBe(errors[0]);
      expect(failed()).toMatchObject({ 'task.failed_in': ids[0] });
      unregister();
      out = register();
    }
  });

  test('passed to fail() in an inner task and rethrown, is recorded with its stack once', () => {
    const error = new Error('no');
    expect(() =>
      task('outer', () => {
        const inner = to('inner', (job) => {
          job.fail(error);
          return job.id;
        });
        expect(failed('inner')['exception.stacktrace']).toBe(error.stack);
        expect(inner).toBeDefined();
        throw error;
      }),
    ).toThrow(error);
    expect(failed('outer')).toHaveProperty(['task.failed_in']);
    expect(failed('outer')).not.toHaveProperty(['exception.stacktrace']);
  });

  test('wrapped in between, is a new error with its own stack, and the old one as cause', () => {
    expect(() =>
      task('outer', () => {
        try {
          to('inner', () => {
            throw new Error('disk');
          });
        } catch (cause) {
          throw new Error('cannot save', { cause });
        }
      }),
    ).toThrow('cannot save');
    expect(failed('outer')).toMatchObject({ 'exception.message': 'cannot save' });
    expect(failed('outer')['exception.stacktrace']).toMatch(
      /^Error: cannot save\n[\s\S]*Caused by: Error: disk/,
    );
  });

  test('that is caught does not affect the enclosing task', () => {
    task('outer', () => {
      expect(() =>
        to('inner', () => {
          throw new Error('handled');
        }),
      ).toThrow('handled');
    });
    expect(out.records().at(-1)).toMatchObject({ eventName: 'task.succeeded', body: 'outer succeeded' });
  });

  test('of an event emitter, inside job.run, fails the task that it belongs to', async () => {
    const emitter = new EventEmitter();
    await expect(
      task('goal', async (job) => {
        const heard = new Promise<void>((resolve, reject) => {
          emitter.on('data', () =>
            job.run(() => {
              out.log('heard');
              try {
                to('parse', () => JSON.parse('{'));
                resolve();
              } catch (error) {
                reject(error);
              }
            }),
          );
        });
        setImmediate(() => emitter.emit('data'));
        await heard;
      }),
    ).rejects.toThrow(SyntaxError);
    expect(failed('parse')).toMatchObject({ 'exception.type': 'SyntaxError' });
    expect(failed('goal')).toMatchObject({ 'task.failed_in': failed('parse')['task.id'] });
    expect(out.find('heard').attributes['task.name']).toBe('goal');
  });
});
