import { writeFileSync } from 'node:fs';
import { type Bound, blobOf, isCorrupt, loadDriver } from '../../src/store/driver.ts';
import { newDirectory } from './support/local-store.ts';

const newFile = () => `${newDirectory()} a file.db`;

test('only safe integers, texts without NUL, bytes and null are bound, one per parameter', async () => {
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

test('a reader does not create a missing file; a file that is not a database is corrupt', async () => {
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

test.each([
  ["node:sqlite's own code", { errcode: 11 }, true],
  ["node:sqlite's extended code", { errcode: 11 + 256 * 3 }, true],
  ['no database', { errcode: 26 }, true],
  ['a full disk', { errcode: 13 }, false],
  ["libsql's code", { rawCode: 11 }, true],
  ["libsql's extended code", { rawCode: 11 + 256 }, true],
  ["libsql's code of a lock", { rawCode: 5 }, false],
  [
    'libsql at the opening',
    new Error('ConnectionFailed("Unable to open connection to local database x: 26")'),
    true,
  ],
  [
    'libsql at another opening',
    new Error('ConnectionFailed("Unable to open connection to local database x: 14")'),
    false,
  ],
  ['any other error that ends with such a number', new Error('cannot bind number: 26'), false],
  ['something without a message', {}, false],
])('whether a file is damaged: %s', (_name, error, expected) => {
  expect(isCorrupt(error)).toBe(expected);
});

test('a column of bytes is returned as bytes by both drivers; other values are not', () => {
  const bytes = Buffer.from([1, 2]);
  expect(blobOf(bytes)).toBe(bytes);
  expect(blobOf(new Uint8Array([1, 2]).buffer)).toEqual(new Uint8Array([1, 2]));
  for (const other of [null, undefined, 'x', 1]) expect(blobOf(other)).toBeUndefined();
});
