import { join } from 'node:path';
import { PromiseTest } from './support/promise-test.ts';

const YEAR = 365 * 86_400_000;

let room: PromiseTest;
beforeEach(() => {
  room = new PromiseTest();
});
afterEach(() => room.end());

/** The real distlogd with a wall clock that jumps at SIGUSR2. */
const jumping = (...jumps: readonly number[]) => ({
  NODE_OPTIONS: `--require ${join(__dirname, 'programs/jumping-clock.cjs')}`,
  CLOCK_JUMPS: jumps.join(','),
});

test('a clock that jumps by years, also from one life of the daemon to the next: everything is in the file once', async () => {
  const daemon = room.daemon({ environment: { TZ: 'UTC' } });
  await daemon.start(jumping(0, 10 * YEAR, -20 * YEAR));
  const sender = room.sender(daemon.endpoints.zmqAck!, {
    count: 30_000,
    batch: 100,
    // Before each of the three ends of a pause it begins 80 batches at most.
    pauses: [{ begun: 80 }, { begun: 160 }, { begun: 240 }],
  });
  await sender.until(() => sender.ended >= 40);
  daemon.signal('SIGUSR2');
  await daemon.says(/the clock shows 203/);
  const first = sender.ended;
  sender.go();
  await sender.until(() => sender.ended >= first + 20);
  daemon.signal('SIGUSR2');
  await daemon.says(/the clock shows 200/);
  const second = sender.ended;
  sender.go();
  await sender.until(() => sender.ended >= second + 20);
  // Killed with batches on their way, and started with a clock that is 30 years ahead of the last one.
  await daemon.kill();
  await daemon.start(jumping(10 * YEAR));
  const third = sender.ended;
  sender.go();
  await sender.until(() => sender.ended >= third + 20);
  await daemon.kill();
  await daemon.start(jumping(-20 * YEAR));
  expect(await sender.exit).toEqual([0, null]);
  expect(await daemon.stop()).toEqual([0, null]);
  expect(await room.verdict(daemon.file)).toMatchObject({
    sent: 30_000,
    succeeded: 30_000,
    lost: 0,
    doubled: 0,
    strangers: 0,
  });
});

test('a clock that jumps forward ages nothing: a sink that may skip what is an hour old skips nothing', async () => {
  const daemon = room.daemon({
    config: {
      sinks: {
        out: { type: 'file', path: join(room.folder, 'out.jsonl') },
        // No server listens there.
        nowhere: {
          type: 'otlp',
          endpoint: 'http://127.0.0.1:9',
          maxBehind: { age: '1h' },
          onFull: 'skip',
          retry: { initial: '20ms', max: '100ms' },
        },
      },
      ownRecords: { severity: 'FATAL' },
    },
  });
  await daemon.start(jumping(0, 10 * YEAR));
  const sender = room.sender(daemon.endpoints.zmqAck!, { count: 2_000, batch: 100 });
  expect(await sender.exit).toEqual([0, null]);
  const before = await daemon.until(({ sinks: [out] }) => out.behind.batches === 0);
  expect(before.sinks[1].behind.records).toBe(2_000);
  daemon.signal('SIGUSR2');
  await daemon.says(/the clock shows 203/);
  // The sink checks the age of its backlog before each attempt.
  const tries = before.sinks[1].retries;
  const { sinks } = await daemon.until(({ sinks: [, nowhere] }) => nowhere.retries > tries + 3);
  expect(sinks[1].behind.records).toBe(2_000);
  expect(sinks[1].behind.ageMillis).toBeLessThan(3_600_000);
  expect(sinks[1].dropped.behind_age.records).toBe(0);
  expect(await daemon.stop()).toEqual([0, null]);
  expect(await room.verdict(daemon.file)).toMatchObject({ succeeded: 2_000, lost: 0, doubled: 0 });
});
