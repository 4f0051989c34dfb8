import { freePort } from '../../support/free-port.js';
import { type OtlpReceiver, startOtlpReceiver } from '../../support/otlp-receiver.js';
import { PromiseTest } from './support/promise-test.ts';

let room: PromiseTest;
let receiver: OtlpReceiver | undefined;
beforeEach(() => {
  room = new PromiseTest();
});
afterEach(async () => {
  await room.end();
  await receiver?.stop();
  receiver = undefined;
});

/** How often each number arrived. */
function counted({ records }: OtlpReceiver): Map<number, number> {
  const counts = new Map<number, number>();
  for (const { body } of records) {
    const number = Number(String(body).slice(1));
    counts.set(number, (counts.get(number) ?? 0) + 1);
  }
  return counts;
}

function config(port: number, onFull: 'block' | 'skip') {
  return {
    sinks: {
      out: {
        type: 'otlp',
        endpoint: `http://127.0.0.1:${port}`,
        maxBehind: { bytes: '1MiB' },
        onFull,
        retry: { initial: '20ms', max: '100ms' },
      },
    },
    journal: { segmentBytes: '1MiB', maxBytes: '256MiB' },
    ownRecords: { severity: 'FATAL' },
  };
}

test('block: behind a sink that is down for too long senders wait, and when it is back all comes, nothing is lost', async () => {
  const port = await freePort();
  const daemon = room.daemon({ config: config(port, 'block') });
  await daemon.start();
  const sender = room.sender(daemon.endpoints.zmqAck!, { count: 10_000, weight: 200 });
  await daemon.until(
    ({ sinks, receivers }) =>
      sinks[0].blocking &&
      receivers.some(({ refused }: { refused: { full?: number } }) => (refused.full ?? 0) > 5),
  );
  expect(sender.failed).toBe(0);
  // A gate that was closed before the kill is closed after it.
  await daemon.kill();
  await daemon.start();
  await daemon.until(({ sinks }) => sinks[0].blocking);
  expect(sender.ended).toBeLessThan(75);
  receiver = await startOtlpReceiver({ port });
  expect(await sender.exit).toEqual([0, null]);
  const { sinks } = await daemon.until(({ sinks: [out] }) => out.behind.batches === 0);
  expect(sinks[0].dropped.behind_bytes).toEqual({ batches: 0, records: 0 });
  expect(await daemon.stop()).toEqual([0, null]);
  // An otlp sink sends at least once; nothing was cut here.
  expect(counted(receiver).size).toBe(10_000);
  expect(await room.verdict()).toMatchObject({ succeeded: 10_000, failed: 0 });
});

test('skip: a sink that is down for too long misses the oldest, counted to the record; senders notice nothing', async () => {
  const port = await freePort();
  const daemon = room.daemon({ config: config(port, 'skip') });
  await daemon.start();
  const sender = room.sender(daemon.endpoints.zmqAck!, { count: 10_000, weight: 200 });
  expect(await sender.exit).toEqual([0, null]);
  await daemon.until(
    ({ sinks: [out] }) => out.behind.bytes <= 1_048_576 && out.dropped.behind_bytes.records > 0,
  );
  receiver = await startOtlpReceiver({ port });
  const { sinks, receivers } = await daemon.until(({ sinks: [out] }) => out.behind.batches === 0);
  expect(await daemon.stop()).toEqual([0, null]);
  expect(await room.verdict()).toMatchObject({ succeeded: 10_000, failed: 0 });
  expect(receivers.find(({ name }: { name: string }) => name === 'zmqAck').records).toBe(10_000);
  const arrived = [...counted(receiver).keys()];
  expect(arrived.length).toBeGreaterThan(1_000);
  expect(arrived.length + sinks[0].dropped.behind_bytes.records).toBe(10_000);
  expect(sinks[0].written.records).toBe(arrived.length);
  // The newest are there.
  expect(Math.max(...arrived)).toBe(9_999);
});
