import { SpanStatusCode } from '@opentelemetry/api';
import { InMemoryLogRecordExporter } from '@opentelemetry/sdk-logs';
import type { SpanProcessor } from '@opentelemetry/sdk-trace';
import { BurstLogRecordProcessor } from '../../src/burst/burst-log-record-processor.ts';
import { startTask } from '../../src/task/start-task.ts';
import { importTask, task, to } from '../../src/task/task-forms.ts';
import { TaskLogRecordProcessor } from '../../src/task/task-log-record-processor.ts';
import { listen } from '../support/diag-listener.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { type Registered, register, unregister } from '../support/registered.ts';

afterEach(unregister);

const failing = (error: unknown) => () => {
  throw error;
};
const quietly = (fn: () => unknown) => {
  try {
    fn();
  } catch {}
};

describe('what a task records', () => {
  let out: Registered;
  beforeEach(() => {
    out = register();
  });

  test('is its start and its end, around the records inside, numbered from 1', () => {
    task('outer', (outer) => {
      out.log('in outer');
      to('inner', () => out.log('in inner'));
      out.log('in outer again');
      outer.success('all done');
    });
    const warnings = out
      .records()
      .map(({ body, eventName, attributes }) => [
        eventName,
        body,
        attributes['task.name'],
        attributes['task.sequence'],
      ]);
    expect(warnings).toEqual([
      ['task.started', 'outer', 'outer', 1],
      [undefined, 'in outer', 'outer', 2],
      ['task.started', 'inner', 'inner', 1],
      [undefined, 'in inner', 'inner', 2],
      ['task.succeeded', 'inner succeeded', 'inner', 3],
      [undefined, 'in outer again', 'outer', 3],
      ['task.succeeded', 'all done', 'outer', 4],
    ]);
  });

  test('has the trace and the span of the task, and the scope of this package', () => {
    task('goal', () => {});
    const [span] = out.spans();
    for (const record of out.records()) {
      expect(record.spanContext).toMatchObject({
        traceId: span!.spanContext().traceId,
        spanId: span!.spanContext().spanId,
      });
      expect(record.attributes['task.id']).toBe(span!.spanContext().spanId);
      expect(record.instrumentationScope.name).toBe('burstlog');
    }
  });

  test('has the parent id on each record of a task that has a parent, and on no other', () => {
    task('outer', (outer) => {
      to('inner', () => out.log('in inner'));
      const inner = out.records().filter(({ attributes }) => attributes['task.name'] === 'inner');
      expect(inner.map(({ attributes }) => attributes['task.parent.id'])).toEqual([
        outer.id,
        outer.id,
        outer.id,
      ]);
    });
    const ofOuter = out.records().filter(({ attributes }) => attributes['task.name'] === 'outer');
    expect(ofOuter.map(({ attributes }) => 'task.parent.id' in attributes)).toEqual([false, false]);
  });

  const ends: [string, () => void, string, number, string, string][] = [
    ['success in silence', () => task('goal', () => {}), 'task.succeeded', 9, 'INFO', 'goal succeeded'],
    ['success()', () => task('goal', (job) => job.success()), 'task.succeeded', 9, 'INFO', 'goal succeeded'],
    [
      'success(text)',
      () => task('goal', (job) => job.success('%d done', 2)),
      'task.succeeded',
      9,
      'INFO',
      '2 done',
    ],
    [
      'an error',
      () => task('goal', failing(new TypeError('no'))),
      'task.failed',
      17,
      'ERROR',
      'goal failed: TypeError: no',
    ],
    ['fail()', () => task('goal', (job) => job.fail()), 'task.failed', 17, 'ERROR', 'goal failed'],
    [
      'fail(text)',
      () => task('goal', (job) => job.fail('%s is out', 'tea')),
      'task.failed',
      17,
      'ERROR',
      'goal failed: tea is out',
    ],
    [
      'fail(error)',
      () => task('goal', (job) => job.fail(new TypeError('no'))),
      'task.failed',
      17,
      'ERROR',
      'goal failed: TypeError: no',
    ],
    [
      'fail(error, text)',
      () => task('goal', (job) => job.fail(new TypeError('no'), 'step %d', 2)),
      'task.failed',
      17,
      'ERROR',
      'goal failed: step 2',
    ],
    ['cancel()', () => task('goal', (job) => job.cancel()), 'task.cancelled', 9, 'INFO', 'goal cancelled'],
    [
      'cancel(text)',
      () => task('goal', (job) => job.cancel('%s left', 'leo')),
      'task.cancelled',
      9,
      'INFO',
      'goal cancelled: leo left',
    ],
    [
      'an AbortError',
      () => task('goal', failing(new DOMException('stop', 'AbortError'))),
      'task.cancelled',
      9,
      'INFO',
      'goal cancelled: AbortError: stop',
    ],
    ['dispose', () => startTask('goal')[Symbol.dispose](), 'task.abandoned', 13, 'WARN', 'goal abandoned'],
  ];
  test.each(ends)(
    '%s: event, severity and words',
    (_, run, eventName, severityNumber, severityText, body) => {
      quietly(run);
      const [started, ended] = out.records();
      expect(started).toMatchObject({
        eventName: 'task.started',
        severityNumber: 9,
        severityText: 'INFO',
        body: 'goal',
      });
      expect(ended).toMatchObject({ eventName, severityNumber, severityText, body });
      expect(ended!.attributes['task.outcome']).toBe(eventName.slice('task.'.length));
      expect(out.spans()[0]!.attributes['task.outcome']).toBe(eventName.slice('task.'.length));
    },
  );

  test('has the duration in seconds on the end alone', async () => {
    const before = performance.now();
    await task('goal', () => new Promise((resolve) => setImmediate(resolve)));
    const passed = (performance.now() - before) / 1_000;
    const [started, ended] = out.records();
    expect(started!.attributes).not.toHaveProperty(['task.duration']);
    const duration = ended!.attributes['task.duration'] as number;
    expect(duration).toBeGreaterThan(0);
    expect(duration).toBeLessThanOrEqual(passed);
  });

  test.each([
    ['DEBUG', 5, 'DEBUG'],
    [7, 7, 'DEBUG3'],
    ['WARN', 13, 'WARN'],
  ] as const)('at severity %p starts and ends at %d', (severity, number, text) => {
    task('goal', {}, { severity }, () => {});
    const cancelled = startTask('goal', {}, { severity });
    cancelled.cancel();
    cancelled[Symbol.dispose]();
    for (const record of out.records())
      expect(record).toMatchObject({ severityNumber: number, severityText: text });
  });

  test('at a low severity still fails at ERROR, and is abandoned at WARN', () => {
    quietly(() => task('goal', {}, { severity: 'TRACE' }, failing(new Error('no'))));
    startTask('goal', {}, { severity: 'TRACE' })[Symbol.dispose]();
    expect(out.records().map(({ severityText }) => severityText)).toEqual([
      'TRACE',
      'ERROR',
      'TRACE',
      'WARN',
    ]);
  });

  test.each(['LOUD', 0, 25, 1.5, Number.NaN, null, {}])(
    'at severity %p, which is none, is INFO, and that is logged',
    (severity) => {
      const warnings: string[] = [];
      listen((message) => warnings.push(message));
      task('goal', {}, { severity: severity as never }, () => {});
      expect(out.records().map(({ severityNumber }) => severityNumber)).toEqual([9, 9]);
      expect(warnings).toEqual([
        expect.stringContaining('"severity" of a task must be a severity from 1 to 24'),
      ]);
    },
  );
});

