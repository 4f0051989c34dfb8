import { createContextKey, ROOT_CONTEXT } from '@opentelemetry/api';
import fc from 'fast-check';
import {
  attempt,
  FlushWaiters,
  flushMillis,
  globalLoggerProvider,
  LogRecordView,
  ReleaseContext,
  releaseOf,
  replaceLoggerProvider,
  UNDELIVERED,
  undeliveredOf,
  within,
} from '../../src/record/index.ts';
import { handMade } from '../support/delivery-pipeline.ts';
import { ManualClock } from '../support/manual-clock.ts';

test('a wait ends with its promise or its timeout, whichever is first, and never rejects', async () => {
  const clock = new ManualClock();
  const never = new Promise<void>(() => {});
  const error = new Error('no');
  expect(await within(Promise.resolve(), 10, clock)).toEqual({ inTime: true });
  expect(await within(Promise.reject(error), 10, clock)).toEqual({ inTime: true, error });
  const late = within(never, 10, clock);
  clock.advance(9);
  const first = await Promise.race([late, Promise.resolve('waits')]);
  expect(first).toBe('waits');
  clock.advance(1);
  expect(await late).toEqual({ inTime: false });
});

test('a wait that has ended leaves no timer; one without a timeout has none, unless it keeps the process alive', async () => {
  const armed: [millis: number, keepsAlive: boolean | undefined][] = [];
  let cancelled = 0;
  const clock = {
    ...{ now: () => 0, monotonicNow: () => 0 },
    after: (millis: number, _callback: () => void, keepsAlive?: boolean) => {
      armed.push([millis, keepsAlive]);
      return () => {
        cancelled += 1;
      };
    },
  };
  const endless = Number.POSITIVE_INFINITY;
  await within(Promise.resolve(), endless, clock);
  await within(Promise.resolve(), 5, clock);
  await within(Promise.reject(new Error('no')), 6, clock, true);
  await within(Promise.resolve(), endless, clock, true);
  expect(armed).toEqual([
    [5, false],
    [6, true],
    [endless, true],
  ]);
  expect(cancelled).toBe(3);
});

test('the timeout of a flush is that of its caller, if it is valid', () => {
  const asked = (timeoutMillis: unknown) => flushMillis({ timeoutMillis } as { timeoutMillis: number }, 7);
  expect([0, 5, Number.POSITIVE_INFINITY].map(asked)).toEqual([0, 5, Number.POSITIVE_INFINITY]);
  expect([-1, Number.NaN, '5', undefined, null].map(asked)).toEqual([7, 7, 7, 7, 7]);
  expect(flushMillis(undefined, 7)).toBe(7);
});

test('a method that throws, or returns nothing, is awaited like one that rejects or resolves', async () => {
  const broken = () => {
    throw new Error('at once');
  };
  await expect(attempt(broken)).rejects.toThrow('at once');
  await expect(attempt(() => undefined)).resolves.toBeUndefined();
  await expect(attempt(() => Promise.reject(new Error('later')))).rejects.toThrow('later');
});

test('a waiter for a sequence number is released when all up to it are settled, and not before', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.oneof(fc.record({ wait: fc.nat(3) }), fc.record({ settle: fc.nat(20) })), {
        maxLength: 20,
      }),
      async (steps) => {
        const waiters = new FlushWaiters();
        const released: number[] = [];
        let waiting: number[] = [];
        let sequence = 0;
        const expected: number[] = [];
        for (const step of steps) {
          if ('wait' in step) {
            sequence += step.wait;
            const number = sequence;
            void waiters.wait(number).then(() => released.push(number));
            waiting.push(number);
          } else {
            waiters.settle(step.settle);
            expected.push(...waiting.filter((each) => each < step.settle));
            waiting = waiting.filter((each) => each >= step.settle);
          }
          await null;
          await null;
          expect(released).toEqual(expected);
          expect(waiters.any).toBe(waiting.length > 0);
        }
      },
    ),
  );
  const waiters = new FlushWaiters();
  expect(waiters.wait(3)).toBe(waiters.wait(3));
  expect(waiters.wait(4)).not.toBe(waiters.wait(3.5));
});

test('the context of a released record is recognized whatever is added to it; no other context is', () => {
  const key = createContextKey('key');
  const release = { marks: undefined, sequence: 4 };
  const context = new ReleaseContext(ROOT_CONTEXT.setValue(key, 1), release);
  expect([context.getValue(key), context.deleteValue(key).getValue(key)]).toEqual([1, undefined]);
  expect([context, context.setValue(key, 2), context.deleteValue(key)].map(releaseOf)).toEqual(
    new Array(3).fill(release),
  );
  expect(context.setValue(key, 2).getValue(key)).toBe(2);
  expect(releaseOf(ROOT_CONTEXT)).toBeUndefined();
});

test('a view reads like its record, can be written like it, and does not change it', () => {
  const record = { ...handMade('body'), attributes: { a: 1, b: 2 } };
  const before = structuredClone({ ...record, resource: undefined });
  const view = new LogRecordView(record, { b: 3 });
  expect({ ...view }).toEqual({ ...view, ...record, attributes: { a: 1, b: 3 } });
  const chained = view
    .setAttribute('c', 4)
    .setAttributes({ a: 5, d: 6 })
    .setBody('other')
    .setEventName('event')
    .setSeverityNumber(17)
    .setSeverityText('bad');
  expect(chained).toBe(view);
  expect(view).toMatchObject({
    ...{ attributes: { a: 5, b: 3, c: 4, d: 6 }, body: 'other', eventName: 'event' },
    ...{ severityNumber: 17, severityText: 'bad' },
  });
  expect(structuredClone({ ...record, resource: undefined })).toEqual(before);
});

test('undelivered records are requested from components with the symbol method only', () => {
  const records = [handMade('a')];
  expect(undeliveredOf({ [UNDELIVERED]: () => records })).toBe(records);
  for (const other of [undefined, null, {}, 5, 'text']) expect(undeliveredOf(other)).toEqual([]);
});

test('a replaced provider is the global one until it is restored, once', () => {
  const provider = () => {
    const logger = { emit: () => {} };
    return { logger, getLogger: () => logger };
  };
  const [outer, inner] = [provider(), provider()];
  const globalLogger = () => globalLoggerProvider()?.getLogger('x');
  const takeBackOuter = replaceLoggerProvider(outer);
  const takeBackInner = replaceLoggerProvider(inner);
  expect(globalLogger()).toBe(inner.logger);
  takeBackInner();
  expect(globalLogger()).toBe(outer.logger);
  const takeBackAgain = replaceLoggerProvider(inner);
  takeBackInner();
  expect(globalLogger()).toBe(inner.logger);
  takeBackAgain();
  takeBackOuter();
  expect([outer.logger, inner.logger]).not.toContain(globalLogger());
});
