import { errorText } from '../record/index.ts';
import {
  type Bound,
  blobOf,
  type Database,
  type Driver,
  isRejected,
  type Row,
  type Statement,
} from './driver.ts';
import type { PartitionFile } from './partition-files.ts';
import {
  CHUNK_RECORDS,
  checkFormat,
  ForeignPartition,
  type PartitionState,
  readState,
  UnfinishedPartition,
} from './schema.ts';

/** The id of a chunk, and what is known about it without reading it. */
export interface ChunkPlace {
  readonly id: number;
  readonly resource: number;
  readonly scope: number;
}

/** Records that the full-text index found: a chunk, and positions in it, in the requested order. */
export interface Hits {
  readonly chunk: number;
  readonly places: readonly number[];
}

/** Bounds for the chunks to read. Times are milliseconds since 1970. */
export interface ChunkBounds {
  readonly minSeverity: number;
  readonly from: number;
  readonly to: number;
}

export type Order = 'newest' | 'oldest';

/** How many chunks are read at once: a call costs as much as reading two. */
export const CHUNKS_AT_ONCE = 16;
/** How many rows are read at once. Between pages the writer can checkpoint its log. */
const PAGE = 256;
const NO_BYTES: Readonly<Uint8Array> = new Uint8Array();
const MAX_NUMBER = Number.MAX_SAFE_INTEGER;

/** Reads one partition, even while it grows. */
export class PartitionReader {
  readonly #database: Database;
  readonly #chunk: Statement;
  readonly #chunks: Statement;
  readonly #resource: Statement;
  readonly #scope: Statement;
  readonly #places: Readonly<Record<Order, Statement>>;
  readonly #hits: Readonly<Record<Order, Statement>>;
  readonly #count: Statement;

  /** @throws ForeignPartition if the file is not one of ours; UnfinishedPartition; what SQLite throws */
  constructor(driver: Driver, file: PartitionFile) {
    this.#database = driver.open(file.path, 'existing');
    try {
      const database = this.#database;
      database.exec('PRAGMA busy_timeout=2000; PRAGMA query_only=1; PRAGMA cache_size=-8192');
      if (!checkFormat(database)) throw new UnfinishedPartition(file.name);
      this.#chunk = database.prepare('SELECT resource, scope, records FROM chunks WHERE id=?');
      this.#chunks = database.prepare(
        `SELECT id, records FROM chunks WHERE id IN (${'?, '.repeat(CHUNKS_AT_ONCE - 1)}?)`,
      );
      this.#resource = database.prepare('SELECT bytes FROM resources WHERE id=?');
      this.#scope = database.prepare('SELECT bytes FROM scopes WHERE id=?');
      const places = (order: 'DESC' | 'ASC') =>
        database.prepare(
          `SELECT id, resource, scope FROM chunks INDEXED BY bounds WHERE id>? AND id<? AND severity>=?
            AND last>=? AND first<=? ORDER BY id ${order} LIMIT ${PAGE}`,
        );
      this.#places = { newest: places('DESC'), oldest: places('ASC') };
      const hits = (order: 'DESC' | 'ASC') =>
        database.prepare(
          `SELECT rowid AS id FROM words WHERE words MATCH ? AND rowid>? AND rowid<?
            ORDER BY rowid ${order} LIMIT ${PAGE}`,
        );
      this.#hits = { newest: hits('DESC'), oldest: hits('ASC') };
      this.#count = database.prepare('SELECT count(*) AS count FROM words WHERE words MATCH ?');
      // The index opens its own tables at the first search: one that fails here does not fail because of a
      // query.
      this.#count.all('"a"');
    } catch (error) {
      this.#database.close();
      throw error;
    }
  }

  /** The state after the last transaction; undefined if there was none. */
  get state(): PartitionState | undefined {
    return readState(this.#database);
  }

  /** Pages of chunks that may contain matching records, up to the chunk `upTo`. */
  *chunks(
    order: Order,
    { minSeverity, from, to }: ChunkBounds,
    upTo: number,
  ): Generator<readonly ChunkPlace[]> {
    let [above, below] = [0, upTo + 1];
    for (;;) {
      const page = this.#places[order].all(above, below, minSeverity, from, to) as unknown as ChunkPlace[];
      if (page.length > 0) yield page;
      if (page.length < PAGE) return;
      const last = page.at(-1)!.id;
      checkProgress(last, above, below);
      if (order === 'newest') below = last;
      else above = last;
    }
  }

  /** Pages of records that match an FTS5 expression, up to the chunk `upTo`. */
  *hits(order: Order, match: string, upTo: number): Generator<readonly Hits[]> {
    let [above, below] = [-1, Math.min((upTo + 1) * CHUNK_RECORDS, MAX_NUMBER)];
    for (;;) {
      const page = searched(this.#hits[order], match, above, below).map(({ id }) => Number(id));
      if (page.length > 0) yield byChunk(page);
      if (page.length < PAGE) return;
      const last = page.at(-1)!;
      checkProgress(last, above, below);
      if (order === 'newest') below = last;
      else above = last;
    }
  }

  countHits(match: string): number {
    return Number(searched(this.#count, match)[0]!.count);
  }

  /** @returns undefined if the chunk does not exist */
  chunk(id: number): (ChunkPlace & { readonly records: Uint8Array }) | undefined {
    const row = this.#chunk.all(id)[0];
    if (row === undefined) return undefined;
    const { resource, scope, records } = row;
    return { id, resource: Number(resource), scope: Number(scope), records: blobOf(records) ?? NO_BYTES };
  }

  /** The records of the chunks that exist. @param ids at most {@link CHUNKS_AT_ONCE} */
  records(ids: readonly number[]): ReadonlyMap<number, Uint8Array> {
    // Padding: no chunk has the number 0.
    const all = Array.from({ length: CHUNKS_AT_ONCE }, (_, at) => ids[at] ?? 0);
    return new Map(
      this.#chunks.all(...all).map(({ id, records }) => [Number(id), blobOf(records) ?? NO_BYTES] as const),
    );
  }

  resource(id: number): Uint8Array {
    return bytesOf(this.#resource.all(id));
  }

  scope(id: number): Uint8Array {
    return bytesOf(this.#scope.all(id));
  }

  close(): void {
    this.#database.close();
  }
}

/** @throws Error if the full-text index rejects the expression, for example because it is too large */
function searched(statement: Statement, match: string, ...more: readonly Bound[]): readonly Row[] {
  try {
    return statement.all(match, ...more);
  } catch (error) {
    if (!isRejected(error)) throw error;
    throw new Error(`the full-text index rejects the search: ${errorText(error)}`, { cause: error });
  }
}

/** The pages of a damaged index can form a cycle. */
function checkProgress(last: number, above: number, below: number): void {
  if (!(last > above && last < below)) throw new ForeignPartition('its index is out of order');
}

function bytesOf([row]: readonly Row[]): Uint8Array {
  const bytes = blobOf(row?.bytes);
  if (bytes === undefined) throw new ForeignPartition('a resource or scope is missing');
  return bytes;
}

function byChunk(numbers: readonly number[]): readonly Hits[] {
  const hits: { chunk: number; places: number[] }[] = [];
  for (const number of numbers) {
    const chunk = Math.floor(number / CHUNK_RECORDS);
    const place = number % CHUNK_RECORDS;
    const last = hits.at(-1);
    if (last?.chunk === chunk) last.places.push(place);
    else hits.push({ chunk, places: [place] });
  }
  return hits;
}
