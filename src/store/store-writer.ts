import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { isWireError } from '../otlp/index.ts';
import { errorText } from '../record/index.ts';
import { type Database, type Driver, isCorrupt } from './driver.ts';
import {
  damageOf,
  type PartitionFile,
  partitionBytes,
  partitionFile,
  partitionFiles,
  quarantinePartition,
  removeOrphans,
  removePartition,
} from './partition-files.ts';
import { PartitionWriter, type StoreCursor } from './partition-writer.ts';
import { checkFormat, ForeignPartition, type PartitionState, readState } from './schema.ts';

/** When a partition ends, and when the oldest is removed. */
export interface StoreLimits {
  readonly partitionRecords: number;
  readonly partitionBytes: number;
  /** Size of all partitions together. */
  readonly maxBytes: number;
  /** 0: no such bound. */
  readonly maxAgeMillis: number;
}

/** An entry of the journal on its way into the store. */
export interface StoreEntry {
  readonly index: number;
  readonly receivedMillis: number;
  readonly body: Uint8Array;
}

/** What became of entries. */
export interface Written {
  /** The indexes of those that cannot be read, and why. */
  readonly bad: readonly number[];
  readonly message: string;
}

/** What has been done since the process began. */
export interface StoreTotals {
  partitionsCreated: number;
  partitionsRemoved: number;
  recordsExpired: number;
  partitionsQuarantined: number;
}

export interface StoreWriterOptions {
  readonly driver: Driver;
  readonly directory: string;
  readonly limits: StoreLimits;
  /** Milliseconds since 1970. */
  readonly now: () => number;
  /** Called before a file is opened: if the process ends there, it was this one. */
  readonly onOpen?: (name: string) => void;
  /** Something that an operator should know. */
  readonly onWarning: (message: string) => void;
}

/** A partition of a store with an age limit spans no more than this part of it. */
const AGE_PARTS = 8;

/**
 * Writes a store: a directory of partitions, of which the newest grows and the oldest are removed. One process at a time;
 * a second one waits, then fails.
 *
 * A partition that is damaged, or of another version, gets another name and is no part of the store any more.
 */
export class StoreWriter {
  readonly totals: StoreTotals = {
    partitionsCreated: 0,
    partitionsRemoved: 0,
    recordsExpired: 0,
    partitionsQuarantined: 0,
  };
  readonly #options: StoreWriterOptions;
  #lock: Database | undefined;
  #current: PartitionWriter | undefined;
  /** Of partitions that do not change any more. */
  readonly #states = new Map<number, PartitionState>();

  constructor(options: StoreWriterOptions) {
    this.#options = options;
  }

  /** @returns how far the store has the journal; `journal` is '' if it is new @throws if another process has it */
  open(): StoreCursor {
    const { directory, driver } = this.#options;
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    this.#lock = driver.open(join(directory, 'lock.db'), 'create');
    this.#lock.exec('PRAGMA busy_timeout=10000; BEGIN EXCLUSIVE');
    this.#quarantineMarked();
    this.#current = this.#openNewest();
    this.care();
    return this.cursor;
  }

  get cursor(): StoreCursor {
    const { journal, next } = this.#partition.state;
    return { journal, next };
  }

  /**
   * Writes entries and the cursor in one transaction; on the disk when it returns.
   * @throws what SQLite throws; nothing was written then
   */
  write(entries: readonly StoreEntry[], cursor: StoreCursor): Written {
    // Not after the transaction: if that fails, who calls would write again what is written.
    this.#roll();
    try {
      return this.#write(entries, cursor);
    } catch (error) {
      if (!isCorrupt(error)) throw error;
      this.#replaceCurrent(errorText(error));
      return this.#write(entries, cursor);
    }
  }

  /** Writes an entry and takes it back: whether this process and its disk can write at all. */
  probe(body: Uint8Array): void {
    const partition = this.#partition;
    partition.begin();
    try {
      partition.add(body, this.#options.now());
    } finally {
      partition.rollback();
    }
  }

  /** Ends the partition if it is old or full, and takes out those that are damaged or beyond the limits. */
  care(): void {
    this.#quarantineMarked();
    removeOrphans(this.#options.directory);
    this.#roll();
    this.#expire();
  }

  close(): void {
    this.#current?.close();
    this.#current = undefined;
    this.#lock?.close();
    this.#lock = undefined;
  }

  get #partition(): PartitionWriter {
    if (this.#current === undefined) throw new Error('the store is not open');
    return this.#current;
  }

  #write(entries: readonly StoreEntry[], cursor: StoreCursor): Written {
    const partition = this.#partition;
    const bad: number[] = [];
    let message = '';
    partition.begin();
    try {
      for (const { index, receivedMillis, body } of entries) {
        try {
          partition.add(body, receivedMillis);
        } catch (error) {
          if (!isWireError(error)) throw error;
          bad.push(index);
          message = errorText(error);
        }
      }
      partition.commit(cursor);
    } catch (error) {
      partition.rollback();
      throw error;
    }
    return { bad, message };
  }

  /** Begins the next partition when this one is full, or too old. Its first transaction has the cursor. */
  #roll(): void {
    const { limits, now } = this.#options;
    const { file, state } = this.#partition;
    if (state.records === 0) return;
    const span = limits.maxAgeMillis / AGE_PARTS;
    const isFull = state.records >= limits.partitionRecords || partitionBytes(file) >= limits.partitionBytes;
    if (!isFull && (span === 0 || now() - state.began < span)) return;
    this.#begin(file.number + 1, this.cursor);
    this.#expire();
  }

