import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { context, ROOT_CONTEXT, trace } from '@opentelemetry/api';
import {
  BatchLogRecordProcessor,
  InMemoryLogRecordExporter,
  LoggerProvider,
  SimpleLogRecordProcessor,
} from '@opentelemetry/sdk-logs';
import { BurstLogRecordProcessor } from '../../src/burst/burst-log-record-processor.ts';
import { PriorityBatchLogRecordProcessor } from '../../src/export/priority-batch-log-record-processor.ts';
import { task, to } from '../../src/task/task-forms.ts';
import { TaskLogRecordProcessor } from '../../src/task/task-log-record-processor.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { logsGlobal, type Registered, register, unregister } from '../support/registered.ts';
import { needs } from '../support/sdk-abilities.ts';

afterEach(unregister);

describe('on records of other loggers', () => {
  let out: Registered;
  beforeEach(() => {
    out = register();
  });

  test('of three loggers have one counter', () => {
    task('goal', { user: 'leo' }, (job) => {
      for (const name of ['http', 'db', 'cache']) out.log(`of ${name}`, {}, name);
      const of = (name: string) => out.find(`of ${name}`);
      expect(['http', 'db', 'cache'].map((name) => of(name).attributes['task.sequence'])).toEqual([2, 3, 4]);
      for (const name of ['http', 'db', 'cache']) {
        expect(of(name).attributes).toEqual({
          'task.id': job.id,
          'task.name': 'goal',
          'task.sequence': of(name).attributes['task.sequence'],
          user: 'leo',
        });
        expect(of(name).instrumentationScope.name).toBe(name);
      }
    });
  });

  test('inside a span that is not a task: the task is the enclosing one, the span context that of the span', () => {
    task('goal', (job) => {
      const span = trace.getTracer('http').startSpan('GET /');
      context.with(trace.setSpan(context.active(), span), () => {
        out.log('in the span');
        to('step', (step) => expect(step.parent).toBe(job));
      });
      const record = out.find('in the span');
      expect(record.attributes['task.id']).toBe(job.id);
      expect(record.spanContext?.spanId).toBe(span.spanContext().spanId);
      expect(out.find('step').attributes['task.parent.id']).toBe(job.id);
      const step = out.spans().find(({ name }) => name === 'step');
      expect(step!.parentSpanContext?.spanId).toBe(span.spanContext().spanId);
    });
  });

  test('an explicit context is used instead of the active one', () => {
    task('first', (first) => {
      task('second', (second) => {
        out.log('of first', {}, 'other', { context: first.context });
        out.log('of none', {}, 'other', { context: ROOT_CONTEXT });
        out.log('of second');
        expect(out.find('of first').attributes['task.id']).toBe(first.id);
        expect(out.find('of second').attributes['task.id']).toBe(second.id);
      });
    });
    expect(out.find('of none').attributes).toEqual({});
    expect(out.find('of none').spanContext).toBeUndefined();
  });

  test('outside of tasks nothing is written', () => {
    out.log('outside', { own: 1 });
    const span = trace.getTracer('http').startSpan('GET /');
    context.with(trace.setSpan(ROOT_CONTEXT, span), () => out.log('in a span'));
    expect(out.find('outside').attributes).toEqual({ own: 1 });
    expect(out.find('in a span').attributes).toEqual({});
  });

  test('values that are added to the context of a task keep the task and its span', () => {
    const key = Symbol('own');
    task('goal', (job) => {
      const more = job.context.setValue(key, 'value');
      expect(more.getValue(key)).toBe('value');
      expect(more.deleteValue(key).getValue(key)).toBeUndefined();
      expect(job.context.deleteValue(key).getValue(key)).toBeUndefined();
      for (const one of [more, more.deleteValue(key), job.context.deleteValue(key)]) {
        expect(trace.getSpanContext(one)?.spanId).toBe(job.id);
        context.with(one, () => {
          out.log('inside');
          to('step', (step) => {
            expect(step.parent).toBe(job);
            expect(step.context.getValue(key)).toBe(one.getValue(key));
          });
        });
        expect(out.records().findLast(({ body }) => body === 'inside')!.attributes['task.id']).toBe(job.id);
      }
    });
  });

  test('that are emitted after the end still belong to the task', () => {
    const ended = task('goal', (job) => job);
    ended.run(() => out.log('late'));
    expect(out.find('late').attributes).toMatchObject({ 'task.id': ended.id, 'task.sequence': 3 });
  });
});

