import { spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { ROOT_CONTEXT } from '@opentelemetry/api';
import { type BoxContents, readBox, recoverBoxes } from '../../src/box/index.ts';
import { pidNamespace } from '../../src/box/process-identity.ts';
import { BurstLogRecordProcessor } from '../../src/burst/index.ts';
import { listen } from '../support/diag-listener.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { aRecord, memoryBox, spanContext } from './support/memory-box.ts';

const mounted: string[] = [];

/** Only the administrator of a Linux machine can mount. */
function mount(at: string, ...options: string[]): boolean {
  const { status } = spawnSync('mount', [...options, 'burstlog-test', at], { stdio: 'ignore' });
  if (status === 0) mounted.push(at);
  return status === 0;
}

function unmountAll(): void {
  for (const at of mounted.splice(0).toReversed()) spawnSync('umount', ['--lazy', at], { stdio: 'ignore' });
}

const canMount = (() => {
  const at = mkdtempSync(join(tmpdir(), 'mount-'));
  const worked = process.platform === 'linux' && mount(at, '-t', 'tmpfs', '-o', 'size=64k');
  unmountAll();
  rmSync(at, { recursive: true });
  return worked;
})();
/** Skipped where no file system can be mounted. */
const mounting = canMount ? test : test.skip;

const MEBIBYTE = 2 ** 20;
let folder: string;
let directory: string;
let clock: ManualClock;
const warnings: string[] = [];
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'box-file-systems-'));
  directory = join(folder, 'boxes');
  clock = new ManualClock();
  warnings.length = 0;
  // A processor of the previous test may still log a warning.
  listen((message) => void (message.includes(folder) && warnings.push(message)));
});
afterEach(() => {
  unmountAll();
  rmSync(folder, { recursive: true, force: true });
});

function tmpfs(size: string): void {
  mkdirSync(directory, { recursive: true });
  expect(mount(directory, '-t', 'tmpfs', '-o', `size=${size}`)).toBe(true);
}

/** Fills the rest of the file system. */
function fill(at: string): void {
  const file = join(at, 'filler');
  for (let bytes = MEBIBYTE; bytes >= 1; bytes >>= 1) {
    try {
      for (;;) writeFileSync(file, Buffer.alloc(bytes), { flag: 'a' });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error;
    }
  }
}

/** A service that holds its records, and exports what bursts. */
function service(watch = false) {
  const exported: unknown[] = [];
  const processor = new BurstLogRecordProcessor({
    exporter: {
      export: (records, done) => {
        for (const { body, eventName } of records) if (eventName === undefined) exported.push(body);
        done({ code: 0 });
      },
      shutdown: async () => {},
    },
    delivery: { retry: false, scheduledDelayMillis: 1 },
    after: false,
    limit: false,
    blackBox: { directory, bytes: MEBIBYTE, watch },
    clock,
  });
  let count = 0;
  const emit = (severityNumber = 5) => {
    count += 1;
    const more = { severityNumber, spanContext: spanContext('a') };
    processor.onEmit(aRecord(`record ${count}`, more), ROOT_CONTEXT);
  };
  return {
    processor,
    emit,
    exported,
    /** Waits for the next flush and the next check of the file. */
    goOn: () => clock.advance(1_010),
    async burst(): Promise<unknown[]> {
      emit(17);
      clock.advance(10);
      await processor.forceFlush();
      // The trigger comes first.
      return [...exported.slice(1), exported[0]];
    },
  };
}

const boxes = (at = directory) => readdirSync(at).filter((name) => name.endsWith('.box'));

function bodies(bytes = readFileSync(join(directory, boxes()[0]!))): unknown[] {
  return (readBox(bytes) as BoxContents).records.map(({ record }) => record.body);
}

const records = (from: number, to: number) =>
  Array.from({ length: to - from + 1 }, (_, at) => `record ${from + at}`);

