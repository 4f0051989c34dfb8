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

/** When a partition is complete, and when the oldest is removed. */
export interface StoreLimits {
  readonly partitionRecords: number;
  readonly partitionBytes: number;
  /** The maximum size of all partitions together. */
  readonly maxBytes: number;
  /** 0: no limit. */
  readonly maxAgeMillis: number;
}

/** An entry of the journal that is to be written to the store. */
export interface StoreEntry {
  readonly index: number;
  readonly receivedMillis: number;
  readonly body: Uint8Array;
}

/** The result of writing entries. */
export interface Written {
  /** The indexes of the entries that cannot be decoded, and why. */
  readonly bad: readonly number[];
  readonly message: string;
}

/** Counts since the process was started. */
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
  /** Called before a file is opened. If the process ends next, this file is the cause. */
  readonly onOpen?: (name: string) => void;
  /** Called with messages that an operator should know about. */
  readonly onWarning: (message: string) => void;
}

/** With an age limit, a partition spans at most this fraction of it. */
const AGE_PARTS = 8;

/**
 * Writes a store: a directory of partitions. The newest one grows, the oldest ones are removed. One process
 * at a time; a second one waits, then fails.
 *
 * A damaged partition, or one of another version, is renamed and no longer part of the store.
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
  /** The states of partitions that do not change any more. */
  readonly #states = new Map<number, PartitionState>();

  constructor(options: StoreWriterOptions) {
    this.#options = options;
  }

  /**
   * @returns how far the store has the journal; `journal` is '' if it is new @throws if another process has
   * the store open
   */
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
   * Writes entries and the cursor in one transaction. They are on disk when it returns.
   * @throws what SQLite throws; nothing was written
   */
  write(entries: readonly StoreEntry[], cursor: StoreCursor): Written {
    // Not after the transaction: if starting a partition failed then, the caller would write the entries
    // twice.
    this.#roll();
    try {
      return this.#write(entries, cursor);
    } catch (error) {
      if (!isCorrupt(error)) throw error;
      this.#replaceCurrent(errorText(error));
      return this.#write(entries, cursor);
    }
  }

  /** Writes an entry and rolls it back, to check whether this process and its disk can write at all. */
  probe(body: Uint8Array): void {
    const partition = this.#partition;
    partition.begin();
    try {
      partition.add(body, this.#options.now());
    } finally {
      partition.rollback();
    }
  }

  /**
   * Ends the partition if it is old or full, and removes partitions that are damaged or exceed the limits.
   */
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

  /** Starts the next partition if this one is full or too old. Its first transaction stores the cursor. */
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

  /** Removing old partitions may fail and is retried later; records are written all the same. */
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

  /** @returns undefined if the partition cannot be read; it was removed from the store */
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

  /** Opens the newest partition that is usable. Removes unusable ones from the store. */
  #openNewest(): PartitionWriter {
    const { driver, directory, now, onOpen } = this.#options;
    const files = partitionFiles(directory);
    const newest = files.at(-1) ?? partitionFile(directory, 1);
    if (files.length === 0) this.totals.partitionsCreated += 1;
    // If the newest one was still being created, the previous one has the cursor.
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
      // Entries since the cursor of an older partition are lost with this one, or would be written twice.
      return new PartitionWriter(driver, file, { cursor: () => ({ journal: '', next: 0 }), now: now() });
    }
  }

  /** Quarantines the partitions that a process has marked as damaged. */
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
      `${file.name} cannot be used (${why}); it is kept as ${name}, and the store continues without it`,
    );
  }
}
