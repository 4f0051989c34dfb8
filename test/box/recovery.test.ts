import {
  chownSync,
  mkdtempSync,
  readdirSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { recoverBoxes, type SendOutcome } from '../../src/box/index.ts';
import { aRecord, memoryBox } from './support/memory-box.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'recovery-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

/** No process has this id. */
const NOBODY = 2 ** 22 + 1;
const bounds = { maxFiles: 5, maxTotalBytes: 2 ** 30, maxAgeMillis: 60_000 };

function pidNamespace(): string {
  try {
    return readlinkSync('/proc/self/ns/pid');
  } catch {
    return '';
  }
}

function box(name: string, more: { pid?: number; service?: string; processMark?: string } = {}): void {
  const { writer, file } = memoryBox({ pid: NOBODY, pidNamespace: pidNamespace(), ...more });
  writer.held(aRecord(name), '');
  writer.flush();
  writeFileSync(join(directory, name), file);
}

async function recover(outcome: SendOutcome = 'exported', service?: string) {
  const bodies: unknown[] = [];
  const isWanted = (header: { service: string }) => service === undefined || header.service === service;
  const report = await recoverBoxes(directory, bounds, isWanted, async (records) => {
    bodies.push(...records.slice(0, -1).map(({ body }) => body));
    return outcome;
  });
  return { report, bodies };
}

const files = () => readdirSync(directory).sort();

test('a box whose export fails is tried at three starts, then kept, and the report says so', async () => {
  box('one.box');
  await recover('failed');
  expect(files()).toEqual(['one.box.failed-1']);
  await recover('failed');
  expect(files()).toEqual(['one.box.failed-2']);
  const { report } = await recover('failed');
  expect(files()).toEqual(['one.box.kept']);
  expect([...report.kept]).toEqual([[join(directory, 'one.box.kept'), 'its export failed 3 times']]);
  expect((await recover()).bodies).toEqual([]);
});

test('a recovery that is interrupted by the end of its process is no failure', async () => {
  box('one.box');
  await recover('later');
  expect(files()).toEqual(['one.box']);
  expect((await recover()).bodies).toEqual(['one.box']);
});

test('a box that was taken by a process that has died is taken again', async () => {
  box(`one.box.taken-${NOBODY}-abcdef`);
  expect((await recover()).bodies).toEqual([`one.box.taken-${NOBODY}-abcdef`]);
  expect(files()).toEqual([]);
});

test('a running process keeps its box; one that only has the id of a dead one does not', async () => {
  box('alive.box', { pid: process.pid });
  box('reused.box', { pid: process.pid, processMark: 'another boot/1' });
  expect((await recover()).bodies).toEqual(process.platform === 'linux' ? ['reused.box'] : []);
  expect(files()).toContain('alive.box');
});

test('a service recovers boxes of its own name only', async () => {
  box('one.box');
  box('other.box', { service: 'other' });
  expect((await recover('exported', 'checkout')).bodies).toEqual(['one.box']);
  expect(files()).toEqual(['other.box']);
});

test('old boxes, and the oldest of too many, are removed unread and counted', async () => {
  for (let count = 0; count < 8; count += 1) {
    box(`${count}.box`);
    const at = Date.now() / 1_000 - (count === 7 ? 3_600 : 30 - count);
    utimesSync(join(directory, `${count}.box`), at, at);
  }
  const { report, bodies } = await recover();
  expect(report).toMatchObject({ recovered: 5, removed: 3 });
  expect(bodies).toEqual(['2.box', '3.box', '4.box', '5.box', '6.box']);
});

test('what is no box is left alone while it may be one in the making, and named later', async () => {
  writeFileSync(join(directory, 'young.box'), '');
  writeFileSync(join(directory, 'notes.txt'), '');
  writeFileSync(join(directory, 'foreign.box'), 'a text');
  utimesSync(join(directory, 'foreign.box'), 1, 1);
  const { report } = await recover();
  expect([...report.refused]).toEqual([['foreign.box', 'not a box']]);
  expect(files()).toEqual(['foreign.box', 'notes.txt', 'young.box']);
});

test('a symbolic link is refused, and what it leads to stays', async () => {
  box('one.kept');
  symlinkSync(join(directory, 'one.kept'), join(directory, 'link.box'));
  const { report, bodies } = await recover();
  expect([bodies, [...report.refused]]).toEqual([[], [['link.box', 'a symbolic link']]]);
  expect(files()).toEqual(['link.box', 'one.kept']);
});

/** Only root can give a file to somebody else. */
const asRoot = process.geteuid?.() === 0 ? test : test.skip;

asRoot('a file of another user is refused', async () => {
  box('theirs.box');
  chownSync(join(directory, 'theirs.box'), 12_345, 12_345);
  const { report, bodies } = await recover();
  expect([bodies, [...report.refused]]).toEqual([[], [['theirs.box', 'a file of another user']]]);
});

test('of two that look at the same time, each box goes to one', async () => {
  for (let count = 0; count < 4; count += 1) box(`${count}.box`);
  const both = await Promise.all([recover(), recover()]);
  expect(both.flatMap(({ bodies }) => bodies).sort()).toEqual(['0.box', '1.box', '2.box', '3.box']);
});
