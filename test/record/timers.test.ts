import { AsyncLocalStorage } from 'node:async_hooks';
import { armImmediate, armTimeout, nextTurn, systemClock } from '../../src/record/index.ts';

describe('with the timers of the test faked', () => {
  beforeEach(() => {
    jest.useFakeTimers();
  });
  afterEach(() => {
    jest.useRealTimers();
  });

  test('timers and immediates still fire, and the monotonic clock advances', async () => {
    const began = systemClock.monotonicNow();
    await new Promise<void>((resolve) => systemClock.after(5, resolve, true));
    await new Promise<void>((resolve) => armImmediate(resolve));
    await nextTurn();
    expect(systemClock.monotonicNow()).toBeGreaterThan(began);
  });

  test('a cancelled timer does not fire', async () => {
    let fired = 0;
    const cancel = systemClock.after(0, () => {
      fired += 1;
    });
    cancel();
    await new Promise<void>((resolve) => systemClock.after(2, resolve, true));
    expect(fired).toBe(0);
  });
});

test('a timer does not carry the async context of the request that armed it', async () => {
  const request = new AsyncLocalStorage<string>();
  const seen: (string | undefined)[] = [];
  await request.run('first request', async () => {
    await new Promise<void>((resolve) =>
      armTimeout(() => {
        seen.push(request.getStore());
        armImmediate(() => {
          seen.push(request.getStore());
          resolve();
        });
      }, 1),
    );
    expect(request.getStore()).toBe('first request');
  });
  expect(seen).toEqual([undefined, undefined]);
});

test('a delay beyond what setTimeout takes does not fire at once', async () => {
  let fired = false;
  const cancel = systemClock.after(Number.POSITIVE_INFINITY, () => {
    fired = true;
  });
  await new Promise<void>((resolve) => armTimeout(resolve, 5));
  expect(fired).toBe(false);
  cancel();
});
