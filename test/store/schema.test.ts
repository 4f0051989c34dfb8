import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Database, loadDriver } from '../../src/store/driver.ts';
import { checkFormat, createTables } from '../../src/store/schema.ts';

let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'schema-'));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

/** Calls `between` after the statement with this number. */
function interrupted(database: Database, number: number, between: () => void): Database {
  let count = 0;
  return {
    exec: (sql) => database.exec(sql),
    close: () => database.close(),
    prepare: (sql) => {
      const statement = database.prepare(sql);
      return {
        run: (...values) => statement.run(...values),
        all: (...values) => {
          const rows = statement.all(...values);
          count += 1;
          if (count === number) between();
          return rows;
        },
      };
    },
  };
}

test.each([1, 2])(
  'a partition that is made while it is looked at, after statement %i, is unfinished and not foreign',
  async (number) => {
    const driver = await loadDriver();
    const file = join(directory, '00000001.db');
    const writer = driver.open(file, 'create');
    writer.exec('PRAGMA journal_mode=WAL');
    const reader = driver.open(file, 'existing');
    const making = () => {
      writer.exec('BEGIN IMMEDIATE');
      createTables(writer);
      writer.exec('COMMIT');
    };
    expect(checkFormat(interrupted(reader, number, making))).toBe(false);
    expect(checkFormat(reader)).toBe(true);
    reader.close();
    writer.close();
  },
);