describe('the span of a task', () => {
  let out: Registered;
  beforeEach(() => {
    out = register();
  });

  test('has the message before formatting as its name, and the data as attributes', () => {
    task('charge %(amount)d for %(user)s', { amount: 42, user: 'leo' }, () => {});
    expect(out.spans()[0]).toMatchObject({
      name: 'charge %(amount)d for %(user)s',
      attributes: { amount: 42, user: 'leo' },
    });
    expect(out.records().map(({ body }) => body)).toEqual([
      'charge 42 for leo',
      'charge 42 for leo succeeded',
    ]);
    expect(out.records()[0]!.attributes['task.name']).toBe('charge %(amount)d for %(user)s');
  });

  test('has objects as JSON, bytes as base64, and nothing for null', () => {
    const data = { list: [1, 'two'], deep: { a: { b: 1 } }, bytes: new Uint8Array([1, 2, 3]), none: null };
    task('goal', data, (job) => job.bind({ later: new Map([['a', 1]]) }));
    expect(out.spans()[0]!.attributes).toEqual({
      list: '[1,"two"]',
      deep: '{"a":{"b":1}}',
      bytes: 'AQID',
      later: '{"a":1}',
      'task.outcome': 'succeeded',
    });
  });

  const { UNSET, OK, ERROR } = SpanStatusCode;
  const statuses: [string, () => void, object, string | undefined][] = [
    ['unset after silence', () => task('goal', () => {}), { code: UNSET }, undefined],
    ['Ok after success()', () => task('goal', (job) => job.success('done')), { code: OK }, undefined],
    ['unset after cancel()', () => task('goal', (job) => job.cancel('left')), { code: UNSET }, undefined],
    [
      'Error with message and type after an error',
      () => task('goal', failing(new TypeError('no'))),
      { code: ERROR, message: 'no' },
      'TypeError',
    ],
    [
      'Error after success() and then an error',
      () =>
        task('goal', (job) => {
          job.success('done');
          throw new TypeError('no');
        }),
      { code: ERROR, message: 'no' },
      'TypeError',
    ],
    [
      'Error after fail(text)',
      () => task('goal', (job) => job.fail('out of %s', 'tea')),
      { code: ERROR, message: 'out of tea' },
      '_OTHER',
    ],
    ['Error after fail()', () => task('goal', (job) => job.fail()), { code: ERROR }, '_OTHER'],
    [
      'unset after an error that is expected',
      () => task('goal', {}, { expected: true }, failing(new TypeError('no'))),
      { code: UNSET },
      'TypeError',
    ],
    [
      'unset after an AbortError',
      () => task('goal', failing(new DOMException('stop', 'AbortError'))),
      { code: UNSET },
      undefined,
    ],
  ];
  test.each(statuses)('has status %s', (_, run, status, errorType) => {
    quietly(run);
    expect(out.spans()[0]!.status).toEqual(status);
    expect(out.spans()[0]!.attributes['error.type']).toBe(errorType);
    expect(out.records()[1]!.attributes['error.type']).toBe(errorType);
  });

  test('is a child of the active span', () => {
    importTask(undefined, 'outer', () => to('inner', () => {}));
    const [inner, outer] = out.spans();
    expect(inner!.parentSpanContext?.spanId).toBe(outer!.spanContext().spanId);
  });
});

