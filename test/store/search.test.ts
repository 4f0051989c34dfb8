import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Driver, loadDriver } from '../../src/store/driver.ts';
import { markDamaged, partitionFiles } from '../../src/store/partition-files.ts';
import type { Query } from '../../src/store/query.ts';
import { type Findings, StoreReader } from '../../src/store/store-reader.ts';
import { LocalStore, newDirectory, withoutSync } from './support/local-store.ts';
import { bodiesOf } from './support/records.ts';

const stores: LocalStore[] = [];
const open = async (limits: Parameters<typeof LocalStore.open>[0] = {}, directory = newDirectory()) => {
  const store = await LocalStore.open(limits, directory, withoutSync);
  stores.push(store);
  return store;
};
afterEach(() => {
  for (const store of stores.splice(0)) store.close();
});
const TRACE = '0af7651916cd43dd8448eb211c80319c';
const numbers = (from: number, count: number) => Array.from({ length: count }, (_, at) => from + at);

/** Changes the tables of a partition outside the store. */
async function damage({ directory }: LocalStore, sql: string, name = '00000001.db'): Promise<void> {
  const database = (await loadDriver()).open(join(directory, name), 'existing');
  database.exec(sql);
  database.close();
}

/** A reader of a store, and everything that it reports. */
async function reading(directory: string, now = () => 0, through = (driver: Driver) => driver) {
  const reader = new StoreReader(through(await loadDriver()), directory, now);
  stores.push(reader as unknown as LocalStore);
  const said: string[] = [];
  const findings: Findings = {
    at: (name) => void said.push(`at ${name}`),
    lines: (text) => void said.push(...bodiesOf(text).map(String)),
    unreadable: (name, why) => void said.push(`unreadable ${name}: ${why}`),
    damaged: (name, why) => void said.push(`damaged ${name}: ${why}`),
  };
  const ask = (kind: 'records' | 'count', query: Partial<Query>, boundMillis = 1_000) =>
    reader[kind]({ limit: 1_000, order: 'oldest', ...query }, boundMillis, findings);
  return { reader, ask, said };
}

describe('records that cannot be decoded', () => {
  const stored = async () => {
    const store = await open();
    for (const body of ['alpha 1', 'alpha 2', 'alpha 3']) store.add([{ body, trace: TRACE }], body);
    return store;
  };
  const queries: readonly Partial<Query>[] = [
    {},
    { words: 'alpha' },
    { when: 'severity_number > 0' },
    { when: 'resource.attributes["service.name"] != nil' },
    { trace: TRACE, order: 'newest' },
  ];

  test.each(queries)('%j: a chunk of them is reported and left out, the others are found', async (query) => {
    const store = await stored();
    await damage(store, "UPDATE chunks SET records=x'ff' WHERE id=2");
    const { ask, said } = await reading(store.directory);

    expect(ask('records', query)).toMatchObject({ records: 2, more: false });
    expect(said.filter((each) => each.startsWith('alpha')).sort()).toEqual(['alpha 1', 'alpha 3']);
    expect(said.filter((each) => each.startsWith('unreadable'))).toEqual([
      expect.stringMatching(/^unreadable 00000001\.db: ./),
    ]);
  });

  test('the same for a service that cannot be decoded, if its attributes decide', async () => {
    const store = await stored();
    await damage(store, "UPDATE resources SET bytes=x'ff' WHERE id=2");
    const { ask, said } = await reading(store.directory);
    expect(ask('records', { when: 'resource.attributes["service.name"] != nil' })).toMatchObject({
      records: 2,
    });
    expect(said.filter((each) => each.startsWith('unreadable'))).toHaveLength(1);
  });

  test('a record that is in the index but not in the chunks is not a hit', async () => {
    const store = await stored();
    await damage(store, 'DELETE FROM chunks WHERE id=2');
    const { ask, said } = await reading(store.directory);
    expect(ask('records', { words: 'alpha' })).toMatchObject({ records: 2 });
    expect(said).toEqual(['at 00000001.db', 'at 00000001.db', 'alpha 1', 'alpha 3']);
  });

  test('a missing service makes the partition unusable, and the others are searched', async () => {
    const store = await open({ partitionRecords: 1 });
    for (const body of ['a', 'b']) store.add([{ body }]);
    await damage(store, 'DELETE FROM resources');
    const { ask, said } = await reading(store.directory);
    expect(ask('records', {})).toMatchObject({ records: 1 });
    expect(said).toEqual([
      'at 00000002.db',
      'at 00000001.db',
      expect.stringMatching(/^damaged 00000001\.db: .*a resource or scope is missing/),
      'at 00000002.db',
      'b',
    ]);
  });
});

