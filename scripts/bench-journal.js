// Measures the journal: batches per second, the duration of fdatasync, and the delay of the event loop.
// node scripts/build.js && node scripts/bench-journal.js [--bytes 150000] [--seconds 5] [--in-flight 64] [--rate 0] [--directory …]
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { monitorEventLoopDelay, performance } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';

/** @typedef {typeof import('../src/journal/index.ts')} Room */
/** @typedef {import('../src/journal/index.ts').OpenFile} OpenFile */
const built = new URL('../build/journal/index.js', import.meta.url).href;
const { Journal, nodeFiles } = /** @type {Room} */ (await import(built));
const { values } = parseArgs({
  options: {
    bytes: { type: 'string', default: '150000' },
    seconds: { type: 'string', default: '5' },
    'in-flight': { type: 'string', default: '64' },
    /** Batches per second; 0: unlimited. */
    rate: { type: 'string', default: '0' },
    /** A sink that reads concurrently. */
    readers: { type: 'string', default: '1' },
    directory: { type: 'string', default: tmpdir() },
  },
});
const [bytes, seconds, inFlight, rate, readers] = [
  values.bytes,
  values.seconds,
  values['in-flight'],
  values.rate,
  values.readers,
].map(Number);

const directory = mkdtempSync(join(values.directory, 'bench-journal-'));
/** @type {number[]} */
const syncMillis = [];
/** @param {OpenFile} file */
const timed = (file) => ({
  ...file,
  datasync: async () => {
    const began = performance.now();
    await file.datasync();
    syncMillis.push(performance.now() - began);
  },
});
const files = {
  ...nodeFiles,
  create: async (/** @type {string} */ path) => timed(await nodeFiles.create(path)),
};
const journal = await Journal.open({ directory, files, maxBytes: 2 ** 40 });
const abort = new AbortController();
const producer = crypto.getRandomValues(new Uint8Array(16));
let read = 0;
let seq = 0;

const sinks = Array.from({ length: readers ?? 1 }, async (_, number) => {
  const reader = journal.reader(1);
  try {
    for (;;) {
      read += (await reader.next(1_048_576, abort.signal)).length;
      if (number === 0) await journal.trim(reader.position);
    }
  } catch (error) {
    if (!abort.signal.aborted) throw error;
  }
});
const delay = monitorEventLoopDelay({ resolution: 1 });
delay.enable();
const cpu = process.cpuUsage();
const began = performance.now();
const until = began + (seconds ?? 5) * 1_000;
await Promise.all(
  Array.from({ length: inFlight ?? 64 }, async () => {
    while (performance.now() < until) {
      const due = rate ? began + (seq / rate) * 1_000 - performance.now() : 0;
      seq += 1;
      const batch = {
        body: Buffer.alloc(bytes ?? 0, seq % 251),
        records: 512,
        origin: { producer, seq, prev: seq - 1 },
      };
      const answer = journal.append(batch);
      if (due > 0) await sleep(due);
      await answer;
    }
  }),
);
const took = (performance.now() - began) / 1_000;
delay.disable();
const used = process.cpuUsage(cpu);
abort.abort();
await Promise.all(sinks);
const { groups } = journal.stats();
await journal.close();
rmSync(directory, { recursive: true });

syncMillis.sort((a, b) => a - b);
const at = (/** @type {number} */ part) =>
  syncMillis[Math.min(syncMillis.length - 1, Math.floor(syncMillis.length * part))]?.toFixed(2);
console.log(
  `${Math.round(seq / took)} batches/s of ${bytes} bytes (${Math.round((seq * (bytes ?? 0)) / took / 1e6)} MB/s, ` +
    `${Math.round((seq * 512) / took)} records/s at 512 each), ${(seq / groups).toFixed(1)} batches a group, ${read} read`,
);
console.log(`fdatasync p50 ${at(0.5)} ms, p99 ${at(0.99)} ms, max ${at(1)} ms, ${syncMillis.length} of them`);
console.log(
  `event loop delay p50 ${(delay.percentile(50) / 1e6).toFixed(1)} ms, p99 ${(delay.percentile(99) / 1e6).toFixed(1)} ms, ` +
    `max ${(delay.max / 1e6).toFixed(1)} ms; CPU ${((used.user + used.system) / 1e6 / took).toFixed(2)} cores`,
);
