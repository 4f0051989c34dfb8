// Verifies the guarantees of distlogd:
// node scripts/prove-distlogd.js [--quick] [--minutes N] [--attack] [records] [kills] [ack|push]
// An application in its own process sends this many numbered records (2,000,000; with --quick 100,000, or
// 600,000 under attack) to a distlogd that is killed with SIGKILL this many times (20; 4) at random moments,
// including its start. With --attack, hostile clients run the attacks of test/support/attacks.js at the same
// time. With --minutes it is repeated for this time. At the end each record whose export succeeded must be in
// the file once, and each other record at most once. In push mode records may be lost, and are counted. Exits
// with 1 if a record is lost in ack mode, or duplicated in any mode. Needs the built package, and about 300
// bytes of disk per record.
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { Oracle } from '../test/daemon/promise/support/oracle.js';
import { RealDaemon } from '../test/daemon/promise/support/real-daemon.js';
import { RealSender } from '../test/daemon/promise/support/real-sender.js';
import { Attacks } from '../test/support/attacks.js';

const { values: given, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    quick: { type: 'boolean', default: false },
    minutes: { type: 'string', default: '0' },
    attack: { type: 'boolean', default: false },
  },
});
const records = Number(positionals[0] ?? (given.quick ? (given.attack ? 600_000 : 100_000) : 2_000_000));
const kills = Number(positionals[1] ?? (given.quick ? 4 : 20));
const mode = positionals[2] ?? 'ack';
const minutes = Number(given.minutes);
if (!(records >= 1 && kills >= 0 && ['ack', 'push'].includes(mode) && minutes >= 0)) {
  console.error(
    'usage: node scripts/prove-distlogd.js [--quick] [--minutes N] [--attack] [records] [kills] [ack|push]',
  );
  process.exit(64);
}
const BATCH = 512;
const root = dirname(dirname(fileURLToPath(import.meta.url)));
const shown = (/** @type {number} */ number) => number.toLocaleString('en-US');
const pause = (/** @type {number} */ millis) => new Promise((resolve) => setTimeout(resolve, millis));

/** Modules of the built package. */
const frames = await import(new URL('../build/frames/index.js', import.meta.url).href);
const ATTACKED = {
  config: {
    receivers: {
      zmqAck: { endpoint: 'tcp://127.0.0.1:0' },
      zmqPush: { endpoint: 'tcp://127.0.0.1:0', maxMessageBytes: '64MiB' },
      otlpGrpc: { endpoint: '127.0.0.1:0' },
      otlpHttp: { endpoint: '127.0.0.1:0' },
    },
  },
};
const startedAt = performance.now();

for (let round = 1, isKept = true; isKept; round += 1) {
  isKept = await prove();
  if (!isKept) process.exitCode = 1;
  if (performance.now() - startedAt >= minutes * 60_000) break;
  console.log(`${((performance.now() - startedAt) / 60_000).toFixed(1)} minutes, round ${round} done`);
}

