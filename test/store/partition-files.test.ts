import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  damageOf,
  markDamaged,
  partitionBytes,
  partitionFile,
  partitionFiles,
  quarantinePartition,
  removePartition,
} from '../../src/store/partition-files.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'partition-files-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

const write = (names: readonly string[], text = '') => {
  for (const name of names) writeFileSync(join(directory, name), text);
};
const sides = (name: string) => ['-wal', '-shm', '-journal'].map((side) => name + side);

test('partitions are found by their names only, the oldest first', () => {
  write(['00000010.db', '00000002.db', '99999999.db']);
  write(['lock.db', '2.db', '000000002.db', '00000002.db-wal', '00000003.db.quarantined', 'x00000004.db']);

  expect(partitionFiles(directory)).toEqual([
    { number: 2, name: '00000002.db', path: join(directory, '00000002.db') },
    partitionFile(directory, 10),
    partitionFile(directory, 99_999_999),
  ]);
});

test("the size of a partition includes SQLite's other files; a missing one has size 0", () => {
  const file = partitionFile(directory, 1);
  expect(partitionBytes(file)).toBe(0);
  write([file.name], '1234');
  expect(partitionBytes(file)).toBe(4);
  write([...sides(file.name), `${file.name}.quarantined`, '00000002.db'], '123');
  expect(partitionBytes(file)).toBe(13);
});

test('a mark beside a partition contains why it cannot be used, readable for this user only', () => {
  const file = partitionFile(directory, 1);
  expect(damageOf(file)).toBeUndefined();
  markDamaged(directory, file.name, 'its index is out of order');
  expect(damageOf(file)).toBe('its index is out of order');
  expect(damageOf(partitionFile(directory, 2))).toBeUndefined();
  expect(statSync(join(directory, '00000001.db.damaged')).mode & 0o777).toBe(0o600);
});

test('a mark that cannot be read is an error, not a partition without a mark', () => {
  const file = partitionFile(directory, 1);
  markDamaged(directory, file.name, 'damaged');
  expect(() => damageOf({ ...file, path: `${file.path}.damaged/x` })).toThrow('ENOTDIR');
});

test('a partition is removed with the files beside it, and nothing else is', () => {
  const file = partitionFile(directory, 1);
  const others = ['00000001.db.quarantined', '00000002.db', '00000002.db-wal'];
  write([file.name, ...sides(file.name), `${file.name}.damaged`, ...others]);
  removePartition(file);
  expect(readdirSync(directory).sort()).toEqual(others);
  expect(() => removePartition(file)).not.toThrow();
});

test('a quarantined partition keeps its log beside it, and never takes the name of an earlier one', () => {
  const file = partitionFile(directory, 1);
  const names = ['00000001.db.quarantined', '00000001.db.quarantined-2', '00000001.db.quarantined-3'];
  for (const name of names) {
    write([file.name, `${file.name}-wal`], name);
    markDamaged(directory, file.name, 'damaged');
    expect(quarantinePartition(file)).toBe(name);
    expect(readFileSync(join(directory, `${name}-wal`), 'utf8')).toBe(name);
  }
  expect(readdirSync(directory).sort()).toEqual(names.flatMap((name) => [name, `${name}-wal`]).sort());
});

test('a partition without its main file is quarantined with the remaining files', () => {
  const file = partitionFile(directory, 1);
  write([`${file.name}-wal`], 'log');
  expect(quarantinePartition(file)).toBe('00000001.db.quarantined');
  expect(readdirSync(directory)).toEqual(['00000001.db.quarantined-wal']);
  expect(existsSync(file.path)).toBe(false);
});
