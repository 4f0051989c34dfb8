import { cpSync, existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Driver, loadDriver } from '../../src/store/driver.ts';
import { markDamaged, partitionBytes, partitionFiles } from '../../src/store/partition-files.ts';
import { StoreWriter } from '../../src/store/store-writer.ts';
import { LocalStore, newDirectory, withoutSync } from './support/local-store.ts';
import { request } from './support/records.ts';

const stores: LocalStore[] = [];
const open = async (
  limits: Parameters<typeof LocalStore.open>[0] = {},
  directory = newDirectory(),
  now?: number,
) => {
  const store = await LocalStore.open(limits, directory, withoutSync, now);
  stores.push(store);
  return store;
};
afterEach(() => {
  for (const store of stores.splice(0)) store.close();
});
const databases = ({ directory }: LocalStore) =>
  readdirSync(directory).filter((name) => /^\d+\.db$/.test(name));
const SPAN = 10_000;
const limits = { partitionRecords: 1_000_000, partitionBytes: 2 ** 40, maxBytes: 2 ** 40, maxAgeMillis: 0 };

describe('when a partition ends', () => {
  test('with the record that fills it, at the next write: an empty one is never left', async () => {
    const store = await open({ partitionRecords: 3 });
    store.add([{ body: 1 }, { body: 2 }]);
    store.add([{ body: 3 }]);
    expect(databases(store)).toHaveLength(1);
    store.add([{ body: 4 }]);
    expect(databases(store)).toHaveLength(2);
    expect(store.writer.totals.partitionsCreated).toBe(2);
  });

  test("when it has its maximum size, including SQLite's log", async () => {
    const first = await open();
    first.add([{ body: 'a' }]);
    const size = partitionBytes(partitionFiles(first.directory)[0]!);
    for (const [bytes, partitions] of [
      [size + 1, 1],
      [size, 2],
    ] as const) {
      const store = await open({ partitionBytes: bytes });
      store.add([{ body: 'a' }]);
      store.add([{ body: 'b' }]);
      expect(databases(store)).toHaveLength(partitions);
      expect(store.count()).toBe(2);
    }
  });

  test('when it spans an eighth of the age limit, but not while it is empty', async () => {
    const store = await open({ maxAgeMillis: 8 * SPAN });
    store.now += SPAN;
    store.writer.care();
    store.add([{ body: 'a' }]);
    expect(databases(store)).toHaveLength(1);
    store.writer.care();
    expect(databases(store)).toHaveLength(2);
    store.add([{ body: 'b' }]);
    store.now += SPAN - 1;
    store.writer.care();
    expect(databases(store)).toHaveLength(2);
    store.now += 1;
    store.writer.care();
    expect(databases(store)).toHaveLength(3);
  });

  test('without an age limit time alone ends none', async () => {
    const store = await open();
    store.add([{ body: 'a' }]);
    store.now += 10 ** 12;
    store.writer.care();
    expect(databases(store)).toHaveLength(1);
    expect(store.count()).toBe(1);
  });
});

test('the totals contain how many records were removed with old or surplus partitions', async () => {
  const store = await open({ partitionRecords: 2, maxAgeMillis: 1_000_000 });
  for (const body of [1, 3, 5]) store.add([{ body }, { body: body + 1 }]);
  store.now += 1_000_001;
  store.add([{ body: 7 }]);
  expect(store.writer.totals).toEqual({
    partitionsCreated: 4,
    partitionsRemoved: 3,
    recordsExpired: 6,
    partitionsQuarantined: 0,
  });
  expect(databases(store)).toEqual(['00000004.db']);
});

test('a store beyond its maximum size keeps at least the newest partition', async () => {
  const store = await open({ partitionRecords: 1, maxBytes: 1 });
  for (const body of ['a', 'b', 'c']) store.add([{ body }]);
  expect(databases(store)).toEqual(['00000003.db']);
  expect(store.find().bodies).toEqual(['c']);
});

describe('the cursor', () => {
  test('is that of the last transaction, also across partitions and after a restart', async () => {
    const store = await open({ partitionRecords: 1 });
    expect(store.writer.cursor).toEqual({ journal: '', next: 0 });
    for (const body of ['a', 'b']) store.add([{ body }]);
    const { cursor } = store.writer;
    expect(cursor).toMatchObject({ next: 3 });
    store.writer.care();
    expect(store.writer.cursor).toEqual(cursor);
    store.close();
    const again = await open({}, store.directory);
    expect(again.writer.cursor).toEqual(cursor);
  });

  test('comes from the previous partition if the newest was being created', async () => {
    const store = await open({ partitionRecords: 1 });
    for (const body of ['a', 'b']) store.add([{ body }]);
    const { cursor } = store.writer;
    store.close();
    writeFileSync(join(store.directory, '00000003.db'), '');
    const again = await open({}, store.directory);
    expect(again.writer.cursor).toEqual(cursor);
    expect(again.writer.totals).toMatchObject({ partitionsCreated: 0, partitionsQuarantined: 0 });
    again.add([{ body: 'c' }]);
    expect(again.find().bodies).toEqual(['c', 'b', 'a']);
  });

  test('starts again from the beginning if the partition that had it cannot be used', async () => {
    const store = await open();
    store.add([{ body: 'a' }]);
    store.close();
    writeFileSync(join(store.directory, '00000001.db'), 'no database '.repeat(1_000));
    const again = await open({}, store.directory);
    expect(again.writer.cursor).toEqual({ journal: '', next: 0 });
    expect(again.writer.totals).toMatchObject({ partitionsCreated: 1, partitionsQuarantined: 1 });
  });
});

