import { execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Journal } from '../../src/journal/index.ts';
import { batchOf, originOf, readAll, texts } from './support/journal-tools.ts';

const program = join(__dirname, 'programs', 'append-until-killed.js');
const built = join(__dirname, '../../build/journal/index.js');

interface Report {
  /** What was acknowledged: `producer/seq` by index. */
  readonly acknowledged: Map<number, string>;
  trimmed: number;
  errors: string;
}

/** Runs the program until it has killed itself, or is killed after this many acknowledgements. */
async function run(directory: string, report: Report, killAfter: number, ...step: string[]): Promise<string> {
  const child = spawn(process.execPath, [program, directory, ...step], { stdio: ['ignore', 'pipe', 'pipe'] });
  let rest = '';
  let count = 0;
  child.stderr.on('data', (piece: Buffer) => {
    report.errors += piece.toString();
  });
  child.stdout.on('data', (piece: Buffer) => {
    const lines = (rest + piece.toString()).split('\n');
    rest = lines.pop()!;
    for (const line of lines) {
      const [kind, index, producer, seq] = line.split(' ');
      if (kind === 'T') report.trimmed = Math.max(report.trimmed, Number(index));
      if (kind !== 'A') continue;
      count += 1;
      if (report.acknowledged.has(Number(index))) report.errors += `index ${index} was acknowledged twice\n`;
      report.acknowledged.set(Number(index), `${producer}/${seq}`);
      if (count >= killAfter) child.kill('SIGKILL');
    }
  });
  return new Promise((resolve) => child.on('close', (_, signal) => resolve(String(signal))));
}

/**
 * Everything that was acknowledged and not trimmed is stored once, and the batches of one producer are in
 * order.
 */
async function check(directory: string, report: Report): Promise<number> {
  expect(report.errors).toBe('');
  const journal = await Journal.open({ directory, segmentBytes: 200_000, minFreeBytes: 0 });
  const entries = await readAll(journal, 1, 1_000_000);
  const found = new Map(
    entries.map(({ index, body }) => [index, Buffer.from(body).toString('latin1', 0, 30).split(' ')[0]!]),
  );
  expect(found.size).toBe(entries.length);
  expect(new Set(found.values()).size).toBe(entries.length);
  expect(journal.first).toBeLessThanOrEqual(report.trimmed);
  for (const [index, text] of report.acknowledged) {
    if (index >= journal.first) expect(found.get(index)).toBe(text);
  }
  const { damagedRanges } = journal.stats();
  expect(damagedRanges).toBe(0);
  await journal.close();
  return entries.length;
}

function newReport(): Report {
  return { acknowledged: new Map(), trimmed: 1, errors: '' };
}

let directory: string;
beforeEach(() => {
  if (!existsSync(built)) throw new Error('the package is not built: run `node scripts/build.js` first');
  directory = mkdtempSync(join(tmpdir(), 'journal-kill-'));
});
afterEach(() => {
  rmSync(directory, { recursive: true, force: true });
});

test('if a process is killed repeatedly at any moment, acknowledged data is stored once', async () => {
  const report = newReport();
  for (let round = 0; round < 8; round += 1) {
    const killAfter = 1 + Math.floor(Math.random() * 300);
    expect(await run(join(directory, 'journal'), report, killAfter)).toBe('SIGKILL');
    expect(await check(join(directory, 'journal'), report)).toBeGreaterThan(0);
  }
  expect(report.acknowledged.size).toBeGreaterThan(100);
}, 120_000);

test.each([
  ['create', 2],
  ['writev', 1],
  ['writev', 9],
  ['datasync', 1],
  ['datasync', 9],
  ['rename', 1],
  ['rename', 3],
  ['syncDirectory', 2],
  ['syncDirectory', 4],
  ['unlink', 1],
  ['unlink', 2],
])(
  'a process that dies at %s number %d, before or after it: what it acknowledged is there, once',
  async (kind, count) => {
    const report = newReport();
    for (const when of ['before', 'after']) {
      const ended = await run(join(directory, 'journal'), report, 5_000, kind, String(count), when);
      expect(ended).toBe('SIGKILL');
      await check(join(directory, 'journal'), report);
    }
  },
  60_000,
);

test('files are accessible for their owner only', async () => {
  const path = join(directory, 'a', 'journal');
  const journal = await Journal.open({ directory: path, minFreeBytes: 0 });
  await journal.close();
  expect(statSync(path).mode & 0o777).toBe(0o700);
  expect(statSync(join(path, '0000000000000001.segment')).mode & 0o777).toBe(0o600);
});

/** A small separate disk, or why there is none. */
function smallDisk(path: string): string | undefined {
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=400k', 'tmpfs', path], { stdio: 'pipe' });
    return undefined;
  } catch (error) {
    return String((error as { stderr?: unknown }).stderr ?? error);
  }
}

test('on a disk that is actually full, no acknowledged data is lost, and a trim makes room', async () => {
  const refused = smallDisk(directory);
  if (refused !== undefined) {
    console.warn(`skipped: no tmpfs can be mounted here (${refused.trim()})`);
    return;
  }
  try {
    const options = { directory: join(directory, 'journal'), segmentBytes: 65_536, minFreeBytes: 0 };
    const faults: Error[] = [];
    let journal = await Journal.open({ ...options, onFault: (error) => faults.push(error) });
    const taken: string[] = [];
    let seq = 0;
    let refusals = 0;
    for (let at = 0; at < 300 && refusals < 20; at += 1) {
      const answer = await journal.append(batchOf(`${seq + 1}`, originOf(1, seq + 1), 3_000));
      if (answer.kind === 'full') refusals += 1;
      if (answer.kind !== 'accepted') continue;
      seq += 1;
      taken.push(`${seq}`);
    }
    expect(refusals).toBe(20);
    expect(taken.length).toBeGreaterThan(50);
    expect(faults).toEqual([]);
    expect(await texts(journal)).toEqual(taken);
    await journal.trim(60);
    expect((await journal.append(batchOf('more', originOf(1, seq + 1), 3_000))).kind).toBe('accepted');
    await journal.close();
    journal = await Journal.open(options);
    expect((await texts(journal)).slice(-2)).toEqual([`${seq}`, 'more']);
    await journal.close();
  } finally {
    execFileSync('umount', [directory]);
  }
});
