import { spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { folderForEachTest } from './support/folder.ts';
import { bodiesIn } from './support/logs.ts';

const folder = folderForEachTest();
const program = join(__dirname, 'programs', 'file-daemon.js');
/** The kills come in the first three quarters of them. */
const ENTRIES = 10_000;

/** Runs the program until it has said so much (or ends by itself), then kills it. @returns whether it came to its end */
function runUntil(steps: number): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [program, folder(), String(ENTRIES)], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let said = 0;
    let errors = '';
    child.stdout.on('data', (chunk: Buffer) => {
      said += chunk.toString().split('\n').length - 1;
      if (said >= steps) child.kill('SIGKILL');
    });
    child.stderr.on('data', (chunk: Buffer) => {
      errors += chunk.toString();
    });
    child.once('close', (code, signal) => {
      if (signal === 'SIGKILL') resolve(false);
      else if (code === 0) resolve(true);
      else reject(new Error(errors));
    });
  });
}

test('over twenty SIGKILLs at any moment, in writes, rotations and compressions, each record is there exactly once', async () => {
  let kills = 0;
  while (kills < 20) {
    if (await runUntil(1 + ((kills * 13) % 23))) break;
    kills += 1;
  }
  while (!(await runUntil(Number.POSITIVE_INFINITY)));

  const counts = new Map<string, number>();
  const names = readdirSync(folder()).filter(
    (name) => name.startsWith('app.jsonl') && !name.endsWith('.unfinished'),
  );
  // A crash between the two names of a compressed file leaves both; the next compression takes the first away.
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
  expect(kills).toBeGreaterThanOrEqual(10);
  expect(names.length).toBeGreaterThan(20);
  expect([...counts].filter(([, count]) => count !== 1)).toEqual([]);
  expect(expected.filter((key) => !counts.has(key))).toEqual([]);
  expect(counts.size).toBe(expected.length);
}, 120_000);
