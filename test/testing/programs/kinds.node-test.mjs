// Kinds of tests that node:test knows, with what each logs. Run by failed-tests.test.ts.
import { AsyncResource } from 'node:async_hooks';
import test, { beforeEach, describe, it } from 'node:test';
import { logs } from '@opentelemetry/api-logs';

/** @param {string} body */
const log = (body) => logs.getLogger('kinds').emit({ severityNumber: 5, body });

beforeEach((context) => log(`before each of ${context.name}`));

test('has a callback, fails', (_context, done) => {
  log('with a callback');
  setImmediate(() => done(new Error('of the callback')));
});

test('has steps', async (context) => {
  log('parent');
  const steps = ['first', 'second', 'third'].map((name, at) =>
    context.test(name, { concurrency: true }, async () => {
      await new Promise((resolve) => setTimeout(resolve, 5 - at));
      log(`step ${name}`);
      if (name === 'second') throw new Error('of the step');
    }),
  );
  await Promise.all(steps);
});

test('enters the async resource of something else', () => {
  const resource = new AsyncResource('other');
  for (const each of [undefined, null, Object.create(null)]) resource.runInAsyncScope(() => {}, each);
  resource.emitDestroy();
});

describe('a suite', () => {
  it('passes', () => log('passed'));
});