  #begin(number: number, cursor: StoreCursor): void {
    const { driver, directory, now } = this.#options;
    const before = this.#current;
    const file = partitionFile(directory, number);
    this.#current = new PartitionWriter(driver, file, { cursor: () => cursor, now: now() });
    this.totals.partitionsCreated += 1;
    before?.close();
  }

  /** What cannot be removed now is removed later: records are written all the same. */
  #expire(): void {
    try {
      this.#removeOldest();
    } catch (error) {
      this.#options.onWarning(`old records could not be removed: ${errorText(error)}`);
    }
  }

  #removeOldest(): void {
    const { directory, limits, now } = this.#options;
    const files = partitionFiles(directory).filter(({ number }) => number !== this.#partition.file.number);
    let bytes = files.reduce((sum, file) => sum + partitionBytes(file), partitionBytes(this.#partition.file));
    for (const file of files) {
      const size = partitionBytes(file);
      const state = this.#stateOf(file);
      if (state !== undefined) {
        const isOld = limits.maxAgeMillis > 0 && now() - state.received > limits.maxAgeMillis;
        if (bytes <= limits.maxBytes && !isOld) return;
        removePartition(file);
        this.#states.delete(file.number);
        this.totals.partitionsRemoved += 1;
        this.totals.recordsExpired += state.records;
      }
      bytes -= size;
    }
  }

  /** @returns undefined: it cannot be read, and was taken out of the store */
  #stateOf(file: PartitionFile): PartitionState | undefined {
    const known = this.#states.get(file.number);
    if (known !== undefined) return known;
    const { driver, onOpen } = this.#options;
    onOpen?.(file.name);
    let database: Database | undefined;
    try {
      database = driver.open(file.path, 'existing');
      const state = checkFormat(database) ? readState(database) : undefined;
      if (state === undefined) throw new ForeignPartition('it has no state');
      this.#states.set(file.number, state);
      return state;
    } catch (error) {
      if (!(error instanceof ForeignPartition) && !isCorrupt(error)) throw error;
      this.#quarantineFile(file, errorText(error));
      return undefined;
    } finally {
      database?.close();
    }
  }

  /** The newest partition that can be opened; those that cannot are taken out of the store. */
  #openNewest(): PartitionWriter {
    const { driver, directory, now, onOpen } = this.#options;
    const files = partitionFiles(directory);
    const newest = files.at(-1) ?? partitionFile(directory, 1);
    if (files.length === 0) this.totals.partitionsCreated += 1;
    // If the newest is one that was just being made, the one before it has the cursor.
    const previous = files.at(-2);
    const cursor = () => {
      const state = previous === undefined ? undefined : this.#stateOf(previous);
      return { journal: state?.journal ?? '', next: state?.next ?? 0 };
    };
    onOpen?.(newest.name);
    try {
      return new PartitionWriter(driver, newest, { cursor, now: now() });
    } catch (error) {
      if (!(error instanceof ForeignPartition) && !isCorrupt(error)) throw error;
      this.#quarantineFile(newest, errorText(error));
      const file = partitionFile(directory, newest.number + 1);
      this.totals.partitionsCreated += 1;
      // What the cursor of an older partition leads back to is lost with this one, or comes again.
      return new PartitionWriter(driver, file, { cursor: () => ({ journal: '', next: 0 }), now: now() });
    }
  }

  /** Those that somebody has found damaged. */
  #quarantineMarked(): void {
    for (const file of partitionFiles(this.#options.directory)) {
      const why = damageOf(file);
      if (why === undefined) continue;
      if (file.name === this.#current?.file.name) this.#replaceCurrent(why);
      else this.#quarantineFile(file, why);
    }
  }

  #replaceCurrent(why: string): void {
    const { file, state } = this.#partition;
    this.#begin(file.number + 1, { journal: state.journal, next: state.next });
    this.#quarantineFile(file, why);
  }

  #quarantineFile(file: PartitionFile, why: string): void {
    const name = quarantinePartition(file);
    this.#states.delete(file.number);
    this.totals.partitionsQuarantined += 1;
    this.#options.onWarning(
      `${file.name} cannot be used (${why}); it is kept as ${name}, and the store goes on without it`,
    );
  }
}
