// Waits for records in the box of this process.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { readBox } from '../../../build/box/index.js';

/**
 * Resolves when the file holds this many recoverable records.
 *
 * @param {string} directory
 * @param {number} count
 */
export async function inBox(directory, count) {
  while (recordsIn(directory) !== count) await new Promise((resolve) => setTimeout(resolve, 5));
}

/**
 * Whether the file holds this many records within the time, without a turn of the event loop.
 *
 * @param {string} directory
 * @param {number} count
 * @param {number} withinMillis
 */
export function isInBox(directory, count, withinMillis) {
  for (const until = Date.now() + withinMillis; Date.now() < until; Atomics.wait(blocked, 0, 0, 1)) {
    if (recordsIn(directory) === count) return true;
  }
  return false;
}

const blocked = new Int32Array(new SharedArrayBuffer(4));

/** @param {string} directory */
function recordsIn(directory) {
  const name = readdirSync(directory).find(
    (each) => each.includes(`-${process.pid}-`) && each.endsWith('.box'),
  );
  const contents = name === undefined ? 'no file' : readBox(readFileSync(join(directory, name)));
  return typeof contents === 'string' ? undefined : contents.records.length;
}
