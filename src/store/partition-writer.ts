import { type DecodedLogRecord, logGroups, type RecordRun, recordRuns, scanLogs } from '../otlp/index.ts';
import type { Database, Driver, Statement } from './driver.ts';
import { indexedText } from './indexed-text.ts';
import { Interned } from './interned.ts';
import type { PartitionFile } from './partition-files.ts';
import {
  CHUNK_RECORDS,
  checkFormat,
  createTables,
  type PartitionState,
  readState,
  rollBack,
} from './schema.ts';

/** The approximate maximum size of a chunk in bytes; a larger record gets its own chunk. */
const CHUNK_BYTES = 262_144;
/** How many pages of 4 KiB the log may have before they are moved into the database. */
const CHECKPOINT_PAGES = 8_192;
const NANOS_PER_MILLI = 1_000_000n;

interface OpenChunk {
  readonly id: number;
  readonly resource: number;
  readonly scope: number;
  readonly parts: Uint8Array[];
  count: number;
  bytes: number;
  severity: number;
  first: number;
  last: number;
}

/** How far the store has the entries of the journal. */
export type StoreCursor = Pick<PartitionState, 'journal' | 'next'>;

/**
 * Writes to one partition, one transaction at a time. Each transaction stores the records together with the
 * cursor, so that both are stored or neither, whenever the process ends. The data is on disk when `commit`
 * returns.
 */
export class PartitionWriter {
  readonly file: PartitionFile;
  readonly #database: Database;
  readonly #insertChunk: Statement;
  readonly #insertWords: Statement;
  readonly #updateState: Statement;
  readonly #resources: Interned;
  readonly #scopes: Interned;
  #committed: PartitionState;
  #chunk: OpenChunk | undefined;
  #records = 0;
  #chunks = 0;
  #first = 0;
  #last = 0;
  #received = 0;