describe('how a search ends', () => {
  test('after the time limit the result is marked as cut; exactly at the limit it is not', async () => {
    const store = await open({ partitionRecords: 1 });
    for (const body of ['a', 'b', 'c']) store.add([{ body }]);
    let time = 0;
    const { ask } = await reading(store.directory, () => {
      time += 1;
      return time;
    });
    const all = ask('records', {}, 1_000);
    expect(all).toMatchObject({ records: 3, isCut: false });
    expect(ask('records', {}, 0)).toMatchObject({ records: 1, more: false, isCut: true });
    expect(ask('count', { when: 'severity_number > 0' }, 0)).toMatchObject({ records: 1, isCut: true });
    expect(ask('count', {}, 0)).toMatchObject({ records: 1, isCut: true });
    const stopped = await reading(store.directory);
    expect(stopped.ask('records', {}, 0)).toMatchObject({ records: 3, isCut: false });
  });

  test('a result that has reached its record limit is not marked as cut', async () => {
    const store = await open();
    store.add(numbers(0, 10).map((body) => ({ body })));
    let time = 0;
    const { ask } = await reading(store.directory, () => {
      time += 1_000;
      return time;
    });
    expect(ask('records', { limit: 3 }, 0)).toMatchObject({ records: 3, more: true, isCut: false });
  });

  test.each([
    [3, false],
    [2, true],
    [1, true],
  ])('of three records with a limit of %i there are more: %s', async (limit, more) => {
    const store = await open({ partitionRecords: 1 });
    for (const body of ['a', 'b', 'c']) store.add([{ body }]);
    const { ask, said } = await reading(store.directory);
    expect(ask('records', { limit })).toMatchObject({ records: limit, more, isCut: false });
    expect(said.filter((each) => !each.startsWith('at '))).toEqual(['a', 'b', 'c'].slice(0, limit));
  });

  test('a count never has the flag `more`', async () => {
    const store = await open();
    store.add([{ body: 'a' }, { body: 'b' }]);
    const { ask, said } = await reading(store.directory);
    for (const query of [{}, { words: 'a' }, { when: 'body == "a"' }]) {
      expect(ask('count', { ...query, limit: 1 })).toMatchObject({ more: false });
    }
    expect(said.filter((each) => !each.startsWith('at '))).toEqual([]);
  });
});

