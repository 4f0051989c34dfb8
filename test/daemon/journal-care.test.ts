import { JournalCare } from '../../src/daemon/journal-care.ts';

test('nothing is released or trimmed after a pause has begun, also by a check that was already running', async () => {
  const called: string[] = [];
  let release = () => {};
  const sinks = {
    blocking: [],
    position: 1,
    checkRemoved: () => {
      called.push('checkRemoved');
      return new Promise<void>((resolve) => {
        release = resolve;
      });
    },
  };
  const journal = {
    trim: async () => void called.push('trim'),
    checkRoom: async () => {},
    stats: () => ({ isFull: false }),
  };
  const care = new JournalCare(journal as never, sinks as never, { emit: () => {} } as never);
  const looking = care.start();
  let isPaused = false;
  const paused = care.pause().then(() => {
    isPaused = true;
  });
  await new Promise(setImmediate);
  expect(isPaused).toBe(false);
  release();
  await paused;
  await looking;
  await care.start();
  care.stop();
  expect(called).toEqual(['checkRemoved']);
});
