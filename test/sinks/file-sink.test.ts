import { execFileSync } from 'node:child_process';
import fs, {
  appendFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import fsPromises from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import * as fc from 'fast-check';
import { resolve } from '../../src/settings/index.ts';
import {
  FileSink,
  type FileSinkOptions,
  type FileSinkTools,
  fileSinkOptions,
} from '../../src/sinks/file/index.ts';
import { TextBuffer } from '../../src/sinks/file/text-buffer.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { folderForEachTest } from './support/folder.ts';
import { batch, bodiesIn, listener, one, record } from './support/logs.ts';
import { MemoryJournal } from './support/memory-journal.ts';

const folder = folderForEachTest();
const never = new AbortController().signal;
const path = () => join(folder(), 'logs', 'app.jsonl');
const open: FileSink[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((sink) => sink.close()));
});

const defaults = resolve(fileSinkOptions, 'file', {});
type Rotate = FileSinkOptions['rotate'];
type Some = Omit<Partial<FileSinkOptions & FileSinkTools>, 'rotate'> & { readonly rotate?: Partial<Rotate> };

function sinkOf({ rotate, log = listener(), clock, ...more }: Some = {}): FileSink {
  const options = { ...defaults, path: path(), ...more, rotate: { ...defaults.rotate, ...rotate } };
  const sink = new FileSink(options, { log, clock });
  open.push(sink);
  return sink;
}

const journal = new MemoryJournal();
const entry = (body: string) => journal.add(one(body));

/** Like the runner: prepare, store, write, store. @returns the state that is stored then */
async function put(sink: FileSink, ...bodies: string[]): Promise<unknown> {
  await sink.prepare();
  return await sink.write(bodies.map(entry), never);
}

const bodies = (file = path()) => bodiesIn(readFileSync(file, 'utf8'));
const logs = () => readdirSync(join(folder(), 'logs')).sort();
const rotated = () => logs().filter((name) => name !== 'app.jsonl');

/** Background work is done when the sink is closed. */
async function closed(sink: FileSink): Promise<void> {
  await (sink as unknown as { close(): Promise<void> }).close();
}

test('a batch is a line of OTLP/JSON, in a private file', async () => {
  const sink = sinkOf();
  await sink.open(undefined);
  await sink.write([journal.add(batch([record('one'), record('two')]), 2), entry('three')], never);

  expect(readFileSync(path(), 'utf8').split('\n')).toHaveLength(3);
  expect(bodies()).toEqual(['one', 'two', 'three']);
  expect(statSync(path()).mode & 0o777).toBe(0o600);
  expect(statSync(join(folder(), 'logs')).mode & 0o777).toBe(0o700);
});

test('with a mode others may read it, also rotated and compressed, regardless of the umask', async () => {
  const umask = process.umask(0o077);
  try {
    const sink = sinkOf({ mode: 'group', rotate: { maxBytes: 1, keep: 3, gzip: true } });
    await sink.open(undefined);
    for (const body of ['one', 'two', 'three']) await put(sink, body);
    while (!rotated().some((name) => name.endsWith('.gz'))) await new Promise(setImmediate);
    await closed(sink);
  } finally {
    process.umask(umask);
  }
  for (const name of logs()) expect(statSync(join(folder(), 'logs', name)).mode & 0o777).toBe(0o640);
  expect(statSync(join(folder(), 'logs')).mode & 0o777).toBe(0o750);
});

test('a long batch becomes lines of at most 512 records', async () => {
  const sink = sinkOf();
  await sink.open(undefined);
  const records = Array.from({ length: 1_300 }, (_, at) => record(`r${at}`));
  await sink.write([journal.add(batch(records), 1_300)], never);
  const lines = readFileSync(path(), 'utf8').trimEnd().split('\n');
  expect(lines.map((line) => bodiesIn(line).length)).toEqual([512, 512, 276]);
  expect(bodies()).toEqual(records.map(({ body }) => body));
});

