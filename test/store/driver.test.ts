import { mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Bound, isCorrupt, loadDriver } from '../../src/store/driver.ts';

const newFile = () => join(mkdtempSync(join(tmpdir(), 'driver-')), 'a file.db');

test('only numbers that are whole, texts without NUL, bytes and null are bound, and as many as there are places', async () => {
  const database = (await loadDriver()).open(newFile(), 'create');
  database.exec('CREATE TABLE t(a INTEGER, b)');
  const insert = database.prepare('INSERT INTO t VALUES(?, ?)');

  for (const value of [true, 1.5, Number.NaN, 'a\0b', {}, undefined, 1n] as unknown as Bound[]) {
    expect(() => insert.run(1, value)).toThrow(TypeError);
  }
  expect(() => insert.run(1)).toThrow('expected 2 parameters, got 1');
  insert.run(2 ** 40, new Uint8Array([1]));
  insert.run(null, 'ü');
  expect(database.prepare('SELECT a, hex(b) AS b FROM t').all()).toMatchObject([
    { a: 2 ** 40, b: '01' },
    { a: null, b: 'C3BC' },
  ]);
  database.close();
});

test('a file that is not there is not made by who only reads; a file that is no database is corrupt', async () => {
  const driver = await loadDriver();
  expect(() => driver.open(newFile(), 'existing').exec('SELECT 1 FROM sqlite_master')).toThrow();

  const file = newFile();
  writeFileSync(file, 'no database '.repeat(500));
  const open = () => driver.open(file, 'existing').prepare('SELECT * FROM sqlite_master').all();
  let error: unknown;
  try {
    open();
  } catch (caught) {
    error = caught;
  }
  expect(isCorrupt(error)).toBe(true);
});
