// Verifies the guarantee of ack mode for a given time: node scripts/prove-bridge.js [seconds]
// Three clients export to a daemon that is killed, suspended and restarted at random, with short and long
// timeouts. At the end each batch whose export succeeded must be in the journal once, and each other batch at
// most once.
import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { ZmqLogRecordExporter } from '../dist/esm/zeromq.js';
import { readJournal } from '../test/zeromq/programs/file-intake.js';

const seconds = Number(process.argv[2] ?? 30);
const folder = mkdtempSync(join(tmpdir(), 'burstlog-prove-'));
const journal = join(folder, 'journal');
const program = join(dirname(fileURLToPath(import.meta.url)), '../test/zeromq/programs/daemon.js');
const random = (/** @type {number} */ from, /** @type {number} */ to) => from + Math.random() * (to - from);
const pause = (/** @type {number} */ millis) => new Promise((resolve) => setTimeout(resolve, millis));

let endpoint = 'tcp://127.0.0.1:0';
async function startDaemon() {
  const child = fork(program, [endpoint, journal]);
  [endpoint] = await once(child, 'message');
  return child;
}

let daemon = await startDaemon();
let kills = 0;
let stops = 0;
const endAt = performance.now() + seconds * 1000;
const isOver = () => performance.now() > endAt;

async function trouble() {
  while (!isOver()) {
    await pause(random(100, 1_000));
    daemon.kill('SIGSTOP');
    stops += 1;
    await pause(random(0, 600));
    if (Math.random() < 0.5) {
      daemon.kill('SIGCONT');
      continue;
    }
    daemon.kill('SIGKILL');
    await once(daemon, 'exit');
    kills += 1;
    daemon = await startDaemon();
  }
}

/** @type {string[]} */
const succeeded = [];
/** @type {string[]} */
const failed = [];
let resent = 0;

/** @param {string} name @param {object} options */
async function client(name, options) {
  const exporter = new ZmqLogRecordExporter({
    endpoint,
    reconnectMillis: 10,
    reconnectMaxMillis: 50,
    serializer: {
      contentType: 'text/plain',
      encoding: 'O',
      serialize: ([record]) => Buffer.from(`${record?.body}|${'x'.repeat(random(0, 50_000))}`),
    },
    ...options,
  });
  let next = 0;
  const line = async () => {
    while (!isOver()) {
      const batch = `${name}${next++}`;
      /** @type {any} */
      const record = { body: batch };
      const { code } = await new Promise((resolve) => exporter.export([record], resolve));
      (code === 0 ? succeeded : failed).push(batch);
      await pause(random(0, 5));
    }
  };
  await Promise.all(Array.from({ length: 8 }, line));
  await exporter.shutdown();
  resent += exporter.stats().resent;
}

await Promise.all([
  trouble(),
  client('patient', { ackTimeoutMillis: 500 }),
  client('hasty', { ackTimeoutMillis: 100, exportTimeoutMillis: 150, heartbeatMillis: 50 }),
  client('packed', { ackTimeoutMillis: 300, exportTimeoutMillis: 600, compression: 'gzip' }),
]);
daemon.kill('SIGKILL');
await once(daemon, 'exit');

/** @type {Map<string, number>} */
const counts = new Map();
for (const { b } of readJournal(journal).batches) {
  const [name = ''] = b.split('|');
  counts.set(name, (counts.get(name) ?? 0) + 1);
}
rmSync(folder, { recursive: true });
const lost = succeeded.filter((name) => !counts.has(name)).length;
const doubled = [...counts.values()].filter((count) => count > 1).length;
const arrived = failed.filter((name) => counts.has(name)).length;
console.log(`${seconds} s, ${kills} SIGKILL, ${stops} SIGSTOP, ${resent} batches sent again`);
console.log(`${succeeded.length} exports succeeded: ${lost} lost, ${doubled} in the journal more than once`);
console.log(`${failed.length} exports failed: ${arrived} of them are in the journal once`);
process.exitCode = lost + doubled === 0 && succeeded.length > 0 ? 0 : 1;