describe("the SDK's limits of attributes", () => {
  const wide = Object.fromEntries(Array.from({ length: 200 }, (_, n) => [`field.${n}`, n]));

  test('a record with more attributes than the limit keeps its task, and the count of what was dropped', () => {
    const out = register();
    task('outer', () => to('goal', { user: 'leo' }, () => out.log('wide', wide)));
    const { attributes, droppedAttributesCount } = out.find('wide');
    const start = out.records().find(({ attributes: { 'task.name': name } }) => name === 'goal')!.attributes;
    expect(attributes).toMatchObject({
      'task.id': start['task.id'],
      'task.name': 'goal',
      'task.sequence': 2,
      'task.parent.id': start['task.parent.id'],
    });
    // Bound data belongs to the application, and obeys its limit.
    expect(attributes).not.toHaveProperty('user');
    expect(Object.keys(attributes)).toHaveLength(128 + 4);
    // The oldest SDK computes the count from the existing attributes, including the task's own four.
    expect([200 - 128 + 1, 200 - 128 + 1 - 4]).toContain(droppedAttributesCount);
  });

  test('data that fit on one record obeys the limit on the next, which has more attributes of its own', () => {
    const out = register({ limits: { attributeCountLimit: 8, attributeValueLengthLimit: 8 } });
    task('goal', { user: 'leo', tenant: 'one' }, (job) => {
      out.log('small', { a: 1 });
      out.log('small again', { b: 2, c: 3 });
      out.log('full', Object.fromEntries(Array.from({ length: 8 }, (_, at) => [`own.${at}`, at])));
      job.bind({ tenant: 'a long name' });
      out.log('bound again', { a: 1 });
      out.log('and again', { a: 1 });
    });
    const dataOf = (body: string) => {
      const { attributes } = out.find(body);
      return [attributes['task.name'], attributes.user, attributes.tenant];
    };
    expect(dataOf('small')).toEqual(['goal', 'leo', 'one']);
    expect(dataOf('small again')).toEqual(['goal', 'leo', 'one']);
    expect(dataOf('full')).toEqual(['goal', undefined, undefined]);
    expect(dataOf('bound again')).toEqual(['goal', 'leo', 'a long n']);
    expect(dataOf('and again')).toEqual(['goal', 'leo', 'a long n']);
  });

  test('a record that computes its dropped count from its attributes never reports a negative number', () => {
    /** As LogRecordImpl of sdk-logs 0.203. */
    class OldRecord {
      readonly attributes: Record<string, unknown> = {};
      #set = 0;
      setAttribute(key: string, value: unknown): this {
        this.#set += 1;
        this.attributes[key] = value;
        return this;
      }
      get droppedAttributesCount(): number {
        return this.#set - Object.keys(this.attributes).length;
      }
    }
    const processor = new TaskLogRecordProcessor();
    const records = [new OldRecord(), new OldRecord(), new OldRecord()];
    task('goal', { user: 'leo' }, (job) => {
      for (const record of records) processor.onEmit(record.setAttribute('own', 1), job.context);
    });
    expect(records.map(({ droppedAttributesCount }) => droppedAttributesCount)).toEqual([0, 0, 0]);
    expect(records[2]!.attributes).toMatchObject({ own: 1, user: 'leo', 'task.name': 'goal' });
  });

  test('every record of a task has the task attributes and the outcome, with any limit', () => {
    for (const limits of [
      { attributeCountLimit: 1 },
      { attributeCountLimit: 3 },
      { attributeValueLengthLimit: 4 },
      { attributeCountLimit: 2, attributeValueLengthLimit: 1 },
    ]) {
      const out = register({ limits });
      task('the outer goal', { tenant: 'blue' }, (outer) => {
        out.log('first');
        to('the inner goal', { user: 'leo' }, (job) => {
          job.fail(new Error('no'));
          out.log('second', { a: 1, b: 2, c: 3 });
        });
        const rows = out
          .records()
          .map(({ attributes: { 'task.sequence': sequence, ...rest } }) => [
            rest['task.id'] === outer.id ? 'outer' : 'inner',
            rest['task.name'],
            sequence,
            rest['task.parent.id'],
            rest['task.outcome'],
          ]);
        const inner = ['inner', 'the inner goal'];
        expect(rows).toEqual([
          ['outer', 'the outer goal', 1, undefined, undefined],
          ['outer', 'the outer goal', 2, undefined, undefined],
          [...inner, 1, outer.id, undefined],
          [...inner, 2, outer.id, undefined],
          [...inner, 3, outer.id, 'failed'],
        ]);
      });
      expect(out.records().at(-1)!.attributes['task.duration']).toEqual(expect.any(Number));
      unregister();
    }
  });

  test('a task with more data than the limit records its outcome, also without a task processor', () => {
    const out = register({ processors: [] });
    expect(() =>
      task('goal', wide, () => {
        throw new RangeError('no');
      }),
    ).toThrow();
    expect(out.records().at(-1)!.attributes).toMatchObject({
      'task.outcome': 'failed',
      'task.sequence': 2,
      'error.type': 'RangeError',
      'exception.message': 'no',
      'exception.stacktrace': expect.any(String),
    });
  });
});

