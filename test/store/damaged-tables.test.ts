import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { isCorrupt, loadDriver } from '../../src/store/driver.ts';
import { LocalStore, newDirectory, withoutSync } from './support/local-store.ts';

/** Two partitions of three records. */
async function twoPartitions(): Promise<LocalStore> {
  const store = await LocalStore.open({ partitionRecords: 3 }, undefined, withoutSync);
  for (const partition of [0, 1]) store.add([0, 1, 2].map((at) => ({ body: `word ${partition}-${at}` })));
  return store;
}

/** Replaces the first occurrence of a text in a file. */
function damage(file: string, text: string, by: string): void {
  const bytes = readFileSync(file);
  const at = bytes.indexOf(text, 0, 'latin1');
  expect(at).toBeGreaterThanOrEqual(0);
  bytes.write(by, at, 'latin1');
  writeFileSync(file, bytes);
}

// A changed byte in one of these was an error of each search of the whole store.
const damages = [
  ['the name of a module', 'fts5(', 'fts6('],
  ['the name of a tokenizer', '"unicode61"', '"unicode62"'],
  ['an option of the full-text index', "content=''", "kontent=''"],
  ['a column of the full-text index', '(body, ', '(bodz, '],
  ['a column of a table', 'severity INTEGER', 'severitz INTEGER'],
  ['a column of the state', 'chunks INTEGER NOT NULL, began', 'chunkt INTEGER NOT NULL, began'],
  ['a column of an index', 'ON chunks(id, severity', 'ON chunks(id, count,  '],
  ["a column of the full-text index's own tables", "'words_idx'(segid", "'words_idx'(sogid"],
  [
    'the format of the schema',
    '\0\0\0\x04\0\0\0\0\0\0\0\0\0\0\0\x01',
    '\0\0\0\x05\0\0\0\0\0\0\0\0\0\0\0\x01',
  ],
] as const;

test.each(damages)('a search leaves out a partition with damage in %s', async (_what, text, by) => {
  const store = await twoPartitions();
  damage(join(store.directory, '00000001.db'), text, by);
  expect(store.find({ words: 'word' }).bodies).toEqual(['word 1-2', 'word 1-1', 'word 1-0']);
  expect(store.damaged).toEqual(['00000001.db']);
  store.close();
});

test.each(damages)('the writer quarantines a partition with damage in %s', async (_what, text, by) => {
  const { directory, ...before } = await twoPartitions();
  before.writer.close();
  damage(join(directory, '00000002.db'), text, by);
  const store = await LocalStore.open({ partitionRecords: 3 }, directory, withoutSync);
  store.add([{ body: 'word 3' }]);
  expect(readdirSync(directory)).toContain('00000002.db.quarantined');
  expect(store.find({ words: '3' }).bodies).toEqual(['word 3']);
  store.close();
});

test('neither a missing full-text search nor an open transaction means that a partition is damaged', async () => {
  const database = (await loadDriver()).open(newDirectory(), 'create');
  const errorOf = (sql: string) => {
    try {
      database.exec(sql);
    } catch (error) {
      return error as Error;
    }
    throw new Error('it was accepted');
  };
  const error = errorOf('CREATE VIRTUAL TABLE words USING fts4711(body)');
  expect(isCorrupt(error)).toBe(true);
  error.message = error.message.replace('fts4711', 'fts5');
  expect(isCorrupt(error)).toBe(false);
  for (const sql of ['COMMIT', 'ROLLBACK', 'BEGIN; BEGIN']) expect(isCorrupt(errorOf(sql))).toBe(false);
  database.close();
});