test('as text a record is a line, whatever is in it', async () => {
  const sink = sinkOf({ format: 'text' });
  await sink.open(undefined);
  const nasty = record('line one\nline two\x1b[31m', {
    severityNumber: 17,
    attributes: [
      ['user', 'leo'],
      ['say', 'two words'],
      ['n', 42],
      ['deep', { entries: [['list', [1, 'a', null]]] }],
    ],
    traceId: '0af7651916cd43dd8448eb211c80319c',
    spanId: 'b7ad6b7169203331',
  });
  await sink.write(
    [
      journal.add(
        batch([nasty, record('plain', { timeUnixNano: 0n, severityNumber: 0, severityText: '' })]),
        2,
      ),
    ],
    never,
  );

  expect(readFileSync(path(), 'utf8')).toBe(
    '2026-11-21T06:12:36.123456Z ERROR shop orders line one\\nline two\\x1b[31m user=leo say="two words" n=42 ' +
      'deep="{\\"list\\":[1,\\"a\\",null]}" trace_id=0af7651916cd43dd8448eb211c80319c span_id=b7ad6b7169203331\n' +
      '- - shop orders plain\n',
  );
});

test('data beyond the state is truncated, so that nothing is duplicated', async () => {
  const before = sinkOf();
  await before.open(undefined);
  const state = await put(before, 'one', 'two');
  await put(before, 'three');
  appendFileSync(path(), '{"resourceLogs":[{"resou');

  const after = sinkOf();
  await after.open(JSON.parse(JSON.stringify(state)));
  expect(bodies()).toEqual(['one', 'two']);
  await put(after, 'three');
  expect(bodies()).toEqual(['one', 'two', 'three']);
});

test('a file other than the one of the state is never truncated', async () => {
  const before = sinkOf();
  await before.open(undefined);
  const state = await put(before, 'one');
  rmSync(path());
  const others = Array.from({ length: 100 }, (_, at) => `line ${at}\n`).join('');
  writeFileSync(path(), others);

  const log = listener();
  const after = sinkOf({ log });
  await after.open(state);
  await put(after, 'two');
  expect(readFileSync(path(), 'utf8').startsWith(others)).toBe(true);
  expect(log.said.join()).toContain('nothing was truncated');
});

test('a file that replaces the one of the state at the last moment is not truncated', async () => {
  const before = sinkOf();
  await before.open(undefined);
  // Nothing in it is valid yet, and what a crash left must be truncated.
  const state = await before.prepare();
  appendFileSync(path(), 'what a crash left');
  const { stat } = jest.requireActual<typeof fsPromises>('node:fs/promises');
  const spy = jest.spyOn(fsPromises, 'stat').mockImplementationOnce((async (...args: [string]) => {
    const found = await stat(...args);
    renameSync(path(), `${path()}.1`);
    writeFileSync(path(), 'of another program\n');
    return found;
  }) as never);
  const after = sinkOf();
  await after.open(state);
  expect(spy).toHaveBeenCalled();
  spy.mockRestore();
  await put(after, 'two');
  expect(readFileSync(path(), 'utf8').startsWith('of another program\n')).toBe(true);
});

test('a file with the same inode but other content is not truncated either', async () => {
  const before = sinkOf();
  await before.open(undefined);
  const state = await put(before, 'one');
  const others = 'x\n'.repeat(2_000);
  writeFileSync(path(), others);

  const after = sinkOf();
  await after.open(state);
  await put(after, 'two');
  expect(readFileSync(path(), 'utf8').startsWith(others)).toBe(true);
});

test('in an existing file that ends in mid-line, a new line is started', async () => {
  mkdirSync(join(folder(), 'logs'));
  writeFileSync(path(), 'no line break');
  const sink = sinkOf();
  await sink.open(undefined);
  await put(sink, 'one');
  const [first, second] = readFileSync(path(), 'utf8').split('\n');
  expect(first).toBe('no line break');
  expect(bodiesIn(second!)).toEqual(['one']);
});

