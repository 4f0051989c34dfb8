// A file sink with its runner on a journal that every start creates in the same way; it is meant to be
// killed.
import { join } from 'node:path';
import { encodeDecoded } from '../../../build/otlp/index.js';
import { resolve } from '../../../build/settings/index.js';
import { FileSink, fileSinkOptions } from '../../../build/sinks/file/index.js';
import { SinkRunner } from '../../../build/sinks/runner/index.js';

const [folder = '.', entriesText = '1', offeredText = 'Infinity'] = process.argv.slice(2);
const entries = Number(entriesText);
/** How many entries it writes in this run, however late its end comes. */
const offered = Number(offeredText);
/** The last of them. @type {number | undefined} */
let last;
const none = { attributes: [], droppedAttributesCount: 0, schemaUrl: '' };

/** @param {number} index */
function entryOf(index) {
  const records = Array.from({ length: 1 + (index % 5) }, (_, at) => ({
    timeUnixNano: 1n,
    observedTimeUnixNano: 0n,
    severityNumber: 9,
    severityText: '',
    body: `${index}.${at} ${'x'.repeat((index * 7919) % 900)}`,
    attributes: [],
    droppedAttributesCount: 0,
    flags: 0,
    traceId: '',
    spanId: '',
    eventName: '',
  }));
  const scopes = [{ ...none, name: 'test', version: '', records }];
  const body = encodeDecoded({ resources: [{ ...none, scopes }] });
  return { index, receivedMillis: 0, records: records.length, body };
}

const journal = {
  id: new Uint8Array(16).fill(7),
  first: 1,
  next: entries + 1,
  continues: () => true,
  onGrowth: () => () => {},
  behind: () => ({ batches: 0, records: 0, bytes: 0, ageMillis: 0 }),
  /** @param {number} position */
  reader(position) {
    let at = position;
    last ??= Math.min(entries, position + offered - 1);
    const end = last;
    return {
      get position() {
        return at;
      },
      recordsBefore: undefined,
      missing: { batches: 0, records: 0 },
      /** @param {number} maxBytes @param {AbortSignal} signal */
      async next(maxBytes, signal) {
        const taken = [];
        for (let bytes = 0; at <= end && bytes < maxBytes; at += 1) {
          const entry = entryOf(at);
          bytes += entry.body.length;
          taken.push(entry);
        }
        if (taken.length > 0) return taken;
        return await new Promise((_, reject) => {
          signal.addEventListener('abort', () => reject(signal.reason));
        });
      },
    };
  },
};

const log = { emit() {} };
const runner = new SinkRunner({
  name: 'file',
  sink: new FileSink(
    {
      ...resolve(fileSinkOptions, 'file', {}),
      path: join(folder, 'app.jsonl'),
      rotate: { maxBytes: 150_000, maxAgeMillis: 0, keep: 100_000, gzip: true },
    },
    { log },
  ),
  journal,
  cursorFile: join(folder, 'cursors', 'file'),
  deadLetterDirectory: join(folder, 'dead'),
  log,
  batchBytes: 40_000,
});
await runner.start();
// It first prints where it starts.
let position = runner.position;
process.stdout.write(`${position}\n`);
setInterval(async () => {
  if (runner.position !== position) process.stdout.write(`${runner.position}\n`);
  position = runner.position;
  if (position <= entries) return;
  await runner.stop(60_000);
  process.exit(0);
}, 1);
