import { PromiseTest } from './support/promise-test.ts';
import type { RealDaemon } from './support/real-daemon.js';

let room: PromiseTest;
beforeEach(() => {
  room = new PromiseTest();
});
afterEach(() => room.end());

const PUSH = { mode: 'push', ackTimeoutMillis: undefined };

/** Resolves when this many records have arrived by push since the daemon's last start. */
function arrived(daemon: RealDaemon, atLeast: number) {
  return daemon.until(({ receivers }) =>
    receivers.some(
      ({ name, records }: { name: string; records: number }) => name === 'zmqPush' && records >= atLeast,
    ),
  );
}

test('push: to a daemon that runs everything arrives, once', async () => {
  const daemon = room.daemon();
  await daemon.start();
  const sender = room.sender(daemon.endpoints.zmqPush!, { count: 20_000, pace: 1, lanes: 1, exporter: PUSH });
  expect(await sender.exit).toEqual([0, null]);
  await arrived(daemon, 20_000);
  expect(await daemon.stop()).toEqual([0, null]);
  expect(await room.verdict(daemon.file)).toMatchObject({
    arrived: 20_000,
    lost: 0,
    doubled: 0,
    strangers: 0,
  });
});

test('push: a daemon that is restarted in good order takes what it has read; what comes meanwhile waits', async () => {
  const daemon = room.daemon();
  await daemon.start();
  const sender = room.sender(daemon.endpoints.zmqPush!, {
    ...{ count: 20_000, pace: 5, lanes: 1, exporter: PUSH },
    pauses: [{ begun: 60 }],
  });
  await sender.until(() => sender.ended >= 50);
  expect(await daemon.stop()).toEqual([0, null]);
  sender.go();
  await daemon.start();
  expect(await sender.exit).toEqual([0, null]);
  await arrived(daemon, 10_000);
  expect(await daemon.stop()).toEqual([0, null]);
  const verdict = await room.verdict(daemon.file);
  expect(verdict).toMatchObject({ failed: 0, doubled: 0, strangers: 0 });
  // What lay in the sockets when it closed them.
  expect(verdict.lost).toBeLessThan(2_000);
});

test('push: a frozen daemon gets what fits into the queue and the sockets, the rest failed, nothing is doubled', async () => {
  const daemon = room.daemon();
  await daemon.start();
  const sender = room.sender(daemon.endpoints.zmqPush!, {
    count: 60_000,
    weight: 500,
    pace: 1,
    lanes: 1,
    pauses: [{ begun: 60 }],
    exporter: { ...PUSH, maxQueueBytes: 1_048_576, heartbeatMillis: 0 },
  });
  await sender.until(() => sender.ended >= 50);
  daemon.signal('SIGSTOP');
  sender.go();
  await sender.until(() => sender.failed >= 20);
  daemon.signal('SIGCONT');
  expect(await sender.exit).toEqual([0, null]);
  const { failed, succeeded } = await room.verdict();
  expect(failed).toBeGreaterThanOrEqual(2_000);
  await arrived(daemon, succeeded);
  expect(await daemon.stop()).toEqual([0, null]);
  expect(await room.verdict(daemon.file)).toMatchObject({
    lost: 0,
    doubled: 0,
    strangers: 0,
    failedArrived: 0,
  });
});

test('push: a daemon that is frozen until its heartbeat fails may lose what was on the connection, and doubles nothing', async () => {
  const daemon = room.daemon();
  await daemon.start();
  const sender = room.sender(daemon.endpoints.zmqPush!, {
    count: 100_000,
    weight: 500,
    pace: 1,
    lanes: 1,
    pauses: [{ begun: 60 }, { failed: 450 }],
    exporter: { ...PUSH, maxQueueBytes: 1_048_576, heartbeatMillis: 100 },
  });
  await sender.until(() => sender.ended >= 60);
  const before = 100 * (sender.ended - sender.failed);
  await arrived(daemon, before);
  daemon.signal('SIGSTOP');
  sender.go();
  // Some 500 ms: more than three heartbeats.
  await sender.until(() => sender.failed >= 450);
  daemon.signal('SIGCONT');
  sender.go();
  expect(await sender.exit).toEqual([0, null]);
  expect(await daemon.stop()).toEqual([0, null]);
  const verdict = await room.verdict(daemon.file);
  expect(verdict).toMatchObject({ doubled: 0, strangers: 0, failedArrived: 0 });
  expect(before).toBeGreaterThan(0);
  expect(verdict.arrived).toBeGreaterThanOrEqual(before);
});

test('push: an application that is killed or calls process.exit() may lose what was queued, the rest is there once', async () => {
  const daemon = room.daemon();
  await daemon.start();
  const half = { count: 100_000, weight: 500, ending: 'exit', endAfter: 100, exporter: PUSH };
  expect(await room.sender(daemon.endpoints.zmqPush!, half).exit).toEqual([0, null]);
  const killed = room.sender(daemon.endpoints.zmqPush!, { ...half, from: 100_000, ending: 'none' });
  await killed.until(() => killed.ended >= 100);
  await killed.kill();
  expect(await daemon.stop()).toEqual([0, null]);
  const verdict = await room.verdict(daemon.file);
  expect(verdict).toMatchObject({ doubled: 0, strangers: 0 });
  expect(verdict.succeeded).toBeGreaterThanOrEqual(10_000);
});

test('push: while a sink holds the intake records are read and dropped, and the daemon counts each of them', async () => {
  // No server listens there.
  const nowhere = {
    type: 'otlp',
    endpoint: 'http://127.0.0.1:9',
    maxBehind: { bytes: '1MiB' },
    retry: { initial: '20ms', max: '100ms' },
  };
  const daemon = room.daemon({ config: { sinks: { nowhere: { ...nowhere, onFull: 'block' } } } });
  await daemon.start();
  const sender = room.sender(daemon.endpoints.zmqPush!, {
    count: 20_000,
    weight: 200,
    pace: 2,
    lanes: 1,
    exporter: PUSH,
  });
  expect(await sender.exit).toEqual([0, null]);
  const { receivers } = await daemon.until(
    ({ receivers: [, push] }) => push.records + push.dropped.full >= 20_000,
  );
  const { records, dropped } = receivers.find(({ name }: { name: string }) => name === 'zmqPush');
  expect(dropped.full).toBeGreaterThan(5_000);
  expect(records + dropped.full).toBe(20_000);
  await daemon.kill();
  daemon.change({ sinks: { out: { type: 'file', path: daemon.file } } });
  await daemon.start();
  expect(await daemon.stop()).toEqual([0, null]);
  expect(await room.verdict(daemon.file)).toMatchObject({ arrived: records, doubled: 0, strangers: 0 });
});