describe('a partition that was marked as damaged', () => {
  test('is quarantined by care(), with the reason', async () => {
    const store = await open({ partitionRecords: 1 });
    for (const body of ['a', 'b', 'c']) store.add([{ body }]);
    markDamaged(store.directory, '00000002.db', 'its index is out of order');
    store.writer.care();
    expect(databases(store)).toEqual(['00000001.db', '00000003.db', '00000004.db']);
    expect(store.warnings).toEqual([
      '00000002.db cannot be used (its index is out of order); it is kept as 00000002.db.quarantined, and the store continues without it',
    ]);
    expect(store.find().bodies).toEqual(['c', 'a']);
  });

  test('is replaced at once if it is the newest, and nothing is duplicated', async () => {
    const store = await open();
    store.add([{ body: 'a' }]);
    const { cursor } = store.writer;
    markDamaged(store.directory, '00000001.db', 'somebody says so');
    store.writer.care();
    expect(store.writer.cursor).toEqual(cursor);
    expect(databases(store)).toEqual(['00000002.db']);
    store.add([{ body: 'b' }]);
    expect(store.find().bodies).toEqual(['b']);
    expect(store.writer.totals).toMatchObject({ partitionsCreated: 2, partitionsQuarantined: 1 });
    expect(existsSync(join(store.directory, '00000001.db.damaged'))).toBe(false);
  });

  test('is quarantined before the store is opened', async () => {
    const store = await open({ partitionRecords: 1 });
    for (const body of ['a', 'b']) store.add([{ body }]);
    const { cursor } = store.writer;
    store.close();
    markDamaged(store.directory, '00000001.db', 'somebody says so');
    const again = await open({}, store.directory);
    expect(again.writer.cursor).toEqual(cursor);
    expect(again.find().bodies).toEqual(['b']);
    expect(again.warnings).toHaveLength(1);
  });
});

test('a probe stores nothing, and the store continues, whether it succeeds or not', async () => {
  const store = await open();
  const { writer } = store;
  writer.probe(request([{ body: 'probe' }]));
  expect(() => writer.probe(Buffer.from('no protobuf'))).toThrow();
  writer.probe(request([{ body: 'probe' }]));
  expect(writer.cursor).toEqual({ journal: '', next: 0 });
  store.add([{ body: 'a' }]);
  expect(store.find().bodies).toEqual(['a']);
});

test('the name of each partition is reported before it is opened, so that the cause of a crash is known', async () => {
  const store = await open({ partitionRecords: 1, maxAgeMillis: 1_000_000 });
  for (const body of ['a', 'b', 'c']) store.add([{ body }]);
  store.close();
  const copy = newDirectory();
  cpSync(store.directory, copy, { recursive: true });

  const names: string[] = [];
  const onOpen = (name: string) => void names.push(name);
  const driver = withoutSync(await loadDriver());
  const options = { driver, directory: copy, limits: { ...limits, maxBytes: 1 }, now: () => 0, onOpen };
  const writer = new StoreWriter({ ...options, onWarning: () => {} });
  writer.open();
  writer.close();
  expect(names).toEqual(['00000003.db', '00000001.db', '00000002.db']);
});

test('one process at a time: a second writer waits for the first, and then fails', async () => {
  const store = await open();
  const native = await loadDriver();
  const waits: string[] = [];
  const impatient: Driver = {
    ...native,
    open: (path, mode) => {
      const database = native.open(path, mode);
      const exec = (sql: string) => {
        waits.push(...(/busy_timeout=\d+/.exec(sql) ?? []));
        database.exec(sql.replace(/busy_timeout=\d+/, 'busy_timeout=0'));
      };
      return { exec, prepare: (sql) => database.prepare(sql), close: () => database.close() };
    },
  };
  const { directory } = store;
  const second = new StoreWriter({ driver: impatient, directory, limits, now: () => 0, onWarning: () => {} });
  expect(() => second.open()).toThrow(/locked/);
  expect(waits).toEqual(['busy_timeout=10000']);
  second.close();

  store.writer.close();
  expect(() => second.open()).not.toThrow();
  second.close();
});

test('a store that is not open, or was closed, reports that', async () => {
  const driver = await loadDriver();
  const directory = join(newDirectory(), 'deep', 'store');
  const writer = new StoreWriter({ driver, directory, limits, now: () => 0, onWarning: () => {} });
  expect(() => writer.cursor).toThrow('the store is not open');
  expect(() => writer.write([], { journal: '', next: 0 })).toThrow('the store is not open');
  writer.open();
  expect(existsSync(directory)).toBe(true);
  writer.close();
  writer.close();
  expect(() => writer.probe(request([{}]))).toThrow('the store is not open');
});

test('all entries that cannot be decoded are reported, with the error of the last one', async () => {
  const { writer } = await open();
  const entry = (index: number, body: Uint8Array) => ({ index, receivedMillis: 1, body });
  const written = writer.write(
    [entry(4, Buffer.from('no protobuf')), entry(5, request([{ body: 'a' }])), entry(6, Buffer.from([0xff]))],
    { journal: 'a'.repeat(32), next: 7 },
  );
  expect(written).toEqual({ bad: [4, 6], message: expect.any(String) });
  expect(written.message).not.toBe('');
  expect(writer.cursor.next).toBe(7);
});

test('a partition that is a directory is an error of the disk, and is not quarantined', async () => {
  const directory = newDirectory();
  mkdirSync(join(directory, '00000001.db'), { recursive: true });
  await expect(open({}, directory)).rejects.toThrow();
  expect(readdirSync(directory)).toContain('00000001.db');
});
