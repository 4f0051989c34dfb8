import {
  chownSync,
  mkdtempSync,
  readdirSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  type BoxHeader,
  Entry,
  recoverBoxes,
  recoveredRecords,
  type SendOutcome,
} from '../../src/box/index.ts';
import { ManualClock } from '../support/manual-clock.ts';
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

function box(name: string, more: Partial<BoxHeader> = {}): void {
  const { writer, file } = memoryBox({ pid: NOBODY, pidNamespace: pidNamespace(), ...more });
  writer.held(aRecord(name), '');
  writer.flush();
  writeFileSync(join(directory, name), file);
}

async function recover(
  outcome: SendOutcome = 'exported',
  service?: string,
  bounded: Partial<typeof bounds> = {},
) {
  const bodies: unknown[] = [];
  const isWanted = (header: { service: string }) => service === undefined || header.service === service;
  const report = await recoverBoxes(directory, { ...bounds, ...bounded }, isWanted, async (records) => {
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
  expect([...report.kept]).toEqual([[join(directory, 'one.box.kept'), 'the export failed 3 times']]);
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

const onLinux = process.platform === 'linux' ? test : test.skip;

onLinux(
  'a box that a process in another container reads is left to it until it is idle for 15 seconds',
  async () => {
    const marks = { elsewhere: 'abcdefabcdefabcdef000001', unknown: 'abcdefabcdef' };
    for (const mark of Object.values(marks)) box(`${mark}.box.taken-1-${mark}`);
    expect((await recover()).bodies).toEqual([`${marks.unknown}.box.taken-1-${marks.unknown}`]);
    expect(files()).toHaveLength(1);
    const now = Date.now();
    const later = jest.spyOn(Date, 'now').mockReturnValue(now + 16_000);
    expect((await recover()).bodies).toHaveLength(1);
    later.mockRestore();
  },
);

onLinux(
  'a box that is read shows others where its reader runs, and every five seconds that it runs',
  async () => {
    box('one.box');
    const clock = new ManualClock();
    const touched: string[] = [];
    await recoverBoxes(
      directory,
      bounds,
      () => true,
      async () => {
        const [name] = files();
        const look = () => statSync(join(directory, name!), { bigint: true });
        const { ctimeNs, mtimeNs } = look();
        // The time of a file may go on in steps of some milliseconds.
        do clock.advance(5_000);
        while (look().ctimeNs === ctimeNs);
        expect(Math.abs(Number(look().mtimeNs - mtimeNs))).toBeLessThan(1_000_000);
        touched.push(name!);
        return 'exported';
      },
      clock,
    );
    expect(touched).toEqual([expect.stringMatching(/^one\.box\.taken-\d+-[0-9a-f]{24}$/)]);
  },
);

test('a running process keeps its box; one that only has the id of a dead one does not', async () => {
  box('alive.box', { pid: process.pid });
  box('reused.box', { pid: process.pid, processMark: 'another boot/1' });
  expect((await recover()).bodies).toEqual(process.platform === 'linux' ? ['reused.box'] : []);
  expect(files()).toContain('alive.box');
});

test('a process that ends while it is looked for is not alive', async () => {
  box('one.box');
  const gone = Object.assign(new Error('no such process'), { code: 'ESRCH' });
  const kill = jest.spyOn(process, 'kill').mockImplementation(() => {
    throw gone;
  });
  kill.mockImplementationOnce(() => true);
  expect((await recover()).bodies).toEqual(['one.box']);
  kill.mockRestore();
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

/** Only root can change the owner of a file. */
const asRoot = process.geteuid?.() === 0 ? test : test.skip;

asRoot('a file of another user is refused', async () => {
  box('theirs.box');
  chownSync(join(directory, 'theirs.box'), 12_345, 12_345);
  const { report, bodies } = await recover();
  expect([bodies, [...report.refused]]).toEqual([[], [['theirs.box', 'a file of another user']]]);
});

test('of two concurrent recoveries, each box is claimed by one', async () => {
  for (let count = 0; count < 4; count += 1) box(`${count}.box`);
  const both = await Promise.all([recover(), recover()]);
  expect(both.flatMap(({ bodies }) => bodies).sort()).toEqual(['0.box', '1.box', '2.box', '3.box']);
});

/** Last written to the given number of seconds ago. */
function age(name: string, seconds: number): void {
  const at = Date.now() / 1_000 - seconds;
  utimesSync(join(directory, name), at, at);
}

test('each bound of a directory counts by itself, the newest boxes first', async () => {
  const bytes = memoryBox().file.length;
  const cases = [
    { bounded: { maxFiles: 2 }, left: ['2', '3'] },
    { bounded: { maxTotalBytes: 2 * bytes }, left: ['2', '3'] },
    { bounded: { maxTotalBytes: 2 * bytes - 1 }, left: ['3'] },
    { bounded: { maxAgeMillis: 30_000 }, left: ['2', '3'] },
    { bounded: {}, left: ['0', '1', '2', '3'] },
  ];
  for (const { bounded, left } of cases) {
    for (let count = 0; count < 4; count += 1) {
      box(`${count}.box`);
      age(`${count}.box`, 45 - 10 * count);
    }
    const { report, bodies } = await recover('exported', undefined, { maxFiles: 9, ...bounded });
    expect({ bounded, bodies }).toEqual({ bounded, bodies: left.map((name) => `${name}.box`) });
    expect({ bounded, removed: report.removed }).toEqual({ bounded, removed: 4 - left.length });
    expect(files()).toEqual([]);
  }
});

test('a process of another container is alive as long as it writes at least every 15 seconds', async () => {
  for (const name of ['silent.box', 'alive.box']) box(name, { pid: 1, pidNamespace: 'pid:[1]' });
  age('silent.box', 17);
  age('alive.box', 10);
  expect((await recover()).bodies).toEqual(['silent.box']);
  expect(files()).toEqual(['alive.box']);
});

test('a box of an impossible size is not read', async () => {
  box('large.box');
  truncateSync(join(directory, 'large.box'), 2 ** 30 + 2 ** 20);
  const { report, bodies } = await recover();
  expect({ bodies, refused: [...report.refused] }).toEqual({
    bodies: [],
    refused: [['large.box', 'too large']],
  });
});

test('a box that is removed while it is exported is no failure of the others', async () => {
  for (const name of ['one.box', 'other.box']) box(name);
  for (const outcome of ['failed', 'later', 'failed', 'failed'] as const) {
    const report = await recoverBoxes(
      directory,
      bounds,
      () => true,
      async () => {
        for (const name of files()) if (name.includes('.taken-')) rmSync(join(directory, name));
        return outcome;
      },
    );
    expect(report.kept.size).toBe(0);
  }
  expect(files()).toEqual([]);
});

test('the manifest says when the process ended, from what it said last, and why', () => {
  const { writer, contents } = memoryBox({ madeMillis: 1_700_000_000_123 });
  const manifest = () => recoveredRecords(contents()).at(-1)!;
  writer.held(aRecord('one', { hrTime: [1_700_000_000, 5_000_000] }), '');
  writer.held(aRecord('other', { hrTime: [1_700_000_009, 7_000_000] }), '');
  writer.flush();
  expect(manifest()).toMatchObject({
    hrTime: [1_700_000_000, 123e6],
    severityText: 'ERROR',
    attributes: {
      'burst.reason': 'killed',
      'burst.released': 2,
      'burst.first_time': '2023-11-14T22:13:20.005Z',
      'burst.last_time': '2023-11-14T22:13:29.007Z',
    },
  });
  const signs = { rss: 3 * 2 ** 20, heapUsed: 2 ** 20, heapLimit: 2 ** 21, loopDelayMillis: 4, holding: 2 };
  writer.json(Entry.SIGNS, { ...signs, atMillis: 1_700_000_010_456 });
  writer.json(Entry.LAST_WORDS, { atMillis: 1_700_000_010_400, text: 'signal SIGTERM', isFailure: false });
  writer.flush();
  expect(manifest()).toMatchObject({
    hrTime: [1_700_000_010, 456e6],
    severityText: 'INFO',
    body: expect.stringMatching(/signal SIGTERM.*2 records recovered.*rss 3 MiB, heap 1 MiB of 2 MiB/),
    attributes: {
      'burst.reason': 'signal SIGTERM',
      'burst.holding': 2,
    },
  });
  writer.json(Entry.LAST_WORDS, {
    atMillis: 1_700_000_010_500,
    text: 'exit code 3',
    isFailure: true,
    stack: 'at x',
  });
  writer.flush();
  expect(manifest()).toMatchObject({
    hrTime: [1_700_000_010, 500e6],
    severityText: 'ERROR',
    attributes: { 'burst.reason': 'signal SIGTERM; exit code 3', 'exception.stacktrace': 'at x' },
  });
});
