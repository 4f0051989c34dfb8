// Kills a distlogd with SIGKILL while it recovers black boxes, and checks that every record is in its file
// once:
//   node scripts/prove-adoption.js [KILLS, default 30]
// Exit code 1 if a record is missing or duplicated. Needs dist/ and build/.
import { mkdtempSync, readlinkSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { BLOCK_BYTES, BLOCKS_AT, BoxWriter, directOutput, encodeHeader, tagOf } from '../build/box/index.js';
import { adopt } from '../test/receivers/box/support/adoption.js';

const RECORDS = 5_000;
const BLOCKS = 20;
/** No process has this pid. */
const UNUSED_PID = 2 ** 22 + 1;
/** The daemon is killed at one of these milliseconds after it is ready, one after the other. */
const MOMENTS_MILLIS = 300;
const root = dirname(dirname(fileURLToPath(import.meta.url)));
const kills = Number(process.argv[2] ?? 30);

/** @param {number} number */
function deadBox(number) {
  const id = number.toString(16).padStart(32, '0');
  const file = Buffer.alloc(BLOCKS_AT + BLOCKS * BLOCK_BYTES);
  const resource = { attributes: { 'service.name': 'prove' } };
  const process_ = {
    id,
    pid: UNUSED_PID,
    thread: 0,
    processMark: '',
    pidNamespace: readlinkSync('/proc/self/ns/pid'),
  };
  const bounds = { flushMillis: 10, capacity: 1e9, maxAgeMillis: 1e12 };
  const box = { madeMillis: Date.now(), service: 'prove', blocks: BLOCKS, resources: [resource] };
  encodeHeader({ ...process_, ...bounds, ...box }, 1).copy(file);
  const writer = new BoxWriter({
    ...{ tag: tagOf(id), redact: new Set(), resourceIndex: () => 0, now: () => Date.now() },
    output: directOutput(BLOCKS, (bytes, from, to, position) => void bytes.copy(file, position, from, to)),
  });
  /** @type {[number, number]} */
  const time = [Math.floor(Date.now() / 1_000), 0];
  for (let count = 0; count < RECORDS; count += 1) {
    writer.held(
      {
        ...{
          hrTime: time,
          hrTimeObserved: time,
          severityNumber: 5,
          body: `box ${number} ${count}`,
          resource,
        },
        ...{ instrumentationScope: { name: 'prove' }, attributes: {}, droppedAttributesCount: 0 },
      },
      '',
    );
  }
  writer.flush();
  return file;
}

const folder = mkdtempSync(join(tmpdir(), 'prove-adoption-'));
try {
  const { counts, interrupted } = await adopt({
    folder,
    program: join(root, 'dist/esm/cli/distlogd.js'),
    boxes: Array.from({ length: kills }, (_, at) => deadBox(at + 1)),
    killMillis: (round) => (round * 37) % MOMENTS_MILLIS,
  });
  const doubled = [...counts.values()].filter((count) => count > 1).length;
  const missing = kills * RECORDS - counts.size;
  console.log(
    `${kills} kills, ${interrupted} of them before a box was adopted: ${counts.size} records, ${missing} missing, ` +
      `${doubled} duplicated`,
  );
  if (missing !== 0 || doubled !== 0) process.exitCode = 1;
} finally {
  rmSync(folder, { recursive: true });
}