/** @returns whether the guarantees hold */
async function prove() {
  const folder = mkdtempSync(join(tmpdir(), 'distlogd-prove-'));
  const notes = join(folder, 'notes');
  const beganAt = performance.now();
  const daemon = new RealDaemon(folder, join(root, 'dist/esm/cli/distlogd.js'), given.attack ? ATTACKED : {});
  // The data takes seconds to create.
  const victim = frames.newProducer().id;
  const attacks = given.attack ? new Attacks(frames, () => daemon.endpoints, victim) : undefined;
  await daemon.start();
  const batches = Math.ceil(records / BATCH);
  const sender = new RealSender(join(root, 'test/daemon/promise/programs/sender.js'), {
    notes,
    count: records,
    batch: BATCH,
    // Push mode succeeds at once; paced so that the limit of its queue drops nothing while the daemon runs.
    ...(mode === 'push' ? { lanes: 1, pace: 5 } : {}),
    exporter: {
      mode,
      endpoint: mode === 'push' ? daemon.endpoints.zmqPush : daemon.endpoints.zmqAck,
      ...(mode === 'push' ? {} : { ackTimeoutMillis: 1_000 }),
    },
  });
  let isOver = false;
  void sender.exit.then(() => {
    isOver = true;
  });

  const attacking = attacks === undefined ? undefined : attack(attacks, () => isOver);
  let done = 0;
  let inStart = 0;
  const report = () => {
    const seconds = ((performance.now() - beganAt) / 1000).toFixed(0);
    const sent = shown(Math.min(records, sender.ended * BATCH));
    console.error(`${seconds} s: ${sent} of ${shown(records)} records, ${done} of ${kills} kills`);
  };
  const reporting = setInterval(report, 5_000);

  // One kill at a random moment in each of these equal parts of the work.
  for (let part = 0; part < kills; part += 1) {
    const at = Math.floor(((part + Math.random()) / kills) * batches * 0.98);
    await sender.until(() => sender.ended >= at || isOver).catch(() => {});
    await pause(Math.random() * 20);
    await daemon.kill();
    done += 1;
    // Also kills a daemon that is recovering.
    while (done < kills && Math.random() < 0.2) {
      part += 1;
      await daemon.begin();
      await pause(Math.random() * 500);
      await daemon.kill();
      done += 1;
      inStart += 1;
    }
    await daemon.start();
  }
  const [code] = await sender.exit;
  clearInterval(reporting);
  await attacking;
  report();
  if (code !== 0) console.error(`the sender exited with ${code}: ${sender.errors}`);
  if (mode === 'push') await idle(daemon);
  await daemon.until(({ sinks }) => sinks[0].behind.batches === 0);
  // Each is a batch that was written alone at two consecutive kills.
  const { letters } = await daemon.replay('out');
  if (letters > 0) console.error(`${letters} batches had become dead letters; they were replayed`);
  const [end] = await daemon.stop();
  if (end !== 0) console.error(`distlogd exited with ${end}: ${daemon.life}`);

  const oracle = new Oracle(records);
  oracle.note(notes);
  await oracle.read(daemon.file);
  const { sent, succeeded, failed, arrived, lost, doubled, strangers, failedArrived } = oracle.verdict();
  const bytes = statSync(daemon.file).size;
  const seconds = ((performance.now() - beganAt) / 1000).toFixed(1);
  console.log(
    `${seconds} s, file of ${shown(bytes)} bytes, ${shown(sender.stats?.resent ?? 0)} batches sent again, ${inStart} of the kills during a start`,
  );
  if (failed > 0)
    console.log(`${shown(failed)} exports failed: ${shown(failedArrived)} of their records were written`);
  const did = mode === 'push' ? 'queued' : 'acknowledged';
  console.log(
    `${mode}: ${shown(sent)} records sent, ${shown(succeeded)} ${did}, ${shown(arrived)} arrived, ${done} kills: ${shown(lost)} lost, ${shown(doubled)} duplicated`,
  );
  const isKept = (mode === 'push' || lost === 0) && doubled + strangers === 0;
  const isRight = isKept && sent === records && done === kills && code === 0 && end === 0;
  if (isRight) rmSync(folder, { recursive: true });
  else console.error(`output of distlogd: ${daemon.said}its files are kept: ${folder}`);
  return isRight;
}

/** Runs hostile clients until the work is over. */
async function attack(/** @type {Attacks} */ attacks, /** @type {() => boolean} */ isOver) {
  for (let round = 1; !isOver(); round += 1) {
    await attacks.all();
    console.error(`attacked ${round} times`);
  }
}

/** Resolves when nothing arrived for a second, because push mode does not signal its end. */
async function idle(/** @type {RealDaemon} */ daemon) {
  for (let before = -1; ; ) {
    const { receivers } = await daemon.status();
    const { records: now } = receivers.find((/** @type {any} */ { name }) => name === 'zmqPush');
    if (now === before) return;
    before = now;
    await pause(1_000);
  }
}
