import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { PromiseTest } from './support/promise-test.ts';

let room: PromiseTest;
beforeEach(() => {
  room = new PromiseTest();
});
afterEach(() => room.end());

const KEPT = { failed: 0, open: 0, lost: 0, doubled: 0, strangers: 0 };

test('a daemon that is killed four times and started again: everything is in the file once', async () => {
  const daemon = room.daemon();
  await daemon.start();
  const sender = room.sender(daemon.endpoints.zmqAck!, { count: 20_000, batch: 100 });
  for (const at of [10, 50, 100, 160]) {
    await sender.until(() => sender.ended >= at);
    await daemon.kill();
    await daemon.start();
  }
  expect(await sender.exit).toEqual([0, null]);
  expect(await daemon.stop()).toEqual([0, null]);
  expect(await room.verdict(daemon.file)).toMatchObject({ ...KEPT, sent: 20_000, succeeded: 20_000 });
});

test('a daemon that is stopped in good order and started again: everything is in the file once', async () => {
  const daemon = room.daemon();
  await daemon.start();
  const sender = room.sender(daemon.endpoints.zmqAck!, { count: 20_000, batch: 100 });
  for (const at of [25, 100]) {
    await sender.until(() => sender.ended >= at);
    expect(await daemon.stop()).toEqual([0, null]);
    await daemon.start();
  }
  expect(await sender.exit).toEqual([0, null]);
  expect(await daemon.stop()).toEqual([0, null]);
  expect(await room.verdict(daemon.file)).toMatchObject({ ...KEPT, sent: 20_000, succeeded: 20_000 });
});

test('a daemon that is suspended and resumed: exports that timed out are there once or not at all', async () => {
  const daemon = room.daemon();
  await daemon.start();
  const sender = room.sender(daemon.endpoints.zmqAck!, {
    count: 40_000,
    batch: 100,
    pauses: [{ begun: 100 }],
    exporter: { exportTimeoutMillis: 700, ackTimeoutMillis: 150, heartbeatMillis: 200 },
  });
  await sender.until(() => sender.ended >= 50);
  daemon.signal('SIGSTOP');
  sender.go();
  await sender.until(() => sender.failed >= 12);
  daemon.signal('SIGCONT');
  expect(await sender.exit).toEqual([0, null]);
  expect(await daemon.stop()).toEqual([0, null]);
  const verdict = await room.verdict(daemon.file);
  expect(verdict).toMatchObject({ sent: 40_000, open: 0, lost: 0, doubled: 0, strangers: 0 });
  expect(verdict.failed).toBeGreaterThanOrEqual(1_200);
  expect(verdict.succeeded).toBeGreaterThan(20_000);
});

test('a daemon that is killed while its file is rotated and compressed: everything is in the files once', async () => {
  const files = join(room.folder, 'files');
  const daemon = room.daemon({
    config: {
      sinks: {
        out: {
          type: 'file',
          path: join(files, 'out.jsonl'),
          rotate: { maxBytes: '1MiB', maxAge: 0, keep: 1_000, gzip: true },
        },
      },
    },
  });
  await daemon.start();
  const sender = room.sender(daemon.endpoints.zmqAck!, { count: 32_000, batch: 100, weight: 300 });
  for (const at of [40, 100, 160, 240]) {
    await sender.until(() => sender.ended >= at);
    await daemon.kill();
    await daemon.start();
  }
  expect(await sender.exit).toEqual([0, null]);
  expect(await daemon.stop()).toEqual([0, null]);
  const names = readdirSync(files);
  // 16 MB. However far behind it is, one write takes at most 4 MiB of the journal, and a new file comes before the next.
  expect(names.length).toBeGreaterThan(2);
  const plain = names.map((name) => {
    const path = join(files, name);
    if (!name.endsWith('.gz')) return path;
    writeFileSync(join(room.folder, name), gunzipSync(readFileSync(path)));
    return join(room.folder, name);
  });
  expect(await room.verdict(...plain)).toMatchObject({ ...KEPT, sent: 32_000, succeeded: 32_000 });
});