mounting('a box on a disk that fills up after it was made is written to as before', async () => {
  tmpfs('3m');
  const { processor, emit, goOn, burst } = service();
  fill(directory);
  for (let count = 0; count < 200; count += 1) emit();
  goOn();
  expect(bodies()).toEqual(records(1, 200));
  // The resource of a record goes into the header, all blocks are written over more than once.
  for (let round = 0; round < 40; round += 1) {
    const more = { body: `${round}`.repeat(10_000), resource: { attributes: { round } } };
    processor.onEmit(aRecord('', more), ROOT_CONTEXT);
    goOn();
  }
  expect(bodies().at(-1)).toBe('39'.repeat(10_000));
  expect(await burst()).toContain('record 200');
  await processor.shutdown();
  expect({ warnings, left: readdirSync(directory) }).toEqual({ warnings: [], left: ['filler'] });
});

mounting(
  'on a full disk no box is made, nothing is left of it, and the process continues without',
  async () => {
    tmpfs('1m');
    fill(directory);
    const { processor, emit, goOn, burst } = service();
    emit();
    goOn();
    expect(await burst()).toEqual(records(1, 2));
    await processor.shutdown();
    expect(readdirSync(directory)).toEqual(['filler']);
    expect(warnings).toEqual([expect.stringMatching(/cannot create a black box in .*ENOSPC/)]);
  },
);

mounting(
  'in a directory that is read-only no box is made, and a dead one that stays there is named',
  async () => {
    tmpfs('3m');
    const { writer, file } = memoryBox({ pid: 2 ** 22 + 1, pidNamespace: pidNamespace() });
    writer.held(aRecord('one'), '');
    writer.flush();
    writeFileSync(join(directory, 'dead.box'), file);
    spawnSync('mount', ['-o', 'remount,ro', directory]);
    const { processor, emit, burst } = service();
    emit();
    expect(await burst()).toEqual(records(1, 2));
    await processor.shutdown();
    expect(warnings).toEqual([expect.stringMatching(/cannot create a black box in .*EROFS/)]);
    const report = await recoverBoxes(
      directory,
      { maxFiles: 9, maxTotalBytes: 2 ** 30, maxAgeMillis: 1e9 },
      () => true,
      async () => 'exported',
    );
    expect(report).toMatchObject({ recovered: 0, removed: 0 });
    expect([...report.refused]).toEqual([['dead.box', expect.stringContaining('EROFS')]]);
  },
);

mounting('on overlayfs a box works, and a warning says that it dies with the container', async () => {
  const [lower, upper, work, at] = ['lower', 'upper', 'work', 'merged'].map((name) => join(folder, name));
  // The upper directory must not lie on an overlay itself.
  mkdirSync(directory);
  tmpfs('8m');
  for (const path of [lower!, at!]) mkdirSync(path);
  const [up, down] = [join(directory, 'upper'), join(directory, 'work')];
  for (const path of [up, down]) mkdirSync(path);
  expect([upper, work]).not.toContain(up);
  expect(mount(at!, '-t', 'overlay', '-o', `lowerdir=${lower},upperdir=${up},workdir=${down}`)).toBe(true);
  directory = join(at!, 'boxes');
  const { processor, emit, goOn } = service();
  emit();
  goOn();
  expect(bodies()).toEqual(records(1, 1));
  expect(warnings.splice(0)).toEqual([expect.stringContaining('is on overlayfs')]);
  rmSync(directory, { recursive: true });
  goOn();
  expect(warnings).toEqual([expect.stringContaining('the file was removed')]);
  await processor.shutdown();
});

