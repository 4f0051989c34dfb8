import { setTimeout as waitFor } from 'node:timers/promises';
import { startTask } from '../../src/task/start-task.ts';
import type { Task } from '../../src/task/task.ts';
import { task } from '../../src/task/task-forms.ts';
import { listen } from '../support/diag-listener.ts';
import { type Registered, register, unregister } from '../support/registered.ts';

let out: Registered;
let warnings: string[];
beforeEach(() => {
  out = register();
  warnings = [];
  listen((message) => warnings.push(message));
});
afterEach(unregister);

type Said = 'success' | 'fail' | 'cancel';
const calls: Said[] = ['success', 'fail', 'cancel'];
const outcomeOf = { success: 'succeeded', fail: 'failed', cancel: 'cancelled' } as const;
const rank = { success: 1, cancel: 2, fail: 3 };
const pairs = calls.flatMap((first) => calls.map((second) => [first, second] as const));
const say = (job: Task, method: Said, words: string) => job[method](words);

test.each(pairs)('%s() and then %s(): the worse one applies, and it is logged once', (first, second) => {
  for (let times = 0; times < 2; times += 1) {
    task('goal', (job) => {
      say(job, first, 'first');
      say(job, second, 'second');
    });
  }
  const [method, words] = rank[second] >= rank[first] ? [second, 'second'] : [first, 'first'];
  const ended = out.records()[1]!;
  expect(ended.eventName).toBe(`task.${outcomeOf[method]}`);
  expect(String(ended.body)).toContain(words);
  expect(warnings).toEqual([expect.stringMatching(`${second}\\(\\) was called on the task "goal"`)]);
  expect(out.records()).toHaveLength(4);
});

test.each(calls)('%s() after the end changes nothing and is logged once', (method) => {
  let kept: Task | undefined;
  task('goal', (job) => {
    kept = job;
  });
  say(kept!, method, 'late');
  say(kept!, method, 'late');
  expect(out.records()).toHaveLength(2);
  expect(out.spans()[0]!.status.code).toBe(0);
  expect(warnings).toEqual([
    expect.stringContaining(`${method}() was called on the task "goal" after its end`),
  ]);
});

test('bind() after the end changes nothing and is logged once', () => {
  let kept: Task | undefined;
  task('goal', (job) => {
    kept = job;
  });
  kept!.bind({ late: true });
  kept!.bind({ late: true });
  kept!.run(() => out.log('later'));
  expect(out.find('later').attributes).not.toHaveProperty('late');
  expect(out.find('later').attributes).toMatchObject({ 'task.id': kept!.id, 'task.sequence': 3 });
  expect(warnings).toEqual([expect.stringContaining('bind() was called')]);
});

test('foreignTask() after the end still returns the header, and is logged once', () => {
  let inside = '';
  let kept: Task | undefined;
  task('goal', (job) => {
    kept = job;
    inside = job.foreignTask();
  });
  expect(kept!.foreignTask()).toBe(inside);
  expect(kept!.foreignTask()).toBe(inside);
  expect(warnings).toEqual([expect.stringContaining('foreignTask() was called after the end')]);
});

test.each(calls)('an error thrown after %s(): the task failed', (method) => {
  const run = () =>
    task('goal', (job) => {
      say(job, method, 'said before');
      throw new RangeError('thrown');
    });
  expect(run).toThrow(RangeError);
  const ended = out.records()[1]!;
  expect(ended.attributes).toMatchObject({
    'task.outcome': 'failed',
    'exception.type': 'RangeError',
    'exception.message': 'thrown',
  });
  expect(ended.body).toBe(`goal failed: ${method === 'fail' ? 'said before' : 'RangeError: thrown'}`);
});

test.each([
  ['success', 'cancelled', 'goal cancelled: AbortError: stop'],
  ['cancel', 'cancelled', 'goal cancelled: said before'],
  ['fail', 'failed', 'goal failed: said before'],
] as const)('an AbortError thrown after %s(): the task is %s', (method, outcome, body) => {
  const run = () =>
    task('goal', (job) => {
      say(job, method, 'said before');
      throw new DOMException('stop', 'AbortError');
    });
  expect(run).toThrow('stop');
  expect(out.records()[1]).toMatchObject({ body, attributes: { 'task.outcome': outcome } });
});

test('the end record has the last reported message, whatever was in between', async () => {
  await task('goal', async (job) => {
    job.success('first');
    await Promise.resolve();
    job.success('second %d', 2);
  });
  expect(out.records()[1]!.body).toBe('second 2');
});

test('success() of a started task applies even if it is disposed because of an error', () => {
  const job = startTask('goal');
  job.success('before');
  job[Symbol.dispose]();
  expect(out.events()).toEqual(['task.started', 'task.succeeded']);
});

describe('AbortError', () => {
  const named = Object.assign(new Error('stop'), { name: 'AbortError' });
  const aborted = new AbortController();
  aborted.abort();
  const sources: [string, () => unknown, string][] = [
    ['the reason of an AbortController', () => Promise.reject(aborted.signal.reason), 'cancelled'],
    ['throwIfAborted()', () => Promise.resolve().then(() => aborted.signal.throwIfAborted()), 'cancelled'],
    ['an Error of that name', () => Promise.reject(named), 'cancelled'],
    [
      'a function of Node that was aborted',
      () => waitFor(10_000, null, { signal: aborted.signal }),
      'cancelled',
    ],
    ['AbortSignal.timeout()', () => whenTimedOut().then((signal) => signal.throwIfAborted()), 'failed'],
    [
      'a function of Node that ran out of time',
      () => waitFor(10_000, null, { signal: AbortSignal.timeout(1) }),
      'failed',
    ],
    ['an Error of another name', () => Promise.reject(new Error('AbortError')), 'failed'],
    ['the text', () => Promise.reject('AbortError'), 'failed'],
    ['an object of that name without a message', () => Promise.reject({ name: 'AbortError' }), 'failed'],
  ];
  test.each(sources)('%s', async (_, work, outcome) => {
    await expect(task('goal', work)).rejects.toBeDefined();
    expect(out.records()[1]!.attributes['task.outcome']).toBe(outcome);
    if (outcome === 'cancelled') expect(out.records()[1]!.attributes).not.toHaveProperty(['error.type']);
  });
});

/** A signal that has timed out. Something else keeps the process alive: its timer does not. */
async function whenTimedOut(): Promise<AbortSignal> {
  const signal = AbortSignal.timeout(1);
  const alive = setInterval(() => {}, 1_000);
  if (!signal.aborted)
    await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
  clearInterval(alive);
  return signal;
}

const endless = [
  new Array(2 ** 32 - 1),
  new Float64Array(1e7),
  Object.fromEntries(Array.from({ length: 100_000 }, (_, n) => [`key${n}`, n])),
];

test.each(['%s', '%d', '%i', '%f', '%j', '%o', '%O', 'without'])(
  '%p of values without end is written',
  (conversion) => {
    for (const value of endless) {
      task('goal', (job) => job.success(`a ${conversion} b`, value));
      expect(out.records().at(-1)!.body).toMatch(/^a .*b.*$/);
      expect(String(out.records().at(-1)!.body).length).toBeLessThan(100);
      try {
        task('goal', () => {
          throw value;
        });
      } catch (thrown) {
        expect(Object.is(thrown, value)).toBe(true);
      }
      expect(String(out.records().at(-1)!.body).length).toBeLessThan(100);
    }
  },
);
