import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { SpanKind } from '@opentelemetry/api';
import { transformSync } from '@swc/core';
import { startTask } from '../../src/task/start-task.ts';
import type { Task } from '../../src/task/task.ts';
import { currentTask, importTask, task, to } from '../../src/task/task-forms.ts';
import { wrap } from '../../src/task/wrap.ts';
import { listen } from '../support/diag-listener.ts';
import { type Registered, register, unregister } from '../support/registered.ts';

let out: Registered;
beforeEach(() => {
  out = register();
});
afterEach(unregister);

const header = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
const forms: [string, <T>(fn: (job: Task) => T) => T][] = [
  ['task', (fn) => task('goal', fn)],
  ['to', (fn) => to('goal', fn)],
  ['importTask', (fn) => importTask(header, 'goal', fn)],
  ['wrap', (fn) => wrap(() => fn(currentTask()!), 'goal')()],
];

describe.each(forms)('%s', (_, within) => {
  test('passes the task to the callback; it is the current one inside and not outside', () => {
    within((job) => expect(currentTask()).toBe(job));
    expect(currentTask()).toBeUndefined();
  });

  test('keeps the task current over awaits', async () => {
    await within(async (job) => {
      await Promise.resolve();
      expect(currentTask()).toBe(job);
      await new Promise((resolve) => setImmediate(resolve));
      expect(currentTask()).toBe(job);
    });
    expect(currentTask()).toBeUndefined();
  });

  test('returns the same object that the callback returns, at once when it is sync', () => {
    const value = { same: true };
    expect(within(() => value)).toBe(value);
    expect(out.events()).toEqual(['task.started', 'task.succeeded']);
  });

  test('ends an async task when its promise settles, and resolves with the same object', async () => {
    const value = { same: true };
    const promise = within(async () => {
      await Promise.resolve();
      return value;
    });
    expect(out.events()).toEqual(['task.started']);
    expect(await promise).toBe(value);
    expect(out.events()).toEqual(['task.started', 'task.succeeded']);
  });

  test('throws the same error object', () => {
    const error = new Error('no');
    let caught: unknown;
    try {
      within(() => {
        throw error;
      });
    } catch (thrown) {
      caught = thrown;
    }
    expect(caught).toBe(error);
    expect(out.events()).toEqual(['task.started', 'task.failed']);
  });

  test.each([new Error('no'), 'text', null, undefined, 5, { plain: true }])(
    'rejects with the same %p',
    async (error) => {
      const promise = within(async () => {
        await Promise.resolve();
        throw error;
      });
      const caught = await promise.then(
        () => 'resolved',
        (thrown: unknown) => ({ thrown }),
      );
      expect((caught as { thrown: unknown }).thrown).toBe(error);
      expect(out.events()).toEqual(['task.started', 'task.failed']);
    },
  );

  test('waits for a thenable that is not a promise', async () => {
    const value = { same: true };
    let resolveIt: (value: object) => void = () => {};
    // biome-ignore lint/suspicious/noThenProperty: it is what the test is about.
    const thenable = { then: (resolve: (value: object) => void) => (resolveIt = resolve) };
    const promise = within(() => thenable as unknown as PromiseLike<object>);
    await Promise.resolve();
    expect(out.events()).toEqual(['task.started']);
    resolveIt(value);
    expect(await promise).toBe(value);
    expect(out.events()).toEqual(['task.started', 'task.succeeded']);
  });

  test('keeps the class of a promise that is a subclass', async () => {
    class Own extends Promise<number> {}
    const promise = within(() => new Own((resolve) => resolve(7)));
    expect(promise).toBeInstanceOf(Own);
    expect(await promise).toBe(7);
  });
});

test('a promise whose then() throws is returned unchanged, and the task fails with that error', () => {
  class Odd extends Promise<number> {
    constructor() {
      super((resolve) => resolve(1));
    }
  }
  const odd = new Odd();
  expect(task('odd', () => odd)).toBe(odd);
  expect(out.events()).toEqual(['task.started', 'task.failed']);
});

test('an object whose then cannot be read is a value like any other', () => {
  const value = {
    // biome-ignore lint/suspicious/noThenProperty: it is what the test is about.
    get then(): never {
      throw new Error('no');
    },
  };
  expect(task('goal', () => value)).toBe(value);
  expect(out.events()).toEqual(['task.started', 'task.succeeded']);
});

