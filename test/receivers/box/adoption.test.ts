import { mkdtempSync, readlinkSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { aRecord, memoryBox } from '../../box/support/memory-box.ts';
import { killAllDaemons } from '../../daemon/promise/support/real-daemon.js';
import { adopt } from './support/adoption.js';

const RECORDS = 3_000;
const NOBODY = 2 ** 22 + 1;

afterAll(killAllDaemons);

function here(): string {
  try {
    return readlinkSync('/proc/self/ns/pid');
  } catch {
    return '';
  }
}

function deadBox(number: number): Buffer {
  const id = number.toString(16).padStart(32, '0');
  const { writer, file } = memoryBox({ id, pid: NOBODY, blocks: 20, pidNamespace: here() });
  for (let count = 0; count < RECORDS; count += 1) writer.held(aRecord(`box ${number} ${count}`), '');
  writer.flush();
  return file;
}

test('if distlogd is killed while it reads boxes, every record is stored exactly once in the end', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'adoption-'));
  const program = join(__dirname, '../../../dist/esm/cli/distlogd.js');
  const boxes = [1, 2].map(deadBox);
  const { counts } = await adopt({ folder, program, boxes, killMillis: (round) => round * 5 });
  const expected = boxes.flatMap((_, at) =>
    Array.from({ length: RECORDS }, (_, count) => `box ${at + 1} ${count}`),
  );
  expect(expected.filter((body) => counts.get(body) !== 1)).toEqual([]);
  expect(counts.size).toBe(expected.length);
  rmSync(folder, { recursive: true });
});