describe('words', () => {
  let out: Registered;
  beforeEach(() => {
    out = register();
  });

  const data = { user: 'leo', amount: 42.5, deep: { a: [1] }, odd: '$& %s' };
  test.each([
    ['plain', 'plain'],
    ['100% of %s', '100% of %s'],
    ['%(user)s', 'leo'],
    ['%(user)s and %(user)s', 'leo and leo'],
    ['%(amount)d %(amount)i %(amount)f', '42.5 42 42.5'],
    ['%(deep)j', '{"a":[1]}'],
    ['%(missing)s', '%(missing)s'],
    ['%(toString)s %(__proto__)s', '%(toString)s %(__proto__)s'],
    ['%(user)s at 100%%', 'leo at 100%'],
    ['%(odd)s', '$& %s'],
    ['%(user)', '%(user)'],
    ['%(user)x %(', '%(user)x %('],
    ['', ''],
  ])('the message %p is shown as %p', (message, shown) => {
    task(message, data, () => {});
    expect(out.records()[0]!.body).toBe(shown);
  });

  test('a name that occurs in a message thousands of times results in a bounded text', () => {
    const list = Array.from({ length: 1_000 }, (_, at) => ({ at }));
    task('%(list)o '.repeat(2_000), { list }, () => {});
    const { body } = out.records()[0]!;
    expect(String(body).length).toBeLessThan(200_000);
    expect(String(body).endsWith('%(list)o ')).toBe(true);
  });

  const hostile = {
    toString() {
      throw new Error('no');
    },
    get [Symbol.toStringTag]() {
      throw new Error('no');
    },
  };
  test.each<[unknown[], unknown]>([
    [['done'], 'done'],
    [['100%'], '100%'],
    [['%s and %s', 'one'], 'one and %s'],
    [['%s', 'one', 'two'], 'one two'],
    [['%d', 'text'], 'NaN'],
    [['%d', Symbol('s')], 'NaN'],
    [['%j', { a: 1 }], '{"a":1}'],
    [['%j', 10n], expect.stringContaining('%j')],
    [['%s', null, undefined], 'null undefined'],
    [[undefined, 'one'], expect.stringContaining('one')],
    [[{ plain: true }], '{ plain: true }'],
  ])('success(...%p) is shown as %p', (values, shown) => {
    task('goal', (job) => (job.success as (...all: unknown[]) => void)(...values));
    expect(out.find('task.succeeded').body).toEqual(shown);
  });

  test('success, fail and cancel take any values, and never throw', () => {
    const throwing = new Proxy({}, { get: failing(new Error('no')) as never });
    const values = [hostile, throwing, Symbol('s'), 10n, null, () => {}, Object.create(null)];
    for (const value of values) {
      task('goal', (job) => job.success('%s %d %j %o', value, value, value, value));
      task('goal', (job) => job.fail(value, value as never, value));
      task('goal', (job) => job.cancel(value as never, value));
    }
    expect(out.records()).toHaveLength(values.length * 6);
    for (const { body } of out.records()) expect(typeof body).toBe('string');
  });
});

