import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { recordFields } from '../../src/otlp/index.ts';
import { type Database, type Driver, loadDriver } from '../../src/store/driver.ts';
import { partitionFile } from '../../src/store/partition-files.ts';
import { CHUNKS_AT_ONCE, PartitionReader } from '../../src/store/partition-reader.ts';
import { PartitionWriter } from '../../src/store/partition-writer.ts';
import {
  checkFormat,
  ForeignPartition,
  readState,
  rollBack,
  UnfinishedPartition,
} from '../../src/store/schema.ts';
import { withoutSync } from './support/local-store.ts';
import { request, type Said } from './support/records.ts';

const JOURNAL = 'a'.repeat(32);
const ALL = { minSeverity: 0, from: 0, to: Number.MAX_SAFE_INTEGER };
const END = Number.MAX_SAFE_INTEGER - 1;

let directory: string;
let driver: Driver;
const opened: { close(): void }[] = [];
beforeEach(async () => {
  directory = mkdtempSync(join(tmpdir(), 'partition-'));
  driver = withoutSync(await loadDriver());
});
afterEach(() => {
  for (const one of opened.splice(0)) one.close();
  rmSync(directory, { recursive: true, force: true });
});

function closed(one: { close(): void }): void {
  opened.splice(opened.indexOf(one), 1);
  one.close();
}

function writing(now = 5_000) {
  const file = partitionFile(directory, 1);
  const cursor = () => ({ journal: '', next: 0 });
  const writer = new PartitionWriter(driver, file, { cursor, now });
  opened.push(writer);
  const add = (bodies: readonly Uint8Array[], receivedMillis = now, next = 1) => {
    writer.begin();
    for (const body of bodies) writer.add(body, receivedMillis);
    writer.commit({ journal: JOURNAL, next });
  };
  const reader = () => {
    const one = new PartitionReader(driver, file);
    opened.push(one);
    return one;
  };
  return { writer, add, reader, file };
}

function database(): Database {
  const one = driver.open(join(directory, '00000001.db'), 'create');
  opened.push(one);
  return one;
}

const numbered = (count: number, said: Said = {}) =>
  Array.from({ length: count }, (_, body) => ({ ...said, body }));
const sizes = (reader: PartitionReader) =>
  [...reader.chunks('oldest', ALL, END)]
    .flat()
    .map(({ id }) => [...recordFields(reader.chunk(id)!.records)].length);

describe('a partition that is written', () => {
  test('a new one has no records and its initial cursor', () => {
    const { writer, reader } = writing(5_000);
    const empty = {
      records: 0,
      chunks: 0,
      began: 5_000,
      received: 5_000,
      first: Number.MAX_SAFE_INTEGER,
      last: 0,
    };
    expect(writer.state).toMatchObject({ journal: '', next: 0, ...empty });
    expect(reader().state).toMatchObject({ journal: '', next: 0, ...empty });
  });

  test('each transaction stores the totals, the time range, the latest receipt and the cursor', () => {
    const { writer, add, reader } = writing(5_000);
    add([request([{ time: 2_000 }, { time: 0, observed: 9_000 }])], 7_000, 3);
    add([request([{ time: 1_500 }])], 6_000, 4);

    const state = {
      journal: JOURNAL,
      next: 4,
      records: 3,
      began: 5_000,
      received: 7_000,
      first: 1_500,
      last: 9_000,
    };
    expect(writer.state).toMatchObject({ ...state, chunks: 2 });
    expect(reader().state).toMatchObject({ ...state, chunks: 2 });
  });

  test('records of small requests of one logger share chunks of 64 records; a transaction ends a chunk', () => {
    const { add, reader } = writing();
    add([request(numbered(40)), request(numbered(24)), request(numbered(1))]);
    add([request(numbered(40)), request(numbered(25))]);
    expect(sizes(reader())).toEqual([64, 1, 40, 25]);
  });

  test('records of another service or scope start a new chunk, and common data is stored once', () => {
    const { add, reader } = writing();
    add([request(numbered(1), 'a'), request(numbered(1), 'b'), request(numbered(1), 'a')]);
    const chunks = [...reader().chunks('oldest', ALL, END)].flat();
    expect(chunks).toMatchObject([
      { id: 1, resource: 1, scope: 1 },
      { id: 2, resource: 2, scope: 1 },
      { id: 3, resource: 1, scope: 1 },
    ]);
  });

  test('a chunk has at most 256 KiB; a larger record is a chunk of its own', () => {
    const { add, reader } = writing();
    const filler = (bytes: number) => request([{ body: 'x'.repeat(bytes) }]);
    add([filler(130_000), filler(130_000), filler(130_000), filler(300_000), filler(1)]);
    expect(sizes(reader())).toEqual([2, 1, 1, 1]);
  });

  test('after a rollback nothing is stored: its services are stored again, and the next chunk has its number', () => {
    const { writer, add, reader } = writing();
    writer.begin();
    writer.add(request(numbered(3), 'shop'), 9_000);
    writer.rollback();
    expect(writer.state).toMatchObject({ records: 0, chunks: 0, received: 5_000 });

    add([request([{ body: 'kept' }], 'shop')]);
    const [chunk] = [...reader().chunks('oldest', ALL, END)].flat();
    expect(chunk).toMatchObject({ id: 1 });
    expect(reader().resource(chunk!.resource).length).toBeGreaterThan(0);
    expect(writer.state).toMatchObject({ records: 1, chunks: 1 });
  });

  test('an existing one continues with the next numbers, and does not request the initial cursor', () => {
    const first = writing();
    first.add([request(numbered(1), 'a')], 5_000, 7);
    closed(first.writer);
    const cursor = () => {
      throw new Error('it is not new');
    };
    const writer = new PartitionWriter(driver, first.file, { cursor, now: 9_000 });
    opened.push(writer);
    expect(writer.state).toMatchObject({ journal: JOURNAL, next: 7, began: 5_000 });
    writer.begin();
    writer.add(request(numbered(1), 'b'), 9_000);
    writer.commit({ journal: JOURNAL, next: 8 });
    expect([...first.reader().chunks('oldest', ALL, END)].flat()).toMatchObject([
      { id: 1, resource: 1 },
      { id: 2, resource: 2 },
    ]);
  });

  test('closing moves everything into one file, even while a reader has it open', () => {
    const { writer, add, reader, file } = writing();
    reader();
    add([request(numbered(1))]);
    closed(writer);
    const copy = join(directory, 'copy.db');
    cpSync(file.path, copy);
    const one = driver.open(copy, 'existing');
    opened.push(one);
    expect(readState(one)).toMatchObject({ records: 1 });
  });
});