describe('optional arguments', () => {
  test.each([
    ['(message, fn)', [], {}, SpanKind.INTERNAL],
    ['(message, data, fn)', [{ user: 'leo' }], { user: 'leo' }, SpanKind.INTERNAL],
    [
      '(message, data, options, fn)',
      [{ user: 'leo' }, { kind: SpanKind.CLIENT }],
      { user: 'leo' },
      SpanKind.CLIENT,
    ],
    ['(message, undefined, options, fn)', [undefined, { kind: SpanKind.CLIENT }], {}, SpanKind.CLIENT],
    ['(message, undefined, undefined, fn)', [undefined, undefined], {}, SpanKind.INTERNAL],
    ['(message, null, null, fn)', [null, null], {}, SpanKind.INTERNAL],
  ])('%s', (_, before, attributes, kind) => {
    const any = task as (...values: unknown[]) => unknown;
    expect(any('goal', ...before, () => 'value')).toBe('value');
    (to as typeof any)('goal', ...before, () => {});
    (importTask as typeof any)(header, 'goal', ...before, () => {});
    const spans = out.spans();
    expect(spans).toHaveLength(3);
    for (const span of spans) {
      expect(span.attributes).toEqual({ ...attributes, 'task.outcome': 'succeeded' });
      expect(span.kind).toBe(kind);
    }
  });

  test.each([
    [[]],
    [['goal']],
    [['goal', {}]],
    [['goal', {}, {}]],
    [['goal', {}, {}, null]],
    [['goal', {}, {}, 'fn']],
  ])('a call without a function, %p, is a TypeError, and no task starts', (values) => {
    const calls = [task, to, importTask.bind(undefined, header)] as ((...values: unknown[]) => unknown)[];
    for (const call of calls) expect(() => call(...values)).toThrow(TypeError);
    expect(() => (wrap as (...values: unknown[]) => unknown)(values.at(-1), 'goal')).toThrow(TypeError);
    expect(out.records()).toEqual([]);
  });

  test('an unknown kind is logged, and the span is INTERNAL', () => {
    const warnings: string[] = [];
    listen((message) => warnings.push(message));
    task('goal', {}, { kind: 'server' as never }, () => {});
    expect(out.spans()[0]!.kind).toBe(SpanKind.INTERNAL);
    expect(warnings).toEqual([expect.stringContaining('must be a SpanKind, got "server"')]);
  });

  test('a message that is no text is shown as text', () => {
    task(42 as never, () => {});
    task(undefined as never, () => {});
    task(new RangeError('no') as never, () => {});
    expect(out.spans().map(({ name }) => name)).toEqual(['42', 'undefined', 'RangeError: no']);
  });

  test('a message that is a huge list is not written out', () => {
    for (const list of [new Array(2 ** 32 - 1), new Float64Array(1e7)]) task(list as never, () => {});
    expect(out.spans().map(({ name }) => name)).toEqual(['Array(4294967295)', 'Float64Array(10000000)']);
  });

  // In quadratic time it would exceed the timeout of a test.
  test('a message with a million unterminated names is formatted', () => {
    task('%('.repeat(1_000_000), { a: 1 }, () => {});
    expect(out.records()[0]!.body).toBe('%('.repeat(1_000_000));
  });
});

describe('task and to', () => {
  test('to starts a step of the current task; task starts its own trace that is linked to it', () => {
    task('outer', (outer) => {
      to('step', (step) => {
        expect(step.parent).toBe(outer);
        expect(step.path).toEqual(['outer', 'step']);
      });
      task('other', (other) => {
        expect(other.parent).toBeUndefined();
        expect(other.path).toEqual(['other']);
      });
    });
    const [step, other, outer] = out.spans();
    expect(step!.spanContext().traceId).toBe(outer!.spanContext().traceId);
    expect(step!.parentSpanContext?.spanId).toBe(outer!.spanContext().spanId);
    expect(other!.spanContext().traceId).not.toBe(outer!.spanContext().traceId);
    expect(other!.parentSpanContext).toBeUndefined();
    expect(other!.links.map((link) => link.context.spanId)).toEqual([outer!.spanContext().spanId]);
  });

  test('to without a task starts a root and logs it once', () => {
    const warnings: string[] = [];
    listen((message) => warnings.push(message));
    to('alone', (job) => expect(job.parent).toBeUndefined());
    to('alone again', () => {});
    expect(warnings).toEqual([expect.stringMatching(/to\("alone"\) was called without a current task/)]);
  });
});

