import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, renameSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { diag } from '@opentelemetry/api';
import { type BoxContents, readBox, recoverBoxes } from '../../src/box/index.ts';
import { BurstLogRecordProcessor } from '../../src/burst/index.ts';
import type { ReadableLogRecordLike } from '../../src/record/index.ts';
import { listen } from '../support/diag-listener.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { aRecord } from './support/memory-box.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'watch-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

function contents(): BoxContents | undefined {
  const [file] = readdirSync(directory).filter((name) => name.endsWith('.box'));
  const found = file === undefined ? 'no file' : readBox(readFileSync(join(directory, file)));
  return typeof found === 'string' ? undefined : found;
}

async function until(isTrue: (box: BoxContents) => boolean): Promise<BoxContents> {
  for (;;) {
    const box = contents();
    if (box !== undefined && isTrue(box)) return box;
    await new Promise((go) => setTimeout(go, 5));
  }
}

async function recover(): Promise<readonly ReadableLogRecordLike[]> {
  let all: readonly ReadableLogRecordLike[] = [];
  const bounds = { maxFiles: 20, maxTotalBytes: 2 ** 26, maxAgeMillis: 60_000 };
  await recoverBoxes(
    directory,
    bounds,
    () => true,
    async (records) => {
      all = [...all, ...records];
      return 'exported';
    },
  );
  return all;
}

const isHung = (box: BoxContents) => box.lastWords.some(({ text }) => text.includes('has hung'));

/** A processor whose box is watched, in this process. Its worker runs. */
async function watched(hangMillis = 60_000) {
  const processor = new BurstLogRecordProcessor({
    exporter: { export: (_, done) => done({ code: 0 }), shutdown: async () => {} },
    blackBox: { directory, bytes: 2 ** 20, flushMillis: 5, watch: true, hangMillis },
  });
  let count = 0;
  const emit = () => {
    count += 1;
    processor.onEmit(aRecord(`record ${count}`));
    return count;
  };
  // Until the worker runs, this thread writes, in a later turn.
  do await new Promise((go) => setTimeout(go, 10));
  while (!isWritten(emit(), 50));
  return { processor, emit };
}

const blocked = new Int32Array(new SharedArrayBuffer(4));

/** Whether the file holds this many records within the time, without a turn of the event loop. */
function isWritten(count: number, withinMillis: number): boolean {
  for (const until = Date.now() + withinMillis; Date.now() < until; Atomics.wait(blocked, 0, 0, 1)) {
    if (contents()?.records.length === count) return true;
  }
  return false;
}

const program = (hang: string) => `
import { BurstLogRecordProcessor } from 'burstlog';
import { LoggerProvider } from '@opentelemetry/sdk-logs';
import { isInBox } from './test/box/programs/in-box.js';
const burst = new BurstLogRecordProcessor({
  exporter: { export: (_, done) => done({ code: 0 }), shutdown: async () => {} },
  capacity: 1e6,
  blackBox: { directory: process.argv[1], bytes: 2 ** 20, service: 'checkout', watch: true, hangMillis: 300 },
});
const logger = new LoggerProvider({ processors: [burst] }).getLogger('child');
let count = 0;
const emit = () => {
  logger.emit({ severityNumber: 5, body: 'record ' + count });
  count += 1;
};
// Until the worker runs, this thread writes, in a later turn.
do await new Promise((turn) => setTimeout(turn, 10));
while (emit(), !isInBox(process.argv[1], count, 50));
for (let at = 0; at < 50; at += 1) emit();
process.stdout.write(String(count), () => setImmediate(() => { emit(); ${hang} }));
`;