test('at its size limit a file is rotated, compressed, and only the configured number is kept', async () => {
  const clock = new ManualClock();
  const sink = sinkOf({ clock, rotate: { maxBytes: 1, keep: 3 } });
  await sink.open(undefined);
  for (let each = 1; each <= 6; each += 1) {
    await put(sink, `record ${each}`);
    clock.advance(1_000);
  }
  // The write after a rotation starts the compression; the last file is compressed after the next start.
  await closed(sink);
  const next = sinkOf({ clock, rotate: { maxBytes: 1, keep: 3 } });
  await next.open(undefined);
  await put(next, 'last');
  await put(next, 'very last');
  const isTidy = () => rotated().length === 3 && rotated().every((name) => name.endsWith('.gz'));
  while (!isTidy()) await new Promise(setImmediate);

  const texts = rotated().map((name) =>
    bodiesIn(gunzipSync(readFileSync(join(folder(), 'logs', name))).toString()),
  );
  expect(texts.flat().at(-1)).toBe('last');
  expect(rotated()).toHaveLength(3);
  expect(bodies()).toEqual(['very last']);
  for (const name of rotated()) expect(statSync(join(folder(), 'logs', name)).mode & 0o777).toBe(0o600);
});

test('at its age limit a file is rotated with the next write', async () => {
  const clock = new ManualClock(Date.now());
  const sink = sinkOf({ clock, rotate: { maxBytes: 0, maxAgeMillis: 60_000, gzip: false } });
  await sink.open(undefined);
  await put(sink, 'one');
  clock.advance(59_000);
  await put(sink, 'two');
  clock.advance(3_000);
  await put(sink, 'three');
  expect(rotated()).toHaveLength(1);
  expect(bodies(join(folder(), 'logs', rotated()[0]!))).toEqual(['one', 'two']);
  expect(bodies()).toEqual(['three']);
});

test('after a crash between a rotation and the stored state nothing is missing or duplicated', async () => {
  const options = { rotate: { maxBytes: 1, gzip: true } };
  const before = sinkOf(options);
  await before.open(undefined);
  const state = await put(before, 'one');
  await before.prepare();
  // Killed here: the file was rotated, the state of the new one was not stored.
  expect(bodies()).toEqual([]);

  const after = sinkOf(options);
  await after.open(state);
  const stored = await after.prepare();
  expect(stored).toMatchObject({ offset: 0 });
  await after.write([entry('two')], never);
  expect(bodies()).toEqual(['two']);
  await closed(before);
});

test('after a crash in the write after a rotation the new file is truncated', async () => {
  const options = { rotate: { maxBytes: 1, gzip: false } };
  const before = sinkOf(options);
  await before.open(undefined);
  await put(before, 'one');
  const state = await before.prepare();
  await before.write([entry('two')], never);
  // Killed here: the state from `prepare` is the last that was stored.
  const after = sinkOf(options);
  await after.open(state);
  await put(after, 'two');
  expect(bodies()).toEqual(['two']);
});

test('files with the same time are pruned in order, the ninth before the tenth', async () => {
  const clock = new ManualClock();
  const sink = sinkOf({ clock, rotate: { maxBytes: 1, maxAgeMillis: 0, keep: 3, gzip: false } });
  await sink.open(undefined);
  for (let each = 1; each <= 13; each += 1) await put(sink, `entry ${each}`);
  await closed(sink);
  const old = rotated().flatMap((name) => bodies(join(folder(), 'logs', name)));
  expect(new Set(old)).toEqual(new Set(['entry 10', 'entry 11', 'entry 12']));
});