describe('with a burst', () => {
  function burstLine() {
    const clock = new ManualClock();
    const exporter = new InMemoryLogRecordExporter();
    const burst = new BurstLogRecordProcessor({ exporter, clock });
    const out = register({
      processors: [new TaskLogRecordProcessor(), burst],
      spanProcessors: [burst.spanProcessor({ errors: true }) as SpanProcessor],
    });
    const warnings = async () => {
      await burst.forceFlush();
      return exporter.getFinishedLogRecords();
    };
    return { clock, burst, out, warnings };
  }

  test('a failing task is a trigger: it releases the quiet records before it, including its own quiet start', async () => {
    const { out, warnings, burst } = burstLine();
    await expect(
      task('quiet', {}, { severity: 'DEBUG' }, async () => {
        out.log('detail', {}, 'other', { severityNumber: 5 });
        expect(await warnings()).toEqual([]);
        throw new Error('no');
      }),
    ).rejects.toThrow('no');
    const records = await warnings();
    expect(
      records
        .map(({ body }) => body)
        .slice(0, 3)
        .sort(),
    ).toEqual(['detail', 'quiet', 'quiet failed: Error: no']);
    expect(new Set(records.map(({ attributes }) => attributes['burst.id'])).size).toBe(1);
    const failed = records.find(({ eventName }) => eventName === 'task.failed');
    expect(failed!.attributes['burst.trigger']).toBeDefined();
    expect(records.find(({ body }) => body === 'detail')!.attributes).toMatchObject({
      'task.name': 'quiet',
      'task.sequence': 2,
    });
    await burst.shutdown();
  });

  test('a quiet task that succeeds exports nothing', async () => {
    const { clock, warnings, burst } = burstLine();
    task('quiet', {}, { severity: 'DEBUG' }, () => {});
    expect(burst.stats().holding).toBe(2);
    clock.advance(1_000);
    expect(await warnings()).toEqual([]);
    expect(burst.stats()).toMatchObject({ holding: 0, discarded: 2 });
    await burst.shutdown();
  });

  const expectations: [string, boolean | ((error: unknown) => boolean), string][] = [
    ['true', true, 'WARN'],
    ['a function that says so', (error) => error instanceof RangeError, 'WARN'],
    ['a function that says no', () => false, 'ERROR'],
    ['a function that throws', failing(new Error('broken')) as never, 'ERROR'],
    ['a word', 'yes' as never, 'ERROR'],
    ['false', false, 'ERROR'],
  ];
  test.each(expectations)('an error expected by %s', async (_, expected, severityText) => {
    const { clock, warnings, burst } = burstLine();
    quietly(() => task('goal', {}, { expected, severity: 'DEBUG' }, failing(new RangeError('no'))));
    clock.advance(1_000);
    const records = await warnings();
    const failed = records.find(({ eventName }) => eventName === 'task.failed');
    expect(failed).toMatchObject({
      severityText,
      attributes: { 'task.outcome': 'failed', 'error.type': 'RangeError' },
    });
    expect(records.some(({ eventName }) => eventName === 'burst.released')).toBe(severityText === 'ERROR');
    expect(records.some(({ eventName }) => eventName === 'task.started')).toBe(severityText === 'ERROR');
    await burst.shutdown();
  });

  test('a step whose failure is expected and handled causes no burst of the enclosing task', async () => {
    const { clock, warnings, burst } = burstLine();
    task('outer', {}, { severity: 'DEBUG' }, () => {
      quietly(() => to('cache', {}, { expected: true, severity: 'DEBUG' }, failing(new Error('miss'))));
    });
    clock.advance(1_000);
    expect((await warnings()).map(({ body }) => body)).toEqual(['cache failed: Error: miss']);
    await burst.shutdown();
  });
});