describe('enabled', () => {
  const options = { context: ROOT_CONTEXT, instrumentationScope: { name: 'x' }, severityNumber: 9 };

  needs('logger.enabled()')('is false: it does not switch a logger on', () => {
    expect(new TaskLogRecordProcessor().enabled()).toBe(false);
    const provider = new LoggerProvider({ processors: [new TaskLogRecordProcessor()] });
    expect(provider.getLogger('x').enabled(options)).toBe(false);
  });

  needs('logger.enabled()')(
    'does not switch a logger off that another processor wants, and not on what that one refuses',
    () => {
      const burst = new BurstLogRecordProcessor({
        exporter: new InMemoryLogRecordExporter(),
        clock: new ManualClock(),
        level: 'INFO',
      });
      const provider = new LoggerProvider({ processors: [new TaskLogRecordProcessor(), burst] });
      const logger = provider.getLogger('x');
      expect(logger.enabled(options)).toBe(true);
      expect(logger.enabled({ ...options, severityNumber: 5 })).toBe(false);
    },
  );

  needs('logger.enabled()')(
    'a quiet task below the level costs no number: the sequence has no gap',
    async () => {
      const exporter = new InMemoryLogRecordExporter();
      const burst = new BurstLogRecordProcessor({ exporter, clock: new ManualClock(), level: 'INFO' });
      const provider = new LoggerProvider({ processors: [new TaskLogRecordProcessor(), burst] });
      logsGlobal().setGlobalLoggerProvider(provider);
      task('quiet', {}, { severity: 'DEBUG' }, () => {
        provider.getLogger('x').emit({ severityNumber: 9, body: 'loud' });
      });
      await burst.forceFlush();
      const [loud, ...rest] = exporter.getFinishedLogRecords();
      expect(rest).toEqual([]);
      expect(loud!.attributes['task.sequence']).toBe(1);
      await provider.shutdown();
    },
  );
});

describe('before', () => {
  const exporter = () => new InMemoryLogRecordExporter();
  // biome-ignore lint/suspicious/noExplicitAny: processors of both lines.
  const processors: [string, (to: InMemoryLogRecordExporter) => any][] = [
    ['SimpleLogRecordProcessor', (to) => new SimpleLogRecordProcessor({ exporter: to })],
    ['BatchLogRecordProcessor', (to) => new BatchLogRecordProcessor({ exporter: to })],
    ['PriorityBatchLogRecordProcessor', (to) => new PriorityBatchLogRecordProcessor({ exporter: to })],
    ['BurstLogRecordProcessor', (to) => new BurstLogRecordProcessor({ exporter: to })],
  ];
  test.each(processors)('%s all records carry the task', async (_, make) => {
    const kept = exporter();
    const out = register({ processors: [new TaskLogRecordProcessor(), make(kept)] });
    task('goal', { user: 'leo' }, () => out.log('inside'));
    await out.provider.forceFlush();
    const records = kept.getFinishedLogRecords();
    expect(records.map(({ attributes }) => [attributes['task.sequence'], attributes.user])).toEqual([
      [1, 'leo'],
      [2, 'leo'],
      [3, 'leo'],
    ]);
    await out.provider.shutdown();
  });

  test('a burst, held records have the data that was bound when they were logged', async () => {
    const kept = exporter();
    const burst = new BurstLogRecordProcessor({ exporter: kept, clock: new ManualClock() });
    const out = register({ processors: [new TaskLogRecordProcessor(), burst] });
    const debug = { severityNumber: 5 };
    const run = () =>
      task('goal', { attempt: 1 }, (job) => {
        out.log('first', {}, 'other', debug);
        job.bind({ attempt: 2 });
        out.log('second', {}, 'other', debug);
        throw new Error('no');
      });
    expect(run).toThrow('no');
    await burst.forceFlush();
    const attempt = (body: string) =>
      kept.getFinishedLogRecords().find((record) => record.body === body)!.attributes.attempt;
    expect([attempt('first'), attempt('second')]).toEqual([1, 2]);
    await out.provider.shutdown();
  });

  test('two of them in one pipeline number a record once', () => {
    const out = register({ processors: [new TaskLogRecordProcessor(), new TaskLogRecordProcessor()] });
    task('goal', () => out.log('inside'));
    expect(out.records().map(({ attributes }) => attributes['task.sequence'])).toEqual([1, 2, 3]);
  });
});

