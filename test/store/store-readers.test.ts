import childProcess, { type ChildProcess } from 'node:child_process';
import {
  cpSync,
  existsSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { StoreReaders } from '../../src/store/index.ts';
import type { Found } from '../../src/store/store-reader.ts';
import { DEADLY_PROGRAM, PROGRAM } from '../sinks/store/support.ts';
import { LocalStore, newDirectory } from './support/local-store.ts';
import { bodiesOf } from './support/records.ts';

const opened: { close(): unknown }[] = [];
afterEach(async () => {
  for (const one of opened.splice(0)) await one.close();
});

/** Three partitions of 100 records. */
async function threePartitions(attributes = {}): Promise<string> {
  const store = await LocalStore.open({ partitionRecords: 100 });
  for (let partition = 0; partition < 3; partition += 1) {
    store.add(Array.from({ length: 100 }, (_, at) => ({ body: `${partition}-${at}`, attributes })));
  }
  store.close();
  return store.directory;
}

function reading(directory: string, processes = 2, program = PROGRAM) {
  const warnings: string[] = [];
  const onWarning = (message: string) => void warnings.push(message);
  const readers = new StoreReaders({ program, directory, onWarning, processes });
  opened.push(readers);
  const all = async (signal = new AbortController().signal) => {
    let text = '';
    const onLines = (lines: Buffer) => {
      text += lines.toString('utf8');
      return undefined;
    };
    const query = { limit: 10_000, order: 'oldest' } as const;
    const found = await readers.records(query, { boundMillis: 30_000, signal, onLines });
    return { bodies: bodiesOf(text), found };
  };
  return { readers, all, warnings };
}

test('a partition that is not a database is skipped in this search and in all later ones', async () => {
  const directory = await threePartitions();
  writeFileSync(join(directory, '00000002.db'), 'no database '.repeat(1_000));
  const { all, warnings } = reading(directory);

  for (let time = 0; time < 2; time += 1) {
    const { bodies } = await all();
    expect(bodies).toHaveLength(200);
    expect(bodies).toEqual(expect.arrayContaining(['0-0', '2-99']));
  }
  expect(warnings).toEqual([expect.stringContaining('00000002.db cannot be read')]);

  const store = await LocalStore.open({}, directory);
  opened.push(store);
  expect(readdirSync(directory)).toContain('00000002.db.quarantined');
});

/** A query whose client has received the first lines and waits. */
async function heldQuery(readers: StoreReaders) {
  let release = () => {};
  const gate = new Promise<void>((resolve) => {
    release = resolve;
  });
  let ended: Promise<Found> | undefined;
  await new Promise<void>((resolve) => {
    const onLines = () => {
      resolve();
      return gate;
    };
    const { signal } = new AbortController();
    ended = readers.records({ limit: 10_000, order: 'oldest' }, { boundMillis: 30_000, signal, onLines });
    ended.catch(() => {});
  });
  return { release, ended: ended! };
}

test('a slow client, or a daemon that stops, does not mark a partition as damaged', async () => {
  // More than a pipe holds: the process waits within the first partition.
  const directory = await threePartitions({ filler: 'x'.repeat(5_000) });
  const { readers, warnings } = reading(directory);
  for (let time = 0; time < 2; time += 1) {
    jest.useFakeTimers({ doNotFake: ['nextTick', 'setImmediate', 'queueMicrotask', 'performance'] });
    const { release, ended } = await heldQuery(readers);
    jest.advanceTimersByTime(120_000);
    jest.useRealTimers();
    release();
    await expect(ended).resolves.toMatchObject({ records: 300, isCut: false });
  }

  const queries = [await heldQuery(readers), await heldQuery(readers)];
  const closed = readers.close();
  for (const { release } of queries) release();
  await closed;
  for (const { ended } of queries) await expect(ended).rejects.toThrow('SIGKILL');

  expect(readdirSync(directory).filter((name) => name.endsWith('.damaged'))).toEqual([]);
  expect(warnings).toEqual([]);
});

test('a partition that crashes the process twice in a row is removed; a successful search in between resets that', async () => {
  const directory = await threePartitions();
  const flag = join(directory, 'crash');
  process.env.DEADLY_OPEN = flag;
  try {
    const { all } = reading(directory, 1, DEADLY_PROGRAM);
    const isLeftOut = () => existsSync(join(directory, '00000002.db.damaged'));
    for (let time = 0; time < 2; time += 1) {
      writeFileSync(flag, '');
      await expect(all()).rejects.toThrow('SIGSEGV');
      expect(isLeftOut()).toBe(false);
      if (time > 0) break;
      rmSync(flag);
      expect((await all()).bodies).toHaveLength(300);
    }
    await expect(all()).rejects.toThrow('SIGSEGV');
    expect(isLeftOut()).toBe(true);
    expect((await all()).bodies).toHaveLength(200);
  } finally {
    delete process.env.DEADLY_OPEN;
  }
});

test('queries beyond the number of processes wait; an aborted one passes its turn to the next', async () => {
  const { all } = reading(await threePartitions(), 1);
  const abort = new AbortController();
  const first = all();
  const aborted = all(abort.signal);
  const last = all();
  abort.abort(new Error('the client is gone'));

  await expect(aborted).rejects.toThrow('the client is gone');
  expect((await first).bodies).toHaveLength(300);
  expect((await last).bodies).toHaveLength(300);
});

/** Records the processes that are started. */
function spawned() {
  const all: ChildProcess[] = [];
  const hasEnded = ({ exitCode, signalCode }: ChildProcess) => exitCode !== null || signalCode !== null;
  let most = 0;
  const { spawn } = jest.requireActual<typeof childProcess>('node:child_process');
  const spy = jest.spyOn(childProcess, 'spawn').mockImplementation(((...args: Parameters<typeof spawn>) => {
    const child = spawn(...args);
    all.push(child);
    most = Math.max(most, all.filter((one) => !hasEnded(one)).length);
    return child;
  }) as never);
  opened.push({ close: () => spy.mockRestore() });
  return { all, running: () => all.filter((one) => !hasEnded(one)).length, most: () => most };
}

test('queries that are asked at once have no more processes than others', async () => {
  const { all } = reading(await threePartitions(), 2);
  const processes = spawned();
  for (const { bodies } of await Promise.all(Array.from({ length: 5 }, () => all()))) {
    expect(bodies).toHaveLength(300);
  }
  expect(processes.most()).toBe(2);
});

test('a query that is asked just before the end leaves no process', async () => {
  const { readers, all } = reading(await threePartitions());
  const processes = spawned();
  const asked = expect(all()).rejects.toThrow();
  await readers.close();
  await asked;
  expect(processes.running()).toBe(0);
});

test('whatever is damaged in one partition, all records of the others are found', async () => {
  const original = await threePartitions();
  const size = statSync(join(original, '00000002.db')).size;
  const damage = fc.record({
    places: fc.array(fc.tuple(fc.nat(size - 1), fc.nat(255)), { maxLength: 40 }),
    page: fc.nat(Math.floor(size / 4_096) - 1),
    cut: fc.option(fc.nat(size), { nil: undefined }),
  });
  await fc.assert(
    fc.asyncProperty(damage, async ({ places, page, cut }) => {
      const directory = newDirectory();
      cpSync(original, directory, { recursive: true });
      const file = join(directory, '00000002.db');
      const bytes = readFileSync(file);
      for (const [at, byte] of places) bytes[at] = byte;
      bytes.fill(0xa5, page * 4_096 + 100, page * 4_096 + 300);
      writeFileSync(file, bytes);
      if (cut !== undefined) truncateSync(file, cut);
      const { readers, all } = reading(directory);
      // A partition that crashes the process is removed after the second time.
      const { bodies } = await all()
        .catch(() => all())
        .catch(() => all());
      const others = bodies.filter((body) => /^[02]-/.test(String(body)));
      expect(others).toHaveLength(200);
      await readers.close();
    }),
    { numRuns: 6 },
  );
}, 60_000);