  /**
   * @param cursor returns where a new partition begins; it is called only for a new one
   * @throws ForeignPartition if the file is not one of ours; what SQLite throws
   */
  constructor(
    driver: Driver,
    file: PartitionFile,
    { cursor, now }: { cursor: () => StoreCursor; now: number },
  ) {
    this.file = file;
    this.#database = driver.open(file.path, 'create');
    try {
      const database = this.#database;
      database.exec('PRAGMA busy_timeout=5000');
      const isNew = !checkFormat(database);
      database.exec(`PRAGMA journal_mode=WAL; PRAGMA synchronous=FULL; PRAGMA cache_size=-8192;
        PRAGMA temp_store=MEMORY; PRAGMA wal_autocheckpoint=${CHECKPOINT_PAGES}`);
      if (isNew) this.#create(cursor(), now);
      this.#insertChunk = database.prepare(
        'INSERT INTO chunks(id, resource, scope, count, severity, first, last, records) VALUES(?,?,?,?,?,?,?,?)',
      );
      this.#insertWords = database.prepare(
        'INSERT INTO words(rowid, body, attributes, more) VALUES(?,?,?,?)',
      );
      this.#updateState = database.prepare(
        'UPDATE state SET journal=?, next=?, records=?, chunks=?, received=?, first=?, last=?',
      );
      this.#resources = new Interned(
        database.prepare('INSERT INTO resources(id, bytes) VALUES(?,?)'),
        highestId(database, 'resources'),
      );
      this.#scopes = new Interned(
        database.prepare('INSERT INTO scopes(id, bytes) VALUES(?,?)'),
        highestId(database, 'scopes'),
      );
      const state = readState(database);
      if (state === undefined) throw new Error(`${file.name} has no state`);
      this.#committed = state;
    } catch (error) {
      this.#database.close();
      throw error;
    }
  }

  /** The state after the last transaction. */
  get state(): PartitionState {
    return this.#committed;
  }

  begin(): void {
    this.#database.exec('BEGIN IMMEDIATE');
    const { records, chunks, first, last, received } = this.#committed;
    this.#records = records;
    this.#chunks = chunks;
    this.#first = first;
    this.#last = last;
    this.#received = received;
  }

  /** @throws WireError if the body cannot be read; nothing of it was added */
  add(body: Uint8Array, receivedMillis: number): void {
    scanLogs(body);
    const records = recordsOf(body);
    for (const run of recordRuns(body, CHUNK_RECORDS, CHUNK_BYTES)) this.#addRun(run, records);
    this.#received = Math.max(this.#received, receivedMillis);
  }

  commit({ journal, next }: StoreCursor): void {
    this.#endChunk();
    const [first, last, received] = [this.#first, this.#last, this.#received];
    this.#updateState.run(journal, next, this.#records, this.#chunks, received, first, last);
    this.#database.exec('COMMIT');
    const { began } = this.#committed;
    const totals = { records: this.#records, chunks: this.#chunks };
    this.#committed = { journal, next, ...totals, began, received, first, last };
  }

  /** Undoes the transaction. */
  rollback(): void {
    this.#chunk = undefined;
    this.#resources.forget();
    this.#scopes.forget();
    rollBack(this.#database);
  }

  /** Moves the log into the database file, as far as no process is reading. */
  close(): void {
    try {
      this.#database.exec('PRAGMA wal_checkpoint(TRUNCATE)');
    } catch {
      // The data stays in the log, which readers read as well.
    }
    this.#database.close();
  }

  #create({ journal, next }: StoreCursor, now: number): void {
    const database = this.#database;
    database.exec('BEGIN IMMEDIATE');
    try {
      createTables(database);
      database
        .prepare('INSERT INTO state VALUES(1, ?, ?, 0, 0, ?, ?, ?, 0)')
        .run(journal, next, now, now, Number.MAX_SAFE_INTEGER);
      database.exec('COMMIT');
    } catch (error) {
      rollBack(database);
      throw error;
    }
  }

  #addRun({ head, records, count }: RecordRun, decoded: Iterator<DecodedLogRecord>): void {
    const resource = this.#resources.idOf(head.resource);
    const scope = this.#scopes.idOf(head.scope);
    const chunk = this.#chunkFor(resource, scope, count, records.length);
    chunk.parts.push(records);
    chunk.bytes += records.length;
    for (let left = count; left > 0; left -= 1) {
      const { value: record, done } = decoded.next();
      if (done) throw new Error('a run has more records than its request');
      this.#addRecord(chunk, record);
    }
    this.#records += count;
  }

  #addRecord(chunk: OpenChunk, record: DecodedLogRecord): void {
    const { body, attributes, more } = indexedText(record);
    this.#insertWords.run(chunk.id * CHUNK_RECORDS + chunk.count, body, attributes, more);
    chunk.count += 1;
    const { timeUnixNano, observedTimeUnixNano, severityNumber } = record;
    const millis = Number((timeUnixNano || observedTimeUnixNano) / NANOS_PER_MILLI);
    if (severityNumber > chunk.severity) chunk.severity = severityNumber;
    if (millis < chunk.first) chunk.first = millis;
    if (millis > chunk.last) chunk.last = millis;
  }

  /** Consecutive records of small requests share a chunk if they come from one logger. */
  #chunkFor(resource: number, scope: number, count: number, bytes: number): OpenChunk {
    const open = this.#chunk;
    const fits =
      open !== undefined &&
      open.resource === resource &&
      open.scope === scope &&
      open.count + count <= CHUNK_RECORDS &&
      open.bytes + bytes <= CHUNK_BYTES;
    if (fits) return open;
    this.#endChunk();
    this.#chunks += 1;
    const times = { first: Number.MAX_SAFE_INTEGER, last: 0 };
    this.#chunk = { id: this.#chunks, resource, scope, parts: [], count: 0, bytes: 0, severity: 0, ...times };
    return this.#chunk;
  }

  #endChunk(): void {
    const chunk = this.#chunk;
    if (chunk === undefined) return;
    this.#chunk = undefined;
    const { id, resource, scope, parts, count, severity, first, last } = chunk;
    const records = parts.length === 1 ? parts[0]! : Buffer.concat(parts);
    this.#insertChunk.run(id, resource, scope, count, severity, first, last, records);
    this.#first = Math.min(this.#first, first);
    this.#last = Math.max(this.#last, last);
  }
}

function* recordsOf(body: Uint8Array): Generator<DecodedLogRecord> {
  for (const { records } of logGroups(body)) yield* records;
}

function highestId(database: Database, table: 'resources' | 'scopes'): number {
  return Number(database.prepare(`SELECT max(id) AS id FROM ${table}`).all()[0]?.id ?? 0);
}