describe('callSite', () => {
  const code = (attributes: Record<string, unknown>) =>
    Object.fromEntries(Object.entries(attributes).filter(([key]) => key.startsWith('code.')));
  /** The line of this file that calls it. */
  const here = () => Number(/:(\d+):\d+\)?$/.exec(new Error().stack!.split('\n')[2]!)![1]);

  test('is off by default', () => {
    const out = register();
    out.log('inside');
    expect(code(out.find('inside').attributes)).toEqual({});
  });

  test('is the line of the application that logged, in or outside of tasks', () => {
    const out = register({ processors: [new TaskLogRecordProcessor({ callSite: 'TRACE' })] });
    const logger = out.provider.getLogger('x');
    let line = 0;
    function chargeCard() {
      line = here() + 1;
      logger.emit({ body: 'charged', severityNumber: 9 });
    }
    chargeCard();
    expect(out.find('charged').attributes).toMatchObject({
      'code.file.path': __filename,
      'code.line.number': line,
    });
    task('goal', () => {});
    expect(out.find('goal').attributes['code.line.number']).toBe(here() - 1);
    expect(out.find('goal').attributes['code.file.path']).toBe(__filename);
  });

  test('names the function, of ES modules too, over awaits', () => {
    const program = join(__dirname, 'programs/call-site.js');
    const printed = execFileSync(process.execPath, [program], { encoding: 'utf8' });
    expect(JSON.parse(printed)).toEqual([
      ['charged', program, 13, 'chargeCard'],
      ['sold', program, 19, 'Shop.sell'],
      ['quiet', null, null, null],
    ]);
  });

  test('is added at or above a severity; unspecified severities count as INFO', () => {
    const out = register({ processors: [new TaskLogRecordProcessor({ callSite: 'WARN' })] });
    for (const severityNumber of [undefined, 1, 9, 12, 13, 17, 24]) {
      out.log(`at ${severityNumber}`, {}, 'other', { severityNumber });
    }
    const marked = out.records().filter(({ attributes }) => 'code.line.number' in attributes);
    expect(marked.map(({ body }) => body)).toEqual(['at 13', 'at 17', 'at 24']);
  });

  test('that is explicit takes precedence', () => {
    const out = register({ processors: [new TaskLogRecordProcessor({ callSite: 'TRACE' })] });
    out.log('inside', { 'code.file.path': 'mine' });
    expect(code(out.find('inside').attributes)).toEqual({ 'code.file.path': 'mine' });
  });

  test('is omitted if stacks cannot be read, and never throws', () => {
    const out = register({ processors: [new TaskLogRecordProcessor({ callSite: 'TRACE' })] });
    const { prepareStackTrace, stackTraceLimit } = Error;
    const ways: (() => void)[] = [
      () => (Error.prepareStackTrace = () => 42),
      () => (Error.prepareStackTrace = () => 'no frames at all'),
      () => {
        Error.prepareStackTrace = () => {
          throw new RangeError('no');
        };
      },
      () =>
        Object.defineProperty(Error, 'stackTraceLimit', { value: 10, writable: false, configurable: true }),
    ];
    for (const [n, break_] of ways.entries()) {
      try {
        break_();
        expect(() => out.log(`inside ${n}`)).not.toThrow();
      } finally {
        Object.defineProperty(Error, 'stackTraceLimit', { value: stackTraceLimit, writable: true });
        Error.prepareStackTrace = prepareStackTrace as never;
      }
      expect(code(out.find(`inside ${n}`).attributes)).toEqual({});
    }
    expect(Error.stackTraceLimit).toBe(stackTraceLimit);
  });
});

test.each<[unknown, RegExp]>([
  [{ callSite: 'LOUD' }, /callSite must be a severity/],
  [{ callSite: true }, /callSite must be a severity/],
  [{ callSite: 0 }, /callSite must be a severity/],
  [{ callsite: 'INFO' }, /callsite/],
  ['text', /./],
  [null, /./],
])('the option %p is refused at once', (options, message) => {
  expect(() => new TaskLogRecordProcessor(options as never)).toThrow(message);
});

test('flush and shutdown have nothing to do', async () => {
  const processor = new TaskLogRecordProcessor();
  await processor.forceFlush();
  await processor.shutdown();
  await processor.shutdown();
});