describe('a box that is lost while the process runs', () => {
  const losses = {
    'its directory was removed': () => rmSync(directory, { recursive: true }),
    'it was taken and removed': () => {
      // Like a reader that considers the process dead.
      renameSync(join(directory, boxes()[0]!), join(directory, 'one.box.taken-1-'));
      rmSync(join(directory, 'one.box.taken-1-'));
    },
    'it was truncated to nothing': () => truncateSync(join(directory, boxes()[0]!), 0),
    'it was truncated by a byte': () => {
      const file = join(directory, boxes()[0]!);
      truncateSync(file, statSync(file).size - 1);
    },
  };

  test.each(Object.keys(losses) as (keyof typeof losses)[])(
    '%s: one warning within a second, and the process continues without it',
    async (loss) => {
      const { processor, emit, goOn, burst } = service();
      emit();
      goOn();
      // The recovery of dead processes' boxes is done.
      await new Promise(setImmediate);
      expect(warnings).toEqual([]);
      losses[loss]();
      for (let count = 0; count < 50; count += 1) emit();
      goOn();
      const text =
        /the black box .* failed; the process continues without it: Error: the file was (removed|truncated)/;
      expect(warnings).toEqual([expect.stringMatching(text)]);
      emit();
      goOn();
      expect(await burst()).toEqual(records(1, 53));
      const timers = clock.pendingTimers;
      emit();
      expect(clock.pendingTimers).toBe(timers);
      await processor.shutdown();
      expect(warnings).toHaveLength(1);
      expect(existsSync(directory) ? boxes() : []).toEqual([]);
    },
  );

  mounting('it was truncated on a full disk: nothing throws, and a warning says why', async () => {
    tmpfs('3m');
    const { processor, emit, goOn, burst } = service();
    emit();
    goOn();
    truncateSync(join(directory, boxes()[0]!), 0);
    fill(directory);
    emit();
    clock.advance(10);
    expect(warnings).toEqual([expect.stringMatching(/failed; the process continues without it: .*ENOSPC/)]);
    emit();
    goOn();
    expect(await burst()).toEqual(records(1, 4));
    await processor.shutdown();
    expect(warnings).toHaveLength(1);
    expect(boxes()).toEqual([]);
  });
});

mounting('a watched box on a full disk fails once, whoever of the two threads finds out first', async () => {
  tmpfs('3m');
  const { processor, emit, burst } = service(true);
  emit();
  truncateSync(join(directory, boxes()[0]!), 0);
  fill(directory);
  const failed = () => warnings.filter((text) => text.includes('continues without it'));
  let count = 1;
  while (failed().length === 0) {
    emit();
    count += 1;
    clock.advance(10);
    await new Promise((go) => setTimeout(go, 2));
  }
  expect(await burst()).toEqual(records(1, count + 1));
  await processor.shutdown();
  expect(failed()).toEqual([expect.stringContaining('ENOSPC')]);
  expect(boxes()).toEqual([]);
});

test('a process whose box failed and that ends well is no crash to the next one', async () => {
  const { processor, emit, goOn } = service();
  emit();
  goOn();
  const file = join(directory, boxes()[0]!);
  const bytes = readFileSync(file);
  truncateSync(file, bytes.length - 1);
  goOn();
  expect(warnings).toHaveLength(1);
  writeFileSync(file, bytes);
  await processor.shutdown();
  expect(boxes()).toEqual([]);
});

test('two services with one directory have a box each, which a reader leaves alone', async () => {
  const [one, other] = [service(), service()];
  one.emit();
  other.emit();
  one.goOn();
  const bounds = { maxFiles: 1, maxTotalBytes: 1, maxAgeMillis: 1 };
  const report = await recoverBoxes(
    directory,
    bounds,
    () => true,
    async () => 'exported',
  );
  expect(report).toMatchObject({ recovered: 0, removed: 0 });
  expect(boxes().map((name) => bodies(readFileSync(join(directory, name))))).toEqual([
    ['record 1'],
    ['record 1'],
  ]);
  await Promise.all([one.processor.shutdown(), other.processor.shutdown()]);
  expect({ left: readdirSync(directory), warnings }).toEqual({ left: [], warnings: [] });
});

