import { EventEmitter } from 'node:events';
import { context, ROOT_CONTEXT, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { suppressTracing } from '@opentelemetry/core';
import { AlwaysOffSampler, TracerProvider } from '@opentelemetry/sdk-trace';
import { startTask } from '../../src/task/start-task.ts';
import type { Task } from '../../src/task/task.ts';
import { currentTask, importTask, task, to } from '../../src/task/task-forms.ts';
import { logsGlobal, type Registration, register, unregister } from '../support/registered.ts';

afterEach(unregister);

const VALID = /^00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-0[0-3]$/;
const nextTurn = () => new Promise((resolve) => setImmediate(resolve));

const yesNo = [true, false];
const rows = yesNo.flatMap((contextManager) =>
  yesNo.flatMap((logger) =>
    (
      ['a tracer', 'no tracer', 'an unsampled tracer', 'suppressed tracing', 'a sampler that throws'] as const
    ).map((tracing) => ({ contextManager, logger, tracing })),
  ),
);

function registration({ contextManager, logger, tracing }: (typeof rows)[number]): Registration {
  const broken = {
    shouldSample() {
      throw new Error('no');
    },
    toString: () => 'broken',
  };
  return {
    contextManager,
    logger,
    tracer: tracing !== 'no tracer',
    ...(tracing === 'an unsampled tracer' ? { sampler: new AlwaysOffSampler() } : {}),
    ...(tracing === 'a sampler that throws' ? { sampler: broken } : {}),
  };
}

describe.each(rows)('context manager $contextManager, logger $logger, $tracing', (row) => {
  test('ids are valid, nesting is right, records correlate, nothing throws', async () => {
    const out = register(registration(row));
    const around = row.tracing === 'suppressed tracing' ? suppressTracing(ROOT_CONTEXT) : ROOT_CONTEXT;
    const ids: Record<string, string> = {};
    const goal = async (outer: Task) => {
      ids.outer = outer.foreignTask();
      await nextTurn();
      expect(currentTask()).toBe(outer);
      await Promise.all(
        ['left', 'right'].map((name) =>
          to(name, async (job) => {
            ids[name] = job.foreignTask();
            expect(job.parent).toBe(outer);
            await nextTurn();
            expect(currentTask()).toBe(job);
            // A logger of the application, which knows nothing of tasks.
            out.log(`in ${name}`);
            await to(`below ${name}`, async (below) => {
              await nextTurn();
              expect(below.path).toEqual(['goal', name, `below ${name}`]);
            });
          }),
        ),
      );
      expect(currentTask()).toBe(outer);
    };
    await context.with(around, () => task('goal', goal));
    expect(currentTask()).toBeUndefined();
    for (const id of Object.values(ids)) expect(id).toMatch(VALID);
    expect(new Set(Object.values(ids).map((id) => id.slice(3, 35))).size).toBe(1);
    expect(new Set(Object.values(ids).map((id) => id.slice(36, 52))).size).toBe(3);
    for (const name of ['left', 'right']) {
      const record = out.find(`in ${name}`);
      const [, traceId, spanId] = ids[name]!.split('-');
      expect(record.spanContext).toMatchObject({ traceId, spanId });
      expect(record.attributes).toMatchObject({ 'task.id': spanId, 'task.name': name });
    }
    expect(out.events()).toHaveLength(row.logger ? 10 : 0);
  });

  test('a header is continued and linked', () => {
    register(registration(row));
    const header = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01';
    importTask(header, 'continued', (job) => expect(job.foreignTask()).toMatch(/^00-0af7/));
    importTask(header, 'linked', {}, { link: true }, (job) =>
      expect(job.foreignTask()).not.toMatch(/^00-0af7/),
    );
  });

  test('errors pass through', async () => {
    register(registration(row));
    const error = new Error('no');
    const sync = () =>
      task('goal', () => {
        throw error;
      });
    expect(sync).toThrow(error);
    await expect(task('goal', () => Promise.reject(error))).rejects.toBe(error);
  });
});

describe('without a context manager', () => {
  test('the task follows timers, promises and microtasks, and job.run carries it to event emitters', async () => {
    const out = register({ contextManager: false });
    const emitter = new EventEmitter();
    await task('goal', async (job) => {
      const seen: (Task | undefined)[] = [];
      emitter.on('plain', () => seen.push(currentTask()));
      emitter.on('carried', () => job.run(() => seen.push(currentTask())));
      await new Promise<void>((resolve) => setTimeout(resolve, 0));
      seen.push(currentTask());
      await new Promise<void>((resolve) => queueMicrotask(() => resolve(void seen.push(currentTask()))));
      await new Promise<void>((resolve) => process.nextTick(() => resolve(void seen.push(currentTask()))));
      await Promise.resolve().then(() => seen.push(currentTask()));
      expect(seen).toEqual([job, job, job, job]);
    });
    const heard: (string | undefined)[] = [];
    emitter.on('carried', () => heard.push(currentTask()?.path[0]));
    emitter.removeAllListeners('plain');
    const started = startTask('started');
    emitter.on('carried', () => started.run(() => heard.push(currentTask()?.path[0])));
    emitter.emit('carried');
    expect(heard).toEqual([undefined, 'started']);
    expect(out.events()).toHaveLength(3);
  });

  test('the record of a task that is reported in an explicit context belongs to that one', () => {
    const out = register({ contextManager: false });
    const started = startTask('started');
    task('current', () => out.log('explicit', {}, 'other', { context: started.context }));
    expect(out.find('explicit').attributes['task.id']).toBe(started.id);
    expect(out.find('explicit').spanContext?.spanId).toBe(started.id);
  });
});

describe('a component that is registered later is used from then on', () => {
  test('all of it, after the first task', () => {
    task('before', (job) => expect(job.foreignTask()).toMatch(VALID));
    const out = register();
    task('after', () => to('step', () => out.log('inside')));
    expect(out.events()).toEqual(['task.started', 'task.started', 'task.succeeded', 'task.succeeded']);
    expect(out.spans().map(({ name }) => name)).toEqual(['step', 'after']);
    expect(out.find('inside').attributes['task.name']).toBe('step');
  });

  test('all of it, in the middle of a task: its steps are spans of its trace', async () => {
    let out = undefined as ReturnType<typeof register> | undefined;
    await task('outer', async (outer) => {
      await nextTurn();
      out = register();
      expect(currentTask()).toBe(outer);
      await to('step', async (step) => {
        expect(step.parent).toBe(outer);
        await nextTurn();
        expect(currentTask()).toBe(step);
        out!.log('in step');
      });
      expect(currentTask()).toBe(outer);
      out.log('in outer');
    });
    const [step] = out!.spans();
    const outerEnd = out!.records().at(-1)!;
    expect(step!.parentSpanContext?.spanId).toBe(outerEnd.attributes['task.id']);
    expect(step!.spanContext().traceId).toBe(outerEnd.spanContext!.traceId);
    expect(out!.find('in step').attributes['task.id']).toBe(step!.spanContext().spanId);
    expect(out!.find('in outer').attributes['task.id']).toBe(outerEnd.attributes['task.id']);
    expect(out!.find('in outer').spanContext?.spanId).toBe(outerEnd.attributes['task.id']);
    expect(outerEnd.attributes['task.outcome']).toBe('succeeded');
  });

  test('one after the other: context manager, tracer, logger', async () => {
    await task('outer', async (outer) => {
      context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
      await to('one', async (one) => {
        trace.setGlobalTracerProvider(new TracerProvider());
        await nextTurn();
        to('two', (two) => {
          expect(two.parent).toBe(one);
          const out = register({ tracer: false, contextManager: false });
          to('three', (three) => {
            expect(three.path).toEqual(['outer', 'one', 'two', 'three']);
            expect(three.foreignTask().slice(0, 36)).toBe(outer.foreignTask().slice(0, 36));
          });
          expect(out.events()).toEqual(['task.started', 'task.succeeded']);
        });
      });
      expect(currentTask()).toBe(outer);
    });
  });

  test('and one that is unregistered is not required', () => {
    const out = register();
    task('first', (first) => {
      logsGlobal().disable();
      trace.disable();
      to('step', (step) => expect(step.parent).toBe(first));
    });
    unregister();
    task('second', (second) => expect(second.foreignTask()).toMatch(VALID));
    expect(out.events()).toEqual(['task.started']);
  });
});

test('components that throw do not throw into the application', () => {
  const no = () => {
    throw new Error('no');
  };
  logsGlobal().setGlobalLoggerProvider({ getLogger: no });
  trace.setGlobalTracerProvider({ getTracer: no });
  expect(task('goal', (job) => to('step', () => job.foreignTask()))).toMatch(VALID);
  unregister();
  logsGlobal().setGlobalLoggerProvider({ getLogger: () => ({ emit: no, enabled: no }) });
  const span = { spanContext: () => ({ traceId: '1'.repeat(32), spanId: '2'.repeat(16), traceFlags: 1 }) };
  const methods = { setAttribute: no, setAttributes: no, setStatus: no, end: no };
  trace.setGlobalTracerProvider({
    getTracer: () => ({ startSpan: () => ({ ...span, ...methods }) }) as never,
  });
  expect(
    task('goal', (job) => {
      job.bind({ user: 'leo' });
      return 'value';
    }),
  ).toBe('value');
});

test('ids are random: none is repeated, and each digit has each value', () => {
  const ids = new Set<string>();
  const digits = Array.from({ length: 48 }, () => new Set<string>());
  // Each takes 24 bytes of the buffer, which is filled many times.
  for (let index = 0; index < 400; index += 1) {
    const [, traceId = '', spanId = ''] = startTask('charge').foreignTask().split('-');
    for (const id of [traceId, spanId]) {
      expect(ids.has(id)).toBe(false);
      ids.add(id);
    }
    for (const [at, digit] of [...(traceId + spanId)].entries()) digits[at]?.add(digit);
  }
  expect(digits.map(({ size }) => size)).toEqual(Array(48).fill(16));
});