describe('a partition that is read', () => {
  test('chunks are returned in both orders, page by page, up to a chunk', () => {
    const { add, reader } = writing();
    // More than two pages of 256 chunks.
    add(Array.from({ length: 520 }, (_, at) => request([{ body: at }], `service ${at % 2}`)));
    const one = reader();
    const ids = (order: 'newest' | 'oldest', upTo: number) => {
      const pages = [...one.chunks(order, ALL, upTo)];
      return { pages: pages.map(({ length }) => length), ids: pages.flat().map(({ id }) => id) };
    };
    const expected = Array.from({ length: 520 }, (_, at) => at + 1);
    expect(ids('oldest', END)).toEqual({ pages: [256, 256, 8], ids: expected });
    expect(ids('newest', END).ids).toEqual(expected.toReversed());
    expect(ids('oldest', 512)).toEqual({ pages: [256, 256], ids: expected.slice(0, 512) });
    expect(ids('newest', 3).ids).toEqual([3, 2, 1]);
    expect(ids('oldest', 0)).toEqual({ pages: [], ids: [] });
  });

  test('chunks are skipped if all their records are below the severity or outside the time range', () => {
    const { add, reader } = writing();
    for (const [severity, time] of [
      [5, 1_000],
      [9, 2_000],
      [17, 3_000],
    ] as const) {
      add([
        request([
          { severity: 1, time },
          { severity, time },
        ]),
      ]);
    }
    const one = reader();
    const ids = (bounds: Partial<typeof ALL>) =>
      [...one.chunks('oldest', { ...ALL, ...bounds }, END)].flat().map(({ id }) => id);
    expect(ids({ minSeverity: 9 })).toEqual([2, 3]);
    expect(ids({ minSeverity: 10 })).toEqual([3]);
    expect(ids({ from: 2_000 })).toEqual([2, 3]);
    expect(ids({ from: 2_001 })).toEqual([3]);
    expect(ids({ to: 2_000 })).toEqual([1, 2]);
    expect(ids({ to: 1_999 })).toEqual([1]);
  });

  test('hits are the positions of records in their chunks, in both orders, up to a chunk', () => {
    const { add, reader } = writing();
    add([request(numbered(70, { event: 'alpha' }))]);
    add([request([{ body: 'beta' }, { body: 'alpha' }, { body: 'alpha' }])]);
    const one = reader();
    const last = { chunk: 3, places: [1, 2] };
    expect(one.countHits('alpha')).toBe(72);
    expect([...one.hits('oldest', 'alpha', END)].flat().at(-1)).toEqual(last);
    expect([...one.hits('newest', 'alpha', END)].flat()[0]).toEqual({ ...last, places: [2, 1] });
    const first = [...one.hits('oldest', 'alpha', 1)].flat();
    expect(first).toEqual([{ chunk: 1, places: Array.from({ length: 64 }, (_, at) => at) }]);
  });

  test('the records of up to 16 chunks are read at once; missing chunks are omitted', () => {
    const { add, reader } = writing();
    add(Array.from({ length: 20 }, (_, at) => request([{ body: at }], `service ${at}`)));
    const one = reader();
    const ids = Array.from({ length: CHUNKS_AT_ONCE }, (_, at) => at + 5);
    const all = one.records(ids);
    expect([...all.keys()].sort((a, b) => a - b)).toEqual(ids);
    for (const id of ids) expect(all.get(id)).toEqual(one.chunk(id)!.records);
    expect([...one.records([3, 99]).keys()]).toEqual([3]);
    expect(one.chunk(99)).toBeUndefined();
  });

  test('a chunk with a missing service is damage', () => {
    const one = (() => {
      const { add, reader } = writing();
      add([request(numbered(1))]);
      return reader();
    })();
    expect(() => one.resource(99)).toThrow(ForeignPartition);
    expect(() => one.scope(99)).toThrow('a resource or scope is missing');
  });

  test('an index with a cycle is damage, and ends the reading', () => {
    const { add, reader } = writing();
    add([request(numbered(1))]);
    const page = Array.from({ length: 256 }, () => ({ id: 7, resource: 1, scope: 1 }));
    const real = driver;
    driver = {
      ...real,
      open: (path, mode) => {
        const native = real.open(path, mode);
        const circling = (sql: string) => ({ ...native.prepare(sql), all: () => page });
        return {
          exec: (sql) => native.exec(sql),
          close: () => native.close(),
          prepare: (sql) => (sql.includes('ORDER BY') ? circling(sql) : native.prepare(sql)),
        };
      },
    };
    const one = reader();
    for (const order of ['oldest', 'newest'] as const) {
      expect(() => [...one.chunks(order, ALL, END)]).toThrow('its index is out of order');
      expect(() => [...one.hits(order, 'alpha', END)]).toThrow('its index is out of order');
    }
  });

  test('a reader never writes or creates a file', () => {
    const { reader, file } = writing();
    const exec: string[] = [];
    const real = driver;
    driver = {
      ...real,
      open: (path, mode) => {
        exec.push(mode);
        const native = real.open(path, mode);
        const noted = (sql: string) => {
          exec.push(sql);
          native.exec(sql);
        };
        return { ...native, exec: noted };
      },
    };
    reader();
    expect(exec[0]).toBe('existing');
    expect(exec[1]).toContain('query_only=1');
    rmSync(file.path);
    expect(() => reader()).toThrow();
  });
});