test('the last words of an exception with a long message are there, and where it came from', async () => {
  const { processor, emit } = service();
  emit();
  const error = new RangeError(`too far: ${'\u0000"\ud800'.repeat(40_000)}`);
  const bad = new Error('bad');
  Object.defineProperty(bad, 'stack', {
    get: () => {
      throw new Error('no');
    },
  });
  const emitUncaught = (what: unknown, origin: string) =>
    (process as NodeJS.EventEmitter).emit('uncaughtExceptionMonitor', what, origin);
  emitUncaught(error, 'uncaughtException');
  emitUncaught(bad, 'unhandledRejection');
  emit();
  clock.advance(10);
  const { lastWords, records: found } = readBox(readFileSync(join(directory, boxes()[0]!))) as BoxContents;
  expect(lastWords.map(({ text }) => text.slice(0, 40))).toEqual([
    expect.stringMatching(/^uncaught exception: RangeError: too far/),
    expect.stringMatching(/^unhandled rejection: Error: bad/),
  ]);
  expect(lastWords[0]!.stack).toContain('file-systems.test');
  expect(found).toHaveLength(2);
  rmSync(join(directory, boxes()[0]!));
  await processor.shutdown();
});

test('resources that do not fit the header are left out, the last ones first', async () => {
  const { processor, goOn } = service();
  const attributes = (name: string, size: number) => ({ name, text: 'x'.repeat(size) });
  for (const [name, size] of [
    ['one', 9_000],
    ['two', 100],
    ['three', 9_000],
  ] as const) {
    processor.onEmit(aRecord(name, { resource: { attributes: attributes(name, size) } }), ROOT_CONTEXT);
  }
  goOn();
  const { records: found } = readBox(readFileSync(join(directory, boxes()[0]!))) as BoxContents;
  expect(found.map(({ record }) => [record.body, record.resource.attributes.name])).toEqual([
    ['one', 'one'],
    ['two', 'two'],
    ['three', undefined],
  ]);
  expect(warnings).toEqual([]);
  await processor.shutdown();
});

test('until a flush is due, records wait for it together, also after a trace has ended', async () => {
  const { processor, emit, exported } = service();
  const span = {
    name: 'x',
    kind: 0,
    attributes: {},
    status: { code: 0 },
    duration: [0, 1] as [number, number],
  };
  const spans = processor.spanProcessor({ lingerMillis: 60_000 });
  const other = { ...span, spanContext: () => spanContext('b') };
  const found = () => bodies().length;
  emit();
  processor.onEmit(aRecord('of another', { spanContext: spanContext('b') }), ROOT_CONTEXT);
  clock.advance(7);
  emit();
  expect(found()).toBe(0);
  clock.advance(1);
  expect(found()).toBe(3);
  // The end of the trace is written too, but not sooner.
  spans.onStart(other, ROOT_CONTEXT);
  spans.onEnd(other);
  emit();
  expect(found()).toBe(3);
  clock.advance(8);
  expect(bodies()).toEqual(['record 1', 'record 2', 'record 3']);
  expect(exported).toEqual([]);
  await processor.shutdown();
});

test('a resource with values that no attribute may have does not end the box', async () => {
  const { processor, emit, goOn } = service();
  const self: unknown[] = [];
  self.push(self);
  const attributes = { 'host.cpus': 4n, self, 'service.name': 'checkout', zones: ['a', 'b'] };
  processor.onEmit(aRecord('one', { resource: { attributes } as never }), ROOT_CONTEXT);
  emit();
  goOn();
  const { records: found } = readBox(readFileSync(join(directory, boxes()[0]!))) as BoxContents;
  expect(found.map(({ record }) => record.resource.attributes)[0]).toEqual({
    'service.name': 'checkout',
    zones: ['a', 'b'],
  });
  expect({ count: found.length, warnings }).toEqual({ count: 2, warnings: [] });
  await processor.shutdown();
});
