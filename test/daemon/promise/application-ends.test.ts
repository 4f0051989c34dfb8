import { PromiseTest } from './support/promise-test.ts';

let room: PromiseTest;
beforeEach(() => {
  room = new PromiseTest();
});
afterEach(() => room.end());

test.each([
  ['is killed', 'none', [null, 'SIGKILL']],
  ['calls process.exit()', 'exit', [0, null]],
  ['ends by an uncaught error', 'throw', [1, null]],
])(
  'an application that %s: each success is in the file once, what was under way at most once',
  async (_, ending, end) => {
    const daemon = room.daemon();
    await daemon.start();
    const sender = room.sender(daemon.endpoints.zmqAck!, {
      count: 200_000,
      weight: 500,
      ending,
      endAfter: 60,
    });
    if (ending === 'none') {
      await sender.until(() => sender.ended >= 60);
      await sender.kill();
    }
    expect(await sender.exit).toEqual(end);
    expect(await daemon.stop()).toEqual([0, null]);
    const verdict = await room.verdict(daemon.file);
    expect(verdict).toMatchObject({ failed: 0, lost: 0, doubled: 0, strangers: 0 });
    expect(verdict.succeeded).toBeGreaterThanOrEqual(6_000);
    // All that was never answered was in the window.
    expect(verdict.open).toBeLessThanOrEqual(800);
    expect(verdict.open).toBeGreaterThan(0);
  },
);

test('an application that awaits shutdown() knows the fate of all, also when it gives up on a daemon', async () => {
  const daemon = room.daemon();
  await daemon.start();
  const sender = room.sender(daemon.endpoints.zmqAck!, {
    count: 20_000,
    pauses: [{ begun: 100 }],
    exporter: { exportTimeoutMillis: 300, shutdownTimeoutMillis: 300 },
  });
  await sender.until(() => sender.ended >= 60);
  await daemon.kill();
  sender.go();
  expect(await sender.exit).toEqual([0, null]);
  await daemon.start();
  expect(await daemon.stop()).toEqual([0, null]);
  const verdict = await room.verdict(daemon.file);
  expect(verdict).toMatchObject({ sent: 20_000, open: 0, lost: 0, doubled: 0, strangers: 0 });
  expect(verdict.failed).toBeGreaterThan(1_000);
});