describe('the header of a file', () => {
  test('a file without tables is new; one with foreign tables is refused', () => {
    const one = database();
    expect(checkFormat(one)).toBe(false);
    one.exec('CREATE TABLE mine(a)');
    expect(() => checkFormat(one)).toThrow('it is not a file of a store');
  });

  test.each([
    ['application_id=1', 'it is not a file of a store'],
    ['user_version=1', 'it is not a file of a store'],
    [`application_id=${0x62_6c_73_74}; PRAGMA user_version=2`, 'it has version 2, expected 1'],
    [`application_id=${0x62_6c_73_74}`, 'it has version 0, expected 1'],
  ])('PRAGMA %s: %s', (pragma, message) => {
    const one = database();
    one.exec(`PRAGMA ${pragma}`);
    let error: unknown;
    try {
      checkFormat(one);
    } catch (caught) {
      error = caught;
    }
    expect(error).toBeInstanceOf(ForeignPartition);
    expect((error as Error).message).toBe(message);
    // No transaction is left open.
    expect(() => one.exec('BEGIN; COMMIT')).not.toThrow();
  });

  test('a file that is being created is unfinished for readers, and closed again', () => {
    database().exec('PRAGMA journal_mode=WAL');
    let closed = 0;
    const counting: Driver = {
      ...driver,
      open: (path, mode) => {
        const native = driver.open(path, mode);
        return {
          exec: (sql) => native.exec(sql),
          prepare: (sql) => native.prepare(sql),
          close: () => {
            closed += 1;
            native.close();
          },
        };
      },
    };
    expect(() => new PartitionReader(counting, partitionFile(directory, 1))).toThrow(UnfinishedPartition);
    expect(closed).toBe(1);
  });

  test('a missing state is undefined; one with an invalid value is damaged', () => {
    closed(writing().writer);
    const one = database();
    expect(readState(one)).toMatchObject({ journal: '', next: 0 });
    one.exec("UPDATE state SET next='x'");
    expect(() => readState(one)).toThrow('its state is damaged');
    one.exec("UPDATE state SET next=1, journal=x'00'");
    expect(() => readState(one)).toThrow('its state is damaged');
    one.exec('DELETE FROM state');
    expect(readState(one)).toBeUndefined();
    closed(one);
    expect(() => writing()).toThrow('00000001.db has no state');
  });

  test('a transaction that SQLite has ended by itself is no error when it is rolled back', () => {
    const one = database();
    expect(() => rollBack(one)).not.toThrow();
  });
});
