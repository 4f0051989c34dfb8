import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { DecodedLogRecord } from '../../../src/otlp/index.ts';
import { type Driver, loadDriver } from '../../../src/store/driver.ts';
import type { Query } from '../../../src/store/query.ts';
import { type Found, StoreReader } from '../../../src/store/store-reader.ts';
import { type StoreLimits, StoreWriter } from '../../../src/store/store-writer.ts';
import { recordsOf, request, type Said } from './records.ts';

const LIMITS: StoreLimits = {
  partitionRecords: 1_000_000,
  partitionBytes: 512 * 1_048_576,
  maxBytes: 10 * 1_073_741_824,
  maxAgeMillis: 0,
};
const JOURNAL = 'a'.repeat(32);

/** A store in this process. */
export class LocalStore {
  readonly directory: string;
  readonly warnings: string[] = [];
  readonly damaged: string[] = [];
  readonly writer: StoreWriter;
  readonly reader: StoreReader;
  now: number;
  #index = 0;

  /** @param through wraps the writer's SQLite driver */
  static async open(
    limits: Partial<StoreLimits> = {},
    directory = newDirectory(),
    through = (driver: Driver) => driver,
    now = 1_000_000,
  ): Promise<LocalStore> {
    const driver = await loadDriver();
    return new LocalStore(driver, through(driver), directory, { ...LIMITS, ...limits }, now);
  }

  private constructor(driver: Driver, writing: Driver, directory: string, limits: StoreLimits, time: number) {
    this.directory = directory;
    this.now = time;
    const now = () => this.now;
    const onWarning = (message: string) => this.warnings.push(message);
    this.writer = new StoreWriter({ driver: writing, directory, limits, now, onWarning });
    this.writer.open();
    this.reader = new StoreReader(driver, directory, () => performance.now());
  }

  /** Writes a request. */
  add(records: readonly Said[], service?: string): void {
    this.addBody(request(records, service));
  }

  addBody(body: Uint8Array) {
    this.#index += 1;
    const entry = { index: this.#index, receivedMillis: this.now, body };
    return this.writer.write([entry], { journal: JOURNAL, next: this.#index + 1 });
  }

  /** The bodies of the results, and how the search ended. */
  find(query: Partial<Query> = {}) {
    const { records, found } = this.findRecords(query);
    return { bodies: records.map(({ body }) => body), found };
  }

  findRecords(query: Partial<Query> = {}): { readonly records: DecodedLogRecord[]; readonly found: Found } {
    let text = '';
    const findings = this.#findings((lines) => {
      text += lines;
    });
    const found = this.reader.records({ limit: 1_000, order: 'newest', ...query }, 60_000, findings);
    return { records: recordsOf(text), found };
  }

  count(query: Partial<Query> = {}): number {
    const whole = { limit: 1, order: 'newest', ...query } as const;
    return this.reader.count(whole, 60_000, this.#findings()).records;
  }

  close(): void {
    this.reader.close();
    this.writer.close();
  }

  #findings(lines: (text: string) => void = () => {}) {
    const ignore = () => {};
    return { at: ignore, unreadable: ignore, lines, damaged: (name: string) => void this.damaged.push(name) };
  }
}

/** Does not sync: tests simulate no power failures. */
export function withoutSync(driver: Driver): Driver {
  return {
    name: driver.name,
    open: (path, mode) => {
      const database = driver.open(path, mode);
      const exec = (sql: string) => database.exec(sql.replace('synchronous=FULL', 'synchronous=OFF'));
      return { prepare: (sql) => database.prepare(sql), close: () => database.close(), exec };
    },
  };
}

/** A directory that does not exist yet, in a folder that is removed after the last test of the file. */
export function newDirectory(): string {
  const folder = mkdtempSync(join(tmpdir(), 'store-'));
  folders.push(folder);
  return join(folder, 'store');
}

const folders: string[] = [];
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});
