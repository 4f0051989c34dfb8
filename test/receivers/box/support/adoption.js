// Kills a real distlogd while it reads black boxes, at many moments, and counts what its file sink has in the
// end.
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { RealDaemon } from '../../../daemon/promise/support/real-daemon.js';

const pause = (/** @type {number} */ millis) => new Promise((resolve) => setTimeout(resolve, millis));

/**
 * Each round has another box, and the daemon is killed at another moment after it is ready.
 *
 * @param {{ folder: string, program: string, boxes: readonly Buffer[], killMillis: (round: number) => number
 * }} parts
 *   boxes of dead processes, each with unique bodies
 * @returns how often each body is in the file, and how many boxes were left when the daemon was killed
 */
export async function adopt({ folder, program, boxes, killMillis }) {
  const directory = join(folder, 'boxes');
  mkdirSync(directory, { recursive: true });
  const daemon = new RealDaemon(folder, program);
  daemon.change({ receivers: { box: { directory, interval: '50ms' } } });
  let interrupted = 0;
  for (const [round, bytes] of boxes.entries()) {
    writeFileSync(join(directory, `${round}.box`), bytes);
    await daemon.start();
    await pause(killMillis(round));
    await daemon.kill();
    if (readdirSync(directory).length > 0) interrupted += 1;
  }
  await daemon.start();
  while (readdirSync(directory).length > 0) await pause(20);
  // It ends when its sinks have everything.
  await daemon.stop();
  /** @type {Map<string, number>} */
  const counts = new Map();
  for (const [, body = ''] of readFileSync(daemon.file, 'utf8').matchAll(
    /"body":\{"stringValue":"(box [^"]*)"/g,
  )) {
    counts.set(body, (counts.get(body) ?? 0) + 1);
  }
  return { counts, interrupted };
}