describe('startTask', () => {
  test('does not become current, and ends when it is disposed of', () => {
    const job = startTask('goal', { user: 'leo' });
    expect(currentTask()).toBeUndefined();
    expect(out.events()).toEqual(['task.started']);
    job.success('done');
    expect(out.events()).toEqual(['task.started']);
    job[Symbol.dispose]();
    expect(out.events()).toEqual(['task.started', 'task.succeeded']);
    job[Symbol.dispose]();
    expect(out.records()).toHaveLength(2);
  });

  test('disposed without an outcome it is abandoned, at WARN, and its span has no status', () => {
    startTask('goal')[Symbol.dispose]();
    expect(out.find('task.abandoned')).toMatchObject({
      severityNumber: 13,
      attributes: { 'task.outcome': 'abandoned' },
    });
    expect(out.spans()[0]!.status.code).toBe(0);
  });

  test('is a child of the current task, or of the given parent, also for copies of handles', () => {
    const outer = startTask('outer');
    task('current', (current) => {
      expect(startTask('of current').parent).toBe(current);
      const inner = startTask('of outer', {}, { parent: outer });
      expect(inner.parent).toBe(outer);
      expect(inner.path).toEqual(['outer', 'of outer']);
    });
    expect(startTask('of none').parent).toBeUndefined();
  });

  test('a parent that is not a task is logged once, and the task starts anyway', () => {
    const warnings: string[] = [];
    listen((message) => warnings.push(message));
    for (const parent of ['text', 5, {}, { context: {} }]) startTask('goal', {}, { parent: parent as never });
    expect(warnings).toEqual([
      expect.stringContaining('"parent" of a task must be a task, got "text"; it is ignored'),
    ]);
  });

  test('run makes it current for a function, over awaits, and passes on value and error', async () => {
    const job = startTask('goal');
    const value = {};
    expect(job.run(() => value)).toBe(value);
    const error = new Error('no');
    expect(() =>
      job.run(() => {
        throw error;
      }),
    ).toThrow(error);
    await job.run(async () => {
      await Promise.resolve();
      expect(currentTask()).toBe(job);
      to('step', (step) => expect(step.parent).toBe(job));
    });
    expect(out.events()).toEqual(['task.started', 'task.started', 'task.succeeded']);
    job[Symbol.dispose]();
    expect(out.events().at(-1)).toBe('task.abandoned');
  });
});

describe('wrap', () => {
  test('passes this, arguments and value, and keeps name and length', () => {
    const account = {
      rate: 2,
      charge: wrap(
        function charge(this: { rate: number }, amount: number, _currency: string) {
          return this.rate * amount;
        },
        'charge card',
        (amount, currency) => ({ amount, currency }),
      ),
    };
    expect(account.charge(21, 'EUR')).toBe(42);
    expect(account.charge.name).toBe('charge');
    expect(account.charge.length).toBe(2);
    expect(out.spans()[0]).toMatchObject({
      name: 'charge card',
      attributes: { amount: 21, currency: 'EUR' },
    });
  });

  test('accepts constant data, and uses none if the data function throws', () => {
    wrap(() => {}, 'constant', { user: 'leo' })();
    wrap(
      () => {},
      'broken',
      () => {
        throw new Error('no');
      },
    )();
    expect(out.spans().map(({ attributes }) => attributes.user)).toEqual(['leo', undefined]);
  });

  test('is a step of the current task, each call one task', () => {
    const step = wrap(() => currentTask()!.parent, 'step');
    task('outer', (job) => {
      expect(step()).toBe(job);
      expect(step()).toBe(job);
    });
    expect(out.spans()).toHaveLength(3);
  });
});

test('a rejected task that nobody awaits reaches unhandledRejection once, with the same error', () => {
  const printed = execFileSync(process.execPath, [join(__dirname, 'programs/unhandled.js')], {
    encoding: 'utf8',
  });
  expect(printed).toBe('same error: true\n');
});

test('using, compiled for Node 20, works on the built package', () => {
  const source = `
    import { startTask } from '../../../dist/esm/index.js';
    import { records } from './recorder.js';
    { using silent = startTask('silent'); }
    { using spoken = startTask('spoken'); spoken.success('done'); }
    console.log(records().map(({ event }) => event).join(' '));`;
  const { code } = transformSync(source, {
    jsc: { target: 'es2022', parser: { syntax: 'typescript' } },
    module: { type: 'es6' },
  });
  const printed = execFileSync(process.execPath, ['--input-type=module', '-e', code], {
    cwd: join(__dirname, 'programs'),
    encoding: 'utf8',
  });
  expect(printed).toBe('task.started task.abandoned task.started task.succeeded\n');
});
