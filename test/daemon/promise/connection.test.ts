import { startCuttingProxy } from '../../zeromq/support/cutting-proxy.ts';
import { PromiseTest } from './support/promise-test.ts';

let room: PromiseTest;
beforeEach(() => {
  room = new PromiseTest();
});
afterEach(() => room.end());

/** Most of them are in the middle of a batch, the first ones in the greeting. */
const CUTS = [7, 100, 900, 5_001, 20_003, 77_777, 150_001, 400_009, 33_333, 123_457];

test('a connection that is cut ten times in the middle of a frame: everything is in the file once', async () => {
  const daemon = room.daemon();
  await daemon.start();
  const proxy = await startCuttingProxy(Number(daemon.endpoints.zmqAck!.split(':').at(-1)), CUTS);
  const sender = room.sender(proxy.endpoint, { count: 20_000, weight: 100 });
  expect(await sender.exit).toEqual([0, null]);
  expect(proxy.cutsLeft).toBe(0);
  await proxy.stop();
  expect(await daemon.stop()).toEqual([0, null]);
  expect(await room.verdict(daemon.file)).toMatchObject({
    sent: 20_000,
    succeeded: 20_000,
    failed: 0,
    lost: 0,
    doubled: 0,
    strangers: 0,
  });
});

test('push: a connection that is cut again and again loses what was on it, and doubles nothing', async () => {
  const daemon = room.daemon();
  await daemon.start();
  const proxy = await startCuttingProxy(Number(daemon.endpoints.zmqPush!.split(':').at(-1)), CUTS);
  const sender = room.sender(proxy.endpoint, {
    count: 20_000,
    weight: 100,
    pace: 5,
    exporter: { mode: 'push', ackTimeoutMillis: undefined },
  });
  expect(await sender.exit).toEqual([0, null]);
  // How many cuts it takes until all has left, and what arrives, depends on what the sockets hold.
  expect(proxy.cutsLeft).toBeLessThan(CUTS.length);
  await proxy.stop();
  expect(await daemon.stop()).toEqual([0, null]);
  const verdict = await room.verdict(daemon.file);
  expect(verdict).toMatchObject({ sent: 20_000, failed: 0, doubled: 0, strangers: 0 });
  expect(verdict.lost).toBeGreaterThan(0);
  expect(verdict.lost).toBeLessThanOrEqual(20_000);
});
