import type { Database } from './driver.ts';

/** In the header of each file: "blst", and the format version. */
const APPLICATION_ID = 0x62_6c_73_74;
export const STORE_VERSION = 1;

/** The maximum number of records in a chunk. A record's number is `chunk * CHUNK_RECORDS + place`. */
export const CHUNK_RECORDS = 64;

/**
 * The tables of a partition. Chunks hold the records as their sender wrote them, so that a scan reads large
 * ranges; `words` has a row per record, under its number. Data is only added: a partition ends with the
 * removal of its file.
 *
 * - `resources`, `scopes`: what the records of one logger have in common, stored once.
 * - `chunks`: `severity` is the highest one; `first` and `last` bound the records' times, in milliseconds
 * since 1970.
 * - `bounds`: finds the chunks that a scan must read, without reading their records.
 * - `words`: the full-text index, without the texts. `more` has the trace id, and `cut` if a text was too
 * long.
 * - `state`: one row, written with each transaction: the next journal entry to write, and totals.
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

/** The definitions of the tables, as SQLite stores them in the file. */
const DEFINITIONS = TABLES.trim()
  .split(/;\n?/)
  .filter((statement) => statement.startsWith('CREATE'));

/** The state of a partition after its last transaction. */
export interface PartitionState {
  /** The journal id, 32 hex digits; '' if no journal entry was written yet. */
  readonly journal: string;
  /** The index of the next journal entry to write. */
  readonly next: number;
  readonly records: number;
  /** The number of chunks, which is also the number of the last one. */
  readonly chunks: number;
  /** When it was created, and when its last record was received, in milliseconds since 1970. */
  readonly began: number;
  readonly received: number;
  /** Bounds of the records' times, in milliseconds since 1970. */
  readonly first: number;
  readonly last: number;
}

/** A partition of another version, or a database that is not ours. */
export class ForeignPartition extends Error {}

/** A partition that is being created, or whose creation was interrupted. */
export class UnfinishedPartition extends Error {}

/** Creates the tables in the current transaction. */
export function createTables(database: Database): void {
  database.exec(TABLES);
}

/**
 * Checks the format of a file. Must be called outside a transaction.
 * @returns whether the file has tables; false if it is new or its creation was interrupted
 * @throws ForeignPartition if it is not one of ours
 */
export function checkFormat(database: Database): boolean {
  // One snapshot of the file: another process may create the tables between two statements.
  database.exec('BEGIN');
  try {
    return hasTables(database);
  } finally {
    // With libsql, a remaining lock would outlive the closing of the database.
    rollBack(database);
  }
}

/** Undoes the transaction. */
export function rollBack(database: Database): void {
  try {
    database.exec('ROLLBACK');
  } catch {
    // SQLite has rolled back by itself, which depends on the error.
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
  if (id !== APPLICATION_ID) throw new ForeignPartition('it is not a file of a store');
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

/** @returns undefined if nothing was written yet */
export function readState(database: Database): PartitionState | undefined {
  const [row] = database.prepare('SELECT * FROM state').all();
  if (row === undefined) return undefined;
  const { journal, ...numbers } = row;
  const isWhole = typeof journal === 'string' && Object.values(numbers).every(Number.isSafeInteger);
  if (!isWhole) throw new ForeignPartition('its state is damaged');
  return row as unknown as PartitionState;
}
