// The path of a batch through distlogd up to its acknowledgement, with a sink that discards, in its own
// process: receiver of ack mode, journal with an fdatasync before each acknowledgement, and a sink runner
// with its cursor. A report contains the median of the fdatasyncs since the last report, in milliseconds.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Journal, nodeFiles } from '../../build/journal/index.js';
import { ZmqAckReceiver, zmqAckOptions } from '../../build/receivers/zeromq/index.js';
import { resolve } from '../../build/settings/index.js';
import { SinkRunner } from '../../build/sinks/runner/index.js';
import { median } from '../figures.js';

const TRIM_MILLIS = 1_000;

const directory = mkdtempSync(join(tmpdir(), 'bench-journal-'));
const log = { emit: (/** @type {number} */ _severity, /** @type {string} */ text) => console.error(text) };
/** @type {number[]} */
let syncs = [];
/** @param {import('../../src/journal/index.ts').OpenFile} file */
const timed = (file) => ({
  ...file,
  datasync: async () => {
    const began = performance.now();
    await file.datasync();
    syncs.push(performance.now() - began);
  },
});
const files = {
  ...nodeFiles,
  create: async (/** @type {string} */ path) => timed(await nodeFiles.create(path)),
};
const journal = await Journal.open({ directory, files, log, maxBytes: 2 ** 33 });
const sink = { open: async () => {}, write: async () => null, close: async () => {} };
const runner = new SinkRunner({
  name: 'discard',
  sink,
  journal,
  cursorFile: join(directory, 'discard.cursor'),
  deadLetterDirectory: join(directory, 'dlq'),
  log,
});
await runner.start();
const trimming = setInterval(() => journal.trim(runner.position), TRIM_MILLIS);
const receiver = new ZmqAckReceiver(resolve(zmqAckOptions, 'zmqAck', { endpoint: 'tcp://127.0.0.1:0' }), {
  intake: journal,
});
await receiver.start();
process.send?.(receiver.endpoint);

process.on('message', (word) => {
  if (word === 'report') {
    process.send?.({ syncMillis: median(syncs), syncs: syncs.length });
    syncs = [];
  } else process.disconnect();
});
// Also if the run was killed.
process.on('disconnect', async () => {
  clearInterval(trimming);
  await receiver.stop(0);
  await runner.stop(0);
  await journal.close();
  rmSync(directory, { recursive: true, force: true });
  process.exit();
});