/** Runs a program until it hangs, has written so many records more than it says, and is killed. */
async function hang(how: string, more: number) {
  const startedAt = Date.now();
  const child = spawn(process.execPath, ['--input-type=module', '--eval', program(how), directory], {
    cwd: join(__dirname, '../..'),
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const [written] = await once(child.stdout, 'data');
  // On a busy machine the loop may have hung before as well.
  await until((box) => isHung(box) && box.records.length >= Number(written) + more);
  const seenAt = Date.now();
  child.kill('SIGKILL');
  await once(child, 'close');
  const records = await recover();
  const manifest = records.at(-1)!;
  return { written: Number(written), startedAt, seenAt, records: records.slice(0, -1), manifest };
}

test('after a hang and SIGKILL the last record before the hang is there, and since when the loop hung', async () => {
  // One more is written after the number was, in the turn that hangs.
  const { written, startedAt, seenAt, records, manifest } = await hang('for (;;) {}', 1);
  expect(records.map(({ body }) => body)).toEqual(
    Array.from({ length: written + 1 }, (_, count) => `record ${count}`),
  );
  const reason = String(manifest.attributes['burst.reason']);
  const since = Date.parse(/^the event loop has hung since (\S+)$/.exec(reason)![1]!);
  expect(since).toBeGreaterThanOrEqual(startedAt);
  expect(since).toBeLessThanOrEqual(seenAt);
  expect(manifest.severityText).toBe('ERROR');
  expect(manifest.attributes['process.event_loop.delay']).toBeGreaterThanOrEqual(300);
});

test('of a loop that hangs and logs all the same, nothing is missing before the last record', async () => {
  const { written, records, manifest } = await hang(
    'for (;;) { emit(); Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 0.1); }',
    2,
  );
  expect(records.length).toBeGreaterThan(written);
  const [first] = records;
  const start = Number(String(first!.body).slice('record '.length));
  expect(records.map(({ body }) => body)).toEqual(records.map((_, count) => `record ${start + count}`));
  expect(manifest.attributes['burst.reason']).toMatch(/has hung since/);
});

test('a hang that ends is forgotten', async () => {
  const { processor, emit } = await watched(100);
  while (!isHung(contents()!)) Atomics.wait(blocked, 0, 0, 50);
  await until((box) => !isHung(box));
  const last = emit();
  const { missingFrames } = await until(({ records }) => records.length === last);
  expect(missingFrames).toBe(0);
  await processor.shutdown();
});

test('the worker writes each record without a turn of the event loop', async () => {
  const { processor, emit } = await watched();
  for (let round = 0; round < 5; round += 1) {
    emit();
    emit();
    expect(isWritten(emit(), 10_000)).toBe(true);
  }
  await processor.shutdown();
  expect(readdirSync(directory)).toEqual([]);
});

test('if the worker cannot write, a warning says so, and this process writes, without waiting for anybody', async () => {
  const messages: string[] = [];
  listen((message) => messages.push(message));
  const clock = new ManualClock();
  // The worker opens the file by its name, as soon as it has started.
  const elsewhere = join(directory, 'elsewhere.box');
  const threads = process.getBuiltinModule('node:worker_threads');
  const { Worker } = threads;
  const starts = jest.spyOn(threads, 'Worker').mockImplementation((program, options) => {
    const [file] = readdirSync(directory);
    renameSync(join(directory, file!), elsewhere);
    return new Worker(program, options);
  });
  const processor = new BurstLogRecordProcessor({
    exporter: { export: (_, done) => done({ code: 0 }), shutdown: async () => {} },
    blackBox: { directory, bytes: 2 ** 20, flushMillis: 5, watch: true },
    clock,
  });
  starts.mockRestore();
  while (!messages.some((text) => text.includes('ENOENT'))) await new Promise((go) => setTimeout(go, 5));
  expect(messages.join()).toMatch(
    /watcher of the black box .* failed; the process writes the file itself: .*ENOENT/,
  );
  const waits = jest.spyOn(Atomics, 'wait');
  for (let round = 1; round <= 3; round += 1) {
    processor.onEmit(aRecord(`record ${round}`));
    clock.advance(5);
    expect(contents()!.records).toHaveLength(round);
  }
  expect(waits.mock.calls).toEqual([]);
  waits.mockRestore();
  await processor.shutdown();
  rmSync(elsewhere);
  diag.disable();
});
