import { spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { folderForEachTest } from './support/folder.ts';
import { bodiesIn } from './support/logs.ts';

const folder = folderForEachTest();
const program = join(__dirname, 'programs', 'file-daemon.js');
const ENTRIES = 10_000;
const KILLS = 20;
/** For each run that is killed, so that the kills happen in the first three quarters of all entries. */
const ENTRIES_OF_A_RUN = 375;

/**
 * Runs the program until it has printed this much, or written this many entries, then kills it. Without
 * limits it ends by itself.
 */
function runUntil(steps = Infinity, entries = Infinity): Promise<void> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [program, folder(), String(ENTRIES), String(entries)], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const positions: number[] = [];
    let rest = '';
    let errors = '';
    child.stdout.on('data', (chunk: Buffer) => {
      const lines = (rest + chunk.toString()).split('\n');
      rest = lines.pop()!;
      positions.push(...lines.map(Number));
      if (positions.length >= steps || positions.at(-1)! - positions[0]! >= entries) child.kill('SIGKILL');
    });
    child.stderr.on('data', (chunk: Buffer) => {
      errors += chunk.toString();
    });
    child.once('close', (code, signal) => {
      if (signal === 'SIGKILL' || code === 0) resolve();
      else reject(new Error(errors));
    });
  });
}

test('after twenty SIGKILLs at any moment, in writes, rotations and compressions, each record is stored exactly once', async () => {
  for (let kills = 0; kills < KILLS; kills += 1) await runUntil(2 + ((kills * 13) % 23), ENTRIES_OF_A_RUN);
  await runUntil();

  const counts = new Map<string, number>();
  const names = readdirSync(folder()).filter(
    (name) => name.startsWith('app.jsonl') && !name.endsWith('.unfinished'),
  );
  // A crash between the two names of a compressed file leaves both; the next compression removes the first.
  for (const name of names.filter((each) => !names.includes(`${each}.gz`))) {
    const bytes = readFileSync(join(folder(), name));
    for (const body of bodiesIn((name.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString())) {
      const key = body.split(' ', 1)[0]!;
      counts.set(key, (counts.get(key) ?? 0) + 1);
    }
  }
  const expected = Array.from({ length: ENTRIES }, (_, at) => at + 1).flatMap((index) =>
    Array.from({ length: 1 + (index % 5) }, (_, at) => `${index}.${at}`),
  );
  expect(names.length).toBeGreaterThan(20);
  expect([...counts].filter(([, count]) => count !== 1)).toEqual([]);
  expect(expected.filter((key) => !counts.has(key))).toEqual([]);
  expect(counts.size).toBe(expected.length);
}, 120_000);
