import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Bound, Database, Driver } from '../../src/store/driver.ts';
import { LocalStore, withoutSync } from './support/local-store.ts';
import { request } from './support/records.ts';

const stores: LocalStore[] = [];
const open = async (...options: Parameters<typeof LocalStore.open>) => {
  const store = await LocalStore.open(...options);
  stores.push(store);
  return store;
};
afterEach(() => {
  for (const store of stores.splice(0)) store.close();
});

/** SQLite with one call that fails. */
class Faulty {
  /** The number of calls before the one that fails. */
  left = Number.POSITIVE_INFINITY;
  #errcode = 0;

  failAt(call: number, errcode: number): void {
    this.left = call;
    this.#errcode = errcode;
  }

  readonly through = (driver: Driver): Driver => ({
    name: driver.name,
    open: (path, mode) => {
      this.#call();
      return this.#database(withoutSync(driver).open(path, mode));
    },
  });

  #database(database: Database): Database {
    return {
      exec: (sql) => {
        // This always ends the transaction.
        if (sql !== 'ROLLBACK') this.#call();
        database.exec(sql);
      },
      prepare: (sql) => {
        const statement = database.prepare(sql);
        const called = (way: 'run' | 'all') =>
          ((...values: readonly Bound[]) => {
            this.#call();
            return statement[way](...values);
          }) as never;
        return { run: called('run'), all: called('all') };
      },
      close: () => database.close(),
    };
  }

  #call(): void {
    this.left -= 1;
    if (this.left < 0) {
      this.left = Number.POSITIVE_INFINITY;
      throw Object.assign(new Error('a fault'), { errcode: this.#errcode });
    }
  }
}

const FULL = 13;
const CORRUPT = 11;
const limits = { partitionRecords: 2, maxAgeMillis: 0 };

/** Writes batches of one record, each until it is written, with a fault in between. */
async function writtenWith(errcode: number, call: number) {
  const faulty = new Faulty();
  const store = await open(limits, undefined, faulty.through);
  store.add([{ body: 0 }]);
  faulty.failAt(call, errcode);
  let failed = 0;
  for (let body = 1; body <= 2; body += 1) {
    for (let isWritten = false; !isWritten; ) {
      try {
        store.add([{ body }]);
        isWritten = true;
      } catch {
        failed += 1;
      }
    }
  }
  const isOver = faulty.left !== Number.POSITIVE_INFINITY;
  faulty.left = Number.POSITIVE_INFINITY;
  return { store, failed, isOver };
}

test('a failed write has written nothing, whichever SQLite call fails: after a retry each record is stored once', async () => {
  let call = 0;
  for (let isOver = false; !isOver; call += 1) {
    const written = await writtenWith(FULL, call);
    expect({ call, bodies: written.store.find({ order: 'oldest' }).bodies }).toEqual({
      call,
      bodies: [0, 1, 2],
    });
    expect(written.store.damaged).toEqual([]);
    isOver = written.isOver;
    for (const store of stores.splice(0)) store.close();
  }
  expect(call).toBeGreaterThan(20);
});

test('a partition that turns out to be damaged during a write is quarantined, and nothing else is lost or duplicated', async () => {
  let quarantined = 0;
  for (let call = 0, isOver = false; !isOver; call += 1) {
    const written = await writtenWith(CORRUPT, call);
    const { store } = written;
    const bodies = store.find({ order: 'oldest' }).bodies as number[];
    expect({ call, bodies: bodies.toSorted() }).toEqual({ call, bodies: [...new Set(bodies)] });
    expect({ call, lost: 3 - bodies.length }).toEqual({
      call,
      lost: readdirSync(store.directory).some((name) => name.includes('quarantined'))
        ? expect.any(Number)
        : 0,
    });
    expect(bodies).toContain(2);
    quarantined += store.writer.totals.partitionsQuarantined;
    isOver = written.isOver;
    for (const each of stores.splice(0)) each.close();
  }
  expect(quarantined).toBeGreaterThan(0);
});

