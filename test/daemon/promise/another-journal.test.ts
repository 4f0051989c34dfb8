import { renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { PromiseTest } from './support/promise-test.ts';

let room: PromiseTest;
beforeEach(() => {
  room = new PromiseTest();
});
afterEach(() => room.end());

test('a journal that is deleted between two runs: what was written stays, what waits arrives, each once', async () => {
  const daemon = room.daemon();
  await daemon.start();
  const first = room.sender(daemon.endpoints.zmqAck!, { count: 5_000 });
  expect(await first.exit).toEqual([0, null]);
  // The sinks have written everything; their cursors point far into the journal that is deleted now.
  expect(await daemon.stop()).toEqual([0, null]);
  rmSync(daemon.journal, { recursive: true });
  const second = room.sender(daemon.endpoints.zmqAck!, { from: 5_000, count: 3_000 });
  await daemon.start();
  expect(await second.exit).toEqual([0, null]);
  expect(daemon.life).toContain('sink out: the cursor belongs to another journal');
  expect(await daemon.stop()).toEqual([0, null]);
  expect(await room.verdict(daemon.file)).toMatchObject({
    sent: 8_000,
    succeeded: 8_000,
    failed: 0,
    lost: 0,
    doubled: 0,
    strangers: 0,
  });
});

test('a journal that is removed during an export: each success is in one of the two, only the window may be in both', async () => {
  const daemon = room.daemon();
  await daemon.start();
  const sender = room.sender(daemon.endpoints.zmqAck!, {
    count: 15_000,
    pauses: [{ begun: 100 }],
  });
  await sender.until(() => sender.ended >= 50);
  await daemon.kill();
  sender.go();
  const old = join(room.folder, 'old');
  renameSync(daemon.journal, old);
  await daemon.start();
  expect(await sender.exit).toEqual([0, null]);
  expect(sender.stats.journalChanges).toBe(1);
  expect(await daemon.stop()).toEqual([0, null]);
  const without = await room.verdict(daemon.file);
  expect(without).toMatchObject({ sent: 15_000, succeeded: 15_000, strangers: 0 });
  // Eight batches of 100 were in the window: the old journal may have had them too.
  expect(without.doubled).toBeLessThanOrEqual(800);
  // Read what the sink had not written yet out of the old journal, by a daemon that has nothing else.
  const reader = room.daemon({
    config: {
      data: join(room.folder, 'other'),
      sinks: { out: { type: 'file', path: join(room.folder, 'old.jsonl') } },
    },
  });
  await reader.start();
  await reader.stop();
  rmSync(reader.journal, { recursive: true });
  renameSync(old, reader.journal);
  rmSync(join(room.folder, 'other/sinks'), { recursive: true });
  await reader.start();
  await reader.stop();
  const old2 = await room.verdict(join(room.folder, 'old.jsonl'));
  expect(old2).toMatchObject({ doubled: 0, strangers: 0 });
  const both = await room.verdict(daemon.file, join(room.folder, 'old.jsonl'));
  expect(both).toMatchObject({ lost: 0, strangers: 0 });
});
