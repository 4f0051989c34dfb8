import { execFileSync } from 'node:child_process';
import { closeSync, cpSync, mkdirSync, openSync, readdirSync, readSync, statSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { FRAME_BYTES } from '../../../src/journal/frame.ts';
import { PromiseTest } from './support/promise-test.ts';
import type { RealDaemon } from './support/real-daemon.js';

let room: PromiseTest;
beforeEach(() => {
  room = new PromiseTest();
});
afterEach(() => room.end());

/** No server listens there, so that everything stays in the journal. */
const NOWHERE = { out: { type: 'otlp', endpoint: 'http://127.0.0.1:9', protocol: 'http' } };

/** The journal holds the sender's batches alone. */
const QUIET = { severity: 'FATAL' };

interface Frame {
  readonly offset: number;
  readonly bytes: number;
  /** The first and last of the numbers in it. */
  readonly numbers: readonly number[];
}

/** The only segment of a journal, and the positions of the sender's batches in it. */
function segmentOf(daemon: RealDaemon) {
  const [name] = readdirSync(daemon.journal).filter((each) => each.endsWith('.segment'));
  const path = join(daemon.journal, name!);
  const bytes = Buffer.alloc(statSync(path).size);
  const file = openSync(path, 'r');
  readSync(file, bytes, 0, bytes.length, 0);
  closeSync(file);
  const mark = bytes.subarray(32, 40);
  const frames: Frame[] = [];
  for (let at = bytes.indexOf(mark, 1_024); at >= 0; ) {
    const body = bytes.readUInt32LE(at + 8);
    const end = at + FRAME_BYTES + body;
    const text = bytes.toString('latin1', at + FRAME_BYTES, end);
    frames.push({
      offset: at,
      bytes: end - at,
      numbers: [...text.matchAll(/n(\d+)/g)].map(([, n]) => Number(n)),
    });
    at = bytes.indexOf(mark, end);
  }
  return { path, bytes: bytes.length, frames: frames };
}

function flip(path: string, at: number): void {
  const file = openSync(path, 'r+');
  const byte = Buffer.alloc(1);
  readSync(file, byte, 0, 1, at);
  byte[0]! ^= 0x10;
  writeSync(file, byte, 0, 1, at);
  closeSync(file);
}

/** The data of a daemon that was killed with everything in its journal: 40 batches of 50, one export at a time. */
let left: PromiseTest;
beforeAll(async () => {
  left = new PromiseTest();
  const daemon = left.daemon({ config: { sinks: NOWHERE, ownRecords: QUIET } });
  await daemon.start();
  const sender = left.sender(daemon.endpoints.zmqAck!, { count: 2_000, batch: 50, lanes: 1 });
  expect(await sender.exit).toEqual([0, null]);
  await daemon.kill();
});
afterAll(() => left.end());

/** A daemon, not started, with a copy of this data. */
function killedDaemon(): RealDaemon {
  const filter = (path: string) => !statSync(path).isSocket();
  cpSync(left.folder, room.folder, { recursive: true, filter });
  const daemon = room.daemon({ config: { ownRecords: QUIET } });
  daemon.change({
    sinks: { file: { type: 'file', path: daemon.file, rotate: { maxBytes: 0, maxAge: 0 } } },
  });
  return daemon;
}

test('a journal with a torn tail: what was never finished is cut off, everything that was acknowledged is there', async () => {
  const daemon = killedDaemon();
  const { path, bytes, frames } = segmentOf(daemon);
  // The beginning of a group that never came to its end: half of a copy of the last frame.
  const last = frames.at(-1)!;
  const torn = Buffer.alloc(last.bytes);
  const file = openSync(path, 'r+');
  readSync(file, torn, 0, torn.length, last.offset);
  torn.writeUInt32LE(bytes, 12);
  writeSync(file, torn, 0, Math.floor(torn.length / 2), bytes);
  closeSync(file);
  await daemon.start();
  expect(daemon.life).toContain('are an incomplete write; they were truncated');
  const sender = room.sender(daemon.endpoints.zmqAck!, { from: 2_000, count: 1_000 });
  expect(await sender.exit).toEqual([0, null]);
  expect(await daemon.stop()).toEqual([0, null]);
  expect(await room.verdict(daemon.file)).toMatchObject({
    succeeded: 3_000,
    lost: 0,
    doubled: 0,
    strangers: 0,
  });
});

test('a last group that the disk lost or spoiled after the fdatasync is lost; nothing else is, nothing comes twice', async () => {
  const daemon = killedDaemon();
  const { path, frames } = segmentOf(daemon);
  const last = frames.at(-1)!;
  flip(path, last.offset + FRAME_BYTES + 20);
  await daemon.start();
  expect(daemon.life).toContain('are an incomplete write; they were truncated');
  const sender = room.sender(daemon.endpoints.zmqAck!, { from: 2_000, count: 1_000 });
  expect(await sender.exit).toEqual([0, null]);
  expect(await daemon.stop()).toEqual([0, null]);
  // Not detectable: it looks like a write that was interrupted by the kill.
  expect(await room.verdict(daemon.file)).toMatchObject({
    succeeded: 3_000,
    lost: last.numbers.length,
    doubled: 0,
    strangers: 0,
  });
});

test('an earlier batch that is damaged on the disk is quarantined and logged; all the others are there', async () => {
  const daemon = killedDaemon();
  const { path, frames } = segmentOf(daemon);
  expect(frames.length).toBe(40);
  const spoiled = frames[7]!;
  flip(path, spoiled.offset + FRAME_BYTES + 20);
  // Damages the head of this batch, which contains its length.
  flip(path, frames[20]!.offset + 9);
  await daemon.start();
  expect(daemon.life).toMatch(
    /bytes at \d+ of \S+ are damaged; they were copied to \S+, reading continues after them/,
  );
  const sender = room.sender(daemon.endpoints.zmqAck!, { from: 2_000, count: 1_000 });
  expect(await sender.exit).toEqual([0, null]);
  expect(await daemon.stop()).toEqual([0, null]);
  expect(readdirSync(daemon.journal).filter((name) => name.includes('damaged'))).toHaveLength(2);
  expect(await room.verdict(daemon.file)).toMatchObject({
    succeeded: 3_000,
    lost: spoiled.numbers.length + frames[20]!.numbers.length,
    doubled: 0,
    strangers: 0,
  });
});

test('a torn tail under a sender that waits: it sends again what was not acknowledged, all is there once', async () => {
  const daemon = room.daemon();
  await daemon.start();
  const sender = room.sender(daemon.endpoints.zmqAck!, { count: 20_000 });
  for (const at of [50, 100]) {
    await sender.until(() => sender.ended >= at);
    await daemon.kill();
    // Of what was written and acknowledged nothing may be cut: only bytes behind it are added, as a torn write leaves.
    const { path, bytes } = segmentOf(daemon);
    const file = openSync(path, 'r+');
    writeSync(file, Buffer.alloc(5_000, 7), 0, 5_000, bytes);
    closeSync(file);
    await daemon.start();
    expect(daemon.life).toContain('they were truncated');
  }
  expect(await sender.exit).toEqual([0, null]);
  expect(await daemon.stop()).toEqual([0, null]);
  expect(await room.verdict(daemon.file)).toMatchObject({
    succeeded: 20_000,
    lost: 0,
    doubled: 0,
    strangers: 0,
  });
});

/** A small separate disk, or the reason why there is none. */
function smallDisk(path: string): string | undefined {
  try {
    mkdirSync(path, { recursive: true });
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1500k,mode=700', 'tmpfs', path], { stdio: 'pipe' });
    return undefined;
  } catch (error) {
    return String((error as { stderr?: unknown }).stderr ?? error);
  }
}

test('a disk that is full under the journal: batches wait or fail, nothing acknowledged is lost, with room it goes on', async () => {
  const disk = join(room.folder, 'disk');
  const refused = smallDisk(disk);
  if (refused !== undefined) {
    console.warn(`skipped: no tmpfs can be mounted here (${refused.trim()})`);
    return;
  }
  try {
    // The disk is smaller than the journal's limit, and there is no floor: the disk itself rejects writes.
    const daemon = room.daemon({
      config: {
        data: join(disk, 'data'),
        journal: { segmentBytes: '1MiB', maxBytes: '64MiB', minFreeBytes: 0 },
        sinks: NOWHERE,
      },
    });
    await daemon.start();
    const sender = room.sender(daemon.endpoints.zmqAck!, {
      count: 10_000,
      weight: 300,
      exporter: { exportTimeoutMillis: 60_000 },
    });
    const status = await daemon.until(({ journal }) => (journal.refused?.disk ?? 0) > 3);
    expect(status.journal.isFull).toBe(true);
    const before = sender.ended;
    expect(before).toBeGreaterThan(10);
    expect(before).toBeLessThan(100);
    // Killed on a full disk, and started again there.
    await daemon.kill();
    await daemon.start();
    await daemon.until(({ journal }) => (journal.refused?.disk ?? 0) > 0);
    expect(sender.failed).toBe(0);
    await daemon.kill();
    execFileSync('mount', ['-o', 'remount,size=64m', disk]);
    daemon.change({
      sinks: { file: { type: 'file', path: daemon.file, rotate: { maxBytes: 0, maxAge: 0 } } },
    });
    await daemon.start();
    expect(await sender.exit).toEqual([0, null]);
    expect(await daemon.stop()).toEqual([0, null]);
    expect(await room.verdict(daemon.file)).toMatchObject({
      succeeded: 10_000,
      failed: 0,
      lost: 0,
      doubled: 0,
      strangers: 0,
    });
  } finally {
    await room.endProcesses();
    execFileSync('umount', [disk]);
  }
});