test('files dated in the future are removed first: a new one never sorts before them', async () => {
  const clock = new ManualClock();
  clock.setForward(3 * 365 * 86_400_000);
  const rotate = { maxBytes: 1, maxAgeMillis: 0, keep: 3, gzip: true };
  const sink = sinkOf({ clock, rotate });
  await sink.open(undefined);
  for (const body of ['one', 'two', 'three']) await put(sink, body);
  clock.setForward(-3 * 365 * 86_400_000);
  for (const body of ['four', 'five', 'six', 'seven']) await put(sink, body);
  await closed(sink);
  const again = sinkOf({ clock, rotate });
  await again.open(undefined);
  await put(again, 'eight');
  await closed(again);
  const old = rotated().flatMap((name) => {
    const bytes = readFileSync(join(folder(), 'logs', name));
    return bodiesIn((name.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString());
  });
  expect(new Set(old)).toEqual(new Set(['five', 'six', 'seven']));
});

test('the age of a file is the elapsed time, however the wall clock is set', async () => {
  const clock = new ManualClock(Date.now());
  const sink = sinkOf({ clock, rotate: { maxBytes: 0, maxAgeMillis: 60_000, gzip: false } });
  await sink.open(undefined);
  await put(sink, 'one');
  clock.setForward(400 * 86_400_000);
  await put(sink, 'two');
  expect(rotated()).toHaveLength(0);
  clock.setForward(-800 * 86_400_000);
  clock.advance(60_000);
  await put(sink, 'three');
  expect(rotated()).toHaveLength(1);
  await closed(sink);
});

test('the age of a file that was started in the future counts from its last opening', async () => {
  const clock = new ManualClock(Date.now() + 400 * 86_400_000);
  const rotate = { maxBytes: 0, maxAgeMillis: 60_000, gzip: false };
  const first = sinkOf({ clock, rotate });
  await first.open(undefined);
  const state = await put(first, 'one');
  await closed(first);
  clock.setForward(-400 * 86_400_000);
  const second = sinkOf({ clock, rotate });
  await second.open(state);
  clock.advance(60_000);
  await put(second, 'two');
  await closed(second);
  expect(rotated()).toHaveLength(1);
});

test('a rotated file with data beyond its state is found and truncated, also if logrotate moved it', async () => {
  const before = sinkOf();
  await before.open(undefined);
  const state = await put(before, 'one');
  await put(before, 'two');
  renameSync(path(), `${path()}.1`);

  const after = sinkOf();
  await after.open(state);
  await put(after, 'two');
  expect(bodies(`${path()}.1`)).toEqual(['one']);
  expect(bodies()).toEqual(['two']);
});

test('the temporary file of an interrupted compression is removed, and the file is compressed', async () => {
  mkdirSync(join(folder(), 'logs'));
  const old = `${path()}.20261120T101112123Z`;
  writeFileSync(old, 'old line\n');
  writeFileSync(`${old}.gz.unfinished`, 'half');
  writeFileSync(`${path()}.mine`, 'not ours');
  const sink = sinkOf();
  await sink.open(undefined);
  await put(sink, 'one');
  while (existsSync(old)) await new Promise(setImmediate);
  expect(logs()).toEqual(['app.jsonl', 'app.jsonl.20261120T101112123Z.gz', 'app.jsonl.mine']);
  expect(gunzipSync(readFileSync(`${old}.gz`)).toString()).toBe('old line\n');
});

test('an old file that somebody removes when its turn to be compressed comes does not hold up the others', async () => {
  mkdirSync(join(folder(), 'logs'));
  const [first, second] = ['20261120T101112123Z', '20261121T101112123Z'].map((time) => `${path()}.${time}`);
  for (const old of [first!, second!]) writeFileSync(old, 'old line\n');
  const { createReadStream } = jest.requireActual<typeof fs>('node:fs');
  const spy = jest.spyOn(fs, 'createReadStream').mockImplementationOnce((name, ...more) => {
    rmSync(name as string);
    return createReadStream(name, ...more);
  });
  const log = listener();
  const sink = sinkOf({ log });
  await sink.open(undefined);
  await put(sink, 'one');
  while (existsSync(second!)) await new Promise(setImmediate);
  spy.mockRestore();
  expect(rotated()).toEqual(['app.jsonl.20261121T101112123Z.gz']);
  expect(sink.counters()).toMatchObject({ rotation_failures: 0 });
  expect(log.said).toEqual([]);
});

test('a file that was moved or removed is created again, and the state contains it before the write', async () => {
  const log = listener();
  const sink = sinkOf({ log });
  await sink.open(undefined);
  const first = (await put(sink, 'one')) as { inode: string };
  renameSync(path(), `${path()}.1`);
  const second = (await sink.prepare()) as unknown as { offset: number };
  expect(second).toMatchObject({ offset: 0 });
  expect(second).not.toMatchObject({ inode: first.inode });
  await sink.write([entry('two')], never);
  rmSync(path());
  await put(sink, 'three');
  expect(bodies(`${path()}.1`)).toEqual(['one']);
  expect(bodies()).toEqual(['three']);
  expect(log.said).toHaveLength(2);
});

test('a file that another program truncated (copytruncate) continues from its new end, without a gap', async () => {
  const sink = sinkOf();
  await sink.open(undefined);
  await put(sink, 'one', 'two');
  truncateSync(path(), 0);
  const state = await put(sink, 'three');
  expect(bodies()).toEqual(['three']);
  const after = sinkOf();
  await after.open(state);
  expect(bodies()).toEqual(['three']);
});

test('an entry that is not OTLP is rejected alone', async () => {
  const sink = sinkOf();
  await sink.open(undefined);
  const bad = journal.add(Buffer.from([10, 200]), 1);
  const written = sink.write([entry('one'), bad, entry('two')], never);
  await expect(written).rejects.toMatchObject({ rejected: true, cause: 'malformed', indexes: [bad.index] });
  expect(bodies()).toEqual(['one', 'two']);
});

test('an aborted write leaves nothing after the next one', async () => {
  const sink = sinkOf();
  await sink.open(undefined);
  await put(sink, 'one');
  const abort = new AbortController();
  const many = Array.from({ length: 20_000 }, (_, at) => entry(`${at} ${'x'.repeat(200)}`));
  await sink.prepare();
  const written = sink.write(many, abort.signal);
  const size = statSync(path()).size;
  while (statSync(path()).size === size) await new Promise(setImmediate);
  abort.abort(new Error('time-out'));
  await expect(written).rejects.toThrow('time-out');
  await put(sink, 'two');
  expect(bodies()).toEqual(['one', 'two']);
});

test('an entry longer than what is held back is written in parts, complete', async () => {
  const sink = sinkOf();
  await sink.open(undefined);
  const records = Array.from({ length: 9_000 }, (_, at) => record(`${at} ${'é'.repeat(700)}`));
  await sink.write([journal.add(batch(records), records.length), entry('last')], never);
  expect(bodies()).toEqual([...records.map(({ body }) => body), 'last']);
});

test('any text of any length is encoded correctly', () => {
  const out = new TextBuffer();
  fc.assert(
    fc.property(
      fc.array(fc.tuple(fc.string({ unit: 'grapheme' }), fc.nat(200_000)), { maxLength: 4 }),
      (parts) => {
        const texts = parts.map(([text, times]) => text.repeat(1 + (text === '' ? 0 : times % 50_000)));
        out.clear();
        for (const text of texts) out.add(text);
        expect(out.bytes.equals(Buffer.from(texts.join(''), 'utf8'))).toBe(true);
      },
    ),
    { numRuns: 50 },
  );
});

const isRoot = process.getuid?.() === 0;
const withMount = isRoot ? test : test.skip;
withMount(
  'on a full disk the write fails, its partial line is cut off, and it goes on when there is room (root only)',
  async () => {
    const disk = join(folder(), 'disk');
    mkdirSync(disk);
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=256k', 'tmpfs', disk]);
    const file = join(disk, 'app.jsonl');
    const sink = new FileSink({ ...defaults, path: file }, { log: listener() });
    try {
      await sink.open(undefined);
      await put(sink, 'one');
      writeFileSync(join(disk, 'ballast'), Buffer.alloc(150_000));
      const big = ['a', 'b'].map((letter) => letter.repeat(60_000));
      await sink.prepare();
      await expect(sink.write(big.map(entry), never)).rejects.toMatchObject({ code: 'ENOSPC' });
      await sink.prepare();
      expect(bodies(file)).toEqual(['one']);
      await expect(sink.write(big.map(entry), never)).rejects.toMatchObject({ code: 'ENOSPC' });
      rmSync(join(disk, 'ballast'));
      await put(sink, ...big);
      expect(bodies(file)).toEqual(['one', ...big]);
    } finally {
      await sink.close();
      execFileSync('umount', [disk]);
    }
  },
);

test('a path that is not a file is refused', async () => {
  mkdirSync(path(), { recursive: true });
  await expect(sinkOf().open(undefined)).rejects.toThrow('is not a regular file');
  await expect(sinkOf({ path: '/dev/null' }).open(undefined)).rejects.toThrow(
    '/dev/null is not a regular file',
  );
});