test('if the disk is full within a transaction, the batch is written completely or not at all', async () => {
  let pages = 60;
  const databases: Database[] = [];
  const store = await open({}, undefined, (driver) => ({
    name: driver.name,
    open: (path, mode) => {
      const database = driver.open(path, mode);
      databases.push(database);
      database.exec(`PRAGMA max_page_count=${pages}`);
      return database;
    },
  }));
  const batch = (first: number) =>
    request(Array.from({ length: 50 }, (_, at) => ({ body: `${first + at} ${'filler '.repeat(20)}` })));
  let batches = 0;
  expect(() => {
    for (; batches < 1_000; batches += 1) store.addBody(batch(batches * 50));
  }).toThrow(/full/);
  expect(batches).toBeGreaterThan(1);
  expect(store.count()).toBe(batches * 50);
  expect(() => store.addBody(batch(0))).toThrow(/full/);

  pages *= 100;
  for (const database of databases) database.exec(`PRAGMA max_page_count=${pages}`);
  store.addBody(batch(batches * 50));
  const numbers = store.find({ order: 'oldest' }).bodies.map((body) => Number.parseInt(String(body), 10));
  expect(numbers).toEqual(Array.from({ length: (batches + 1) * 50 }, (_, at) => at));
  expect(store.damaged).toEqual([]);
});

test('a search continues while partitions that it reads, or has not read yet, are removed', async () => {
  const store = await open({ partitionRecords: 200, maxAgeMillis: 1_000_000 });
  for (let partition = 0; partition < 4; partition += 1) {
    store.add(Array.from({ length: 200 }, (_, at) => ({ body: partition * 200 + at })));
  }
  store.add([{ body: 'newest' }]);
  const found: string[] = [];
  const damaged: string[] = [];
  const ignore = () => {};
  const { records } = store.reader.records({ limit: 10_000, order: 'oldest' }, 60_000, {
    at: ignore,
    unreadable: ignore,
    damaged: (name) => void damaged.push(name),
    lines: (text) => {
      found.push(text);
      store.now += 2_000_000;
      store.writer.care();
    },
  });

  expect(damaged).toEqual([]);
  expect(store.writer.totals.partitionsRemoved).toBeGreaterThanOrEqual(4);
  // Everything in the partition that was being read, and in those that were not removed.
  expect(records).toBe(201);
  expect(found.join('')).toContain('newest');
});

test('a damaged partition does not count for the size: no other one is removed instead of it', async () => {
  const filler = 'filler '.repeat(2_000);
  const first = await open({ partitionRecords: 10 });
  for (let partition = 0; partition < 4; partition += 1) {
    first.add(Array.from({ length: 10 }, (_, at) => ({ body: `${partition}-${at} ${filler}${at}` })));
  }
  first.close();
  writeFileSync(join(first.directory, '00000001.db'), 'no database '.repeat(50_000));

  const store = await open({ partitionRecords: 10, maxBytes: 900_000 }, first.directory);
  expect(store.writer.totals).toMatchObject({ partitionsQuarantined: 1, partitionsRemoved: 0 });
  expect(store.count()).toBe(30);
});

test('files beside a removed partition are removed; files beside an existing one are kept', async () => {
  const first = await open({ partitionRecords: 1 });
  first.add([{ body: 'a' }]);
  first.add([{ body: 'b' }]);
  first.close();
  const rests = ['00000007.db-wal', '00000007.db-shm', '00000007.db-journal', '00000008.db.damaged'];
  const others = ['00000009.db.quarantined', '00000009.db.quarantined-wal', 'notes.txt'];
  for (const name of [...rests, ...others]) writeFileSync(join(first.directory, name), '');

  const store = await open({ partitionRecords: 1 }, first.directory);
  expect(rests.filter((name) => existsSync(join(store.directory, name)))).toEqual([]);
  expect(others.filter((name) => !existsSync(join(store.directory, name)))).toEqual([]);
  expect(store.find().bodies).toEqual(['b', 'a']);
});

test('old records that cannot be removed do not prevent new ones from being written', async () => {
  const store = await open({ partitionRecords: 1 }, undefined, (driver) => ({
    name: driver.name,
    open: (path, mode) => {
      if (mode === 'existing') throw new Error('permission denied');
      return driver.open(path, mode);
    },
  }));
  for (const body of ['a', 'b', 'c']) store.add([{ body }]);

  expect(store.find().bodies).toEqual(['c', 'b', 'a']);
  expect(store.warnings[0]).toContain('old records could not be removed: Error: permission denied');
});