describe('which partitions are read', () => {
  test('those whose records are all outside the time range are skipped', async () => {
    const store = await open({ partitionRecords: 1 });
    for (const time of [1_000, 2_000, 3_000]) store.add([{ body: time, time }]);
    // If they were opened, damage would be reported.
    for (const name of ['00000001.db', '00000002.db', '00000003.db']) {
      await damage(store, "UPDATE chunks SET records=x'ff'", name);
    }
    const { ask, said } = await reading(store.directory);
    const read = (query: Partial<Query>) => {
      said.length = 0;
      ask('records', query);
      return said.filter((each) => each.startsWith('unreadable')).map((each) => Number(each.slice(18, 19)));
    };
    expect(read({})).toEqual([1, 2, 3]);
    expect(read({ from: '2000000000' })).toEqual([2, 3]);
    expect(read({ from: '2001000000' })).toEqual([3]);
    expect(read({ to: '2000000001' })).toEqual([1, 2]);
    expect(read({ to: '2000000000' })).toEqual([1]);
    expect(read({ from: '1500000000', to: '2500000000' })).toEqual([2]);
    expect(read({ to: '1' })).toEqual([]);
  });

  test('one that was marked as damaged is not opened', async () => {
    const store = await open({ partitionRecords: 1 });
    for (const body of ['a', 'b', 'c']) store.add([{ body }]);
    markDamaged(store.directory, '00000002.db', 'somebody says so');
    const { ask, said } = await reading(store.directory);
    expect(ask('records', {})).toMatchObject({ records: 2 });
    expect(said).not.toContain('at 00000002.db');
  });

  test('while the newest is being created, the cursor is that of the previous one, and its records are found', async () => {
    const store = await open({ partitionRecords: 1 });
    store.add([{ body: 'a' }]);
    store.add([{ body: 'b' }]);
    const { cursor } = store.writer;
    writeFileSync(join(store.directory, '00000003.db'), '');
    const { ask, said } = await reading(store.directory);
    expect(ask('records', {})).toMatchObject({ records: 2, cursor });
    expect(said.some((each) => each.startsWith('damaged'))).toBe(false);
  });

  test('for an empty or missing directory, the cursor is the beginning', async () => {
    const { ask, said } = await reading(join(newDirectory(), 'none'));
    const none = { records: 0, more: false, isCut: false, cursor: { journal: '', next: 0 } };
    expect(ask('records', {})).toEqual(none);
    expect(ask('count', {})).toEqual(none);
    expect(said).toEqual([]);
  });

  test('records that are written during a search are not part of its result', async () => {
    const store = await open({ partitionRecords: 500 });
    for (const body of numbers(0, 40)) store.add([{ body, event: 'counted' }], `service ${body}`);
    for (const query of [{}, { words: 'counted' }, { when: 'event_name == "counted"' }]) {
      const before = store.count(query);
      const found: unknown[] = [];
      let isFirst = true;
      const { records } = store.reader.records({ limit: 10_000, order: 'oldest', ...query }, 60_000, {
        ...{ at: () => {}, unreadable: () => {}, damaged: () => {} },
        lines: (text) => {
          found.push(...bodiesOf(text));
          if (isFirst) store.add([{ body: 'late', event: 'counted' }]);
          isFirst = false;
        },
      });
      expect(records).toBe(before);
      expect(found.filter((body) => body === 'late').length).toBe(before - 40);
    }
  });

  test('an open partition is closed when it was removed, and opened once for many queries', async () => {
    const store = await open({ partitionRecords: 1, maxAgeMillis: 1_000 });
    store.add([{ body: 'a' }]);
    store.add([{ body: 'b' }]);
    const events: string[] = [];
    const { ask, reader } = await reading(
      store.directory,
      () => 0,
      (driver) => ({
        ...driver,
        open: (path, mode) => {
          const native = driver.open(path, mode);
          const name = path.slice(-4, -3);
          events.push(`open ${name}`);
          const close = () => {
            events.push(`close ${name}`);
            native.close();
          };
          return { exec: (sql) => native.exec(sql), prepare: (sql) => native.prepare(sql), close };
        },
      }),
    );
    for (let time = 0; time < 3; time += 1) expect(ask('records', {}).records).toBe(2);
    expect(events.sort()).toEqual(['open 1', 'open 2']);
    store.now += 2_000;
    store.writer.care();
    events.length = 0;
    expect(ask('records', {}).records).toBe(0);
    expect(events.filter((each) => each.startsWith('close')).sort()).toEqual(['close 1', 'close 2']);
    reader.close();
    expect(events.at(-1)).toBe('close 3');
  });

  test('an error that is not about the file ends the search', async () => {
    const store = await open();
    store.add([{ body: 'a' }]);
    const broken = (): Driver => ({
      name: 'libsql',
      open: () => {
        throw new Error('too many open files');
      },
    });
    const { ask, said } = await reading(store.directory, () => 0, broken);
    expect(() => ask('records', {})).toThrow('too many open files');
    expect(said).toEqual(['at 00000001.db']);
    for (const { path } of partitionFiles(store.directory)) rmSync(path);
    expect(ask('records', {}).records).toBe(0);
  });
});
