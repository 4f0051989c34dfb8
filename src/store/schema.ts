import type { Database } from './driver.ts';

/** In the header of each file: "blst", and the version of what follows. */
const APPLICATION_ID = 0x62_6c_73_74;
export const STORE_VERSION = 1;

/** A chunk has so many records at most. A record's number is `chunk * CHUNK_RECORDS + place`. */
export const CHUNK_RECORDS = 64;

/**
 * A partition. Chunks hold the records as their sender wrote them, so a scan reads long stretches; words have a row for
 * each record, under its number. Everything only grows: a partition ends by the removal of its file.
 *
 * - `resources`, `scopes`: what records of one logger have in common, once.
 * - `chunks`: `severity` is the highest; `first` and `last` bound the records' times, milliseconds since 1970.
 * - `bounds`: which chunks a scan must read, without reading past their records.
 * - `words`: the full-text index, without the texts. `more` has the trace id, and `cut` where a text was too long.
 * - `state`: one row, written with each transaction: the next entry of the journal that is wanted, and totals.
 */
const TABLES = `
CREATE TABLE resources(id INTEGER PRIMARY KEY, bytes BLOB NOT NULL);
CREATE TABLE scopes(id INTEGER PRIMARY KEY, bytes BLOB NOT NULL);
CREATE TABLE chunks(
  id INTEGER PRIMARY KEY, resource INTEGER NOT NULL, scope INTEGER NOT NULL, count INTEGER NOT NULL,
  severity INTEGER NOT NULL, first INTEGER NOT NULL, last INTEGER NOT NULL, records BLOB NOT NULL);
CREATE INDEX bounds ON chunks(id, severity, first, last, resource, scope);
CREATE VIRTUAL TABLE words USING fts5(body, attributes, more, content='', tokenize="unicode61");
CREATE TABLE state(
  one INTEGER PRIMARY KEY CHECK(one = 1), journal TEXT NOT NULL, next INTEGER NOT NULL, records INTEGER NOT NULL,
  chunks INTEGER NOT NULL, began INTEGER NOT NULL, received INTEGER NOT NULL, first INTEGER NOT NULL,
  last INTEGER NOT NULL);
PRAGMA application_id=${APPLICATION_ID};
PRAGMA user_version=${STORE_VERSION};
`;

/** Of the tables, as SQLite keeps them in the file. */
const DEFINITIONS = TABLES.trim()
  .split(/;\n?/)
  .filter((statement) => statement.startsWith('CREATE'));

/** Of a partition, as its last transaction left it. */
export interface PartitionState {
  /** The journal, 32 hex digits; '': no entry of one was written yet. */
  readonly journal: string;
  /** The entry of the journal that is wanted next. */
  readonly next: number;
  readonly records: number;
  /** How many chunks; the next one has this number, plus one. */
  readonly chunks: number;
  /** When it was made, and when its last record was received, milliseconds since 1970. */
  readonly began: number;
  readonly received: number;
  /** Bounds of the records' times, milliseconds since 1970. */
  readonly first: number;
  readonly last: number;
}

/** A partition of another version, or a database of somebody else. */
export class ForeignPartition extends Error {}

/** A partition that is just being made, or whose making was cut off. */
export class UnfinishedPartition extends Error {}

/** Makes the tables, in the transaction that is open. */
export function createTables(database: Database): void {
  database.exec(TABLES);
}

/**
 * To be called outside of a transaction.
 * @returns whether the file has tables; false: it is new, or its making was cut off
 * @throws ForeignPartition if it is none of ours
 */
export function checkFormat(database: Database): boolean {
  // One view of the file: another process may be making its tables between two statements.
  database.exec('BEGIN');
  try {
    return hasTables(database);
  } finally {
    // A lock that is left would outlive the closing of the database, with libsql.
    rollBack(database);
  }
}

/** As if the transaction had not begun. */
export function rollBack(database: Database): void {
  try {
    database.exec('ROLLBACK');
  } catch {
    // SQLite has done it by itself: that depends on the error.
  }
}

function hasTables(database: Database): boolean {
  const [application] = database.prepare('PRAGMA application_id').all();
  const [version] = database.prepare('PRAGMA user_version').all();
  const id = application?.application_id;
  if (id === 0 && version?.user_version === 0) {
    const [tables] = database.prepare('SELECT count(*) AS count FROM sqlite_master').all();
    if (tables?.count === 0) return false;
  }
  if (id !== APPLICATION_ID) throw new ForeignPartition('it is no file of a store');
  if (version?.user_version !== STORE_VERSION) {
    throw new ForeignPartition(`it has version ${version?.user_version}, expected ${STORE_VERSION}`);
  }
  const kept = new Set(
    database
      .prepare('SELECT sql FROM sqlite_master')
      .all()
      .map(({ sql }) => sql),
  );
  if (!DEFINITIONS.every((sql) => kept.has(sql))) throw new ForeignPartition('its tables are damaged');
  return true;
}

/** @returns undefined: nothing was written yet */
export function readState(database: Database): PartitionState | undefined {
  const [row] = database.prepare('SELECT * FROM state').all();
  if (row === undefined) return undefined;
  const { journal, ...numbers } = row;
  const isWhole = typeof journal === 'string' && Object.values(numbers).every(Number.isSafeInteger);
  if (!isWhole) throw new ForeignPartition('its state is damaged');
  return row as unknown as PartitionState;
}
