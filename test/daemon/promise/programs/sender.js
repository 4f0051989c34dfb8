// An application that exports numbered records, and notes on the disk what it gave to `export()` and what came of it.
// One argument, JSON: see `settings`. It reports to its parent how many batches have ended, after each.
import { openSync, writeSync } from 'node:fs';
import { ZmqLogRecordExporter } from '../../../../dist/esm/zeromq.js';

const settings = {
  /** The numbers of its records. */
  from: 0,
  count: 0,
  batch: 100,
  /** Exports at once. */
  lanes: 8,
  /** Bytes that each record has beside its number. */
  weight: 0,
  /** The file for its notes. */
  notes: '',
  /** How it ends: `shutdown`, or, in the middle, after `endAfter` batches: `exit`, `throw`. */
  ending: 'shutdown',
  endAfter: 0,
  /** Milliseconds between a batch and the next, in each lane. */
  pace: 0,
  /**
   * How many batches may begin, or fail, before the parent says `go`; after each `go` the next. How far it comes does
   * not depend on when the parent hears of it then.
   * @type {{ begun?: number, failed?: number }[]}
   */
  pauses: [],
  exporter: { endpoint: '' },
  ...JSON.parse(process.argv[2] ?? '{}'),
};
const exporter = new ZmqLogRecordExporter({
  reconnectMillis: 20,
  reconnectMaxMillis: 100,
  ...settings.exporter,
});
const notes = openSync(settings.notes, 'a', 0o600);
const resource = { attributes: { 'service.name': 'sender' } };
const attributes = settings.weight === 0 ? {} : { weight: 'x'.repeat(settings.weight) };

function record(/** @type {number} */ number) {
  const millis = Date.now();
  /** @type {[number, number]} */
  const time = [Math.floor(millis / 1000), (millis % 1000) * 1e6];
  return {
    hrTime: time,
    hrTimeObserved: time,
    severityNumber: 9,
    body: `n${number}`,
    resource,
    instrumentationScope: { name: 'sender' },
    attributes,
    droppedAttributesCount: 0,
  };
}

// The exporter does not keep a process alive.
const alive = setInterval(() => {}, 60_000);
const end = settings.from + settings.count;
let next = settings.from;
let begun = 0;
let ended = 0;
let failed = 0;

let go = () => {};
process.on('message', () => {
  settings.pauses.shift();
  go();
});

function isPaused() {
  const [pause] = settings.pauses;
  return begun >= (pause?.begun ?? Infinity) || failed >= (pause?.failed ?? Infinity);
}

/** @returns {Promise<boolean>} whether a batch is left; it has begun then */
async function begins() {
  while (isPaused()) {
    await new Promise((resolve) => {
      const others = go;
      go = () => {
        others();
        resolve(undefined);
      };
    });
  }
  begun += 1;
  return next < end;
}

async function lane() {
  while (await begins()) {
    const from = next;
    const count = Math.min(settings.batch, end - from);
    next += count;
    const records = Array.from({ length: count }, (_, at) => record(from + at));
    writeSync(notes, `s ${from} ${count}\n`);
    const { code } = await new Promise((resolve) => exporter.export(/** @type {any} */ (records), resolve));
    writeSync(notes, `${code === 0 ? 'k' : 'f'} ${from} ${count}\n`);
    if (code !== 0) failed += 1;
    ended += 1;
    process.send?.({ ended, failed });
    if (settings.ending === 'exit' && ended >= settings.endAfter) process.exit(0);
    // One lane alone throws: the others go on until the process ends, so that batches are under way then.
    if (settings.ending === 'throw' && ended === settings.endAfter)
      throw new Error('uncaught, as the test wants it');
    if (settings.pace > 0) await new Promise((resolve) => setTimeout(resolve, settings.pace));
    else if (code !== 0 || settings.exporter.mode === 'push') await new Promise(setImmediate);
  }
}

await Promise.all(Array.from({ length: settings.lanes }, lane));
await exporter.forceFlush();
await exporter.shutdown();
process.send?.({ ended, failed, stats: exporter.stats() });
process.disconnect?.();
clearInterval(alive);
