import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadDriver } from '../../../src/store/driver.ts';
import type { Query } from '../../../src/store/query.ts';
import { type Found, StoreReader } from '../../../src/store/store-reader.ts';
import { type StoreLimits, StoreWriter } from '../../../src/store/store-writer.ts';
import { bodiesOf, request, type Said } from './records.ts';

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
  now = 1_000;
  #index = 0;

  static async open(limits: Partial<StoreLimits> = {}, directory = newDirectory()): Promise<LocalStore> {
    return new LocalStore(await loadDriver(), directory, { ...LIMITS, ...limits });
  }

  private constructor(
    driver: Awaited<ReturnType<typeof loadDriver>>,
    directory: string,
    limits: StoreLimits,
  ) {
    this.directory = directory;
    const now = () => this.now;
    const onWarning = (message: string) => this.warnings.push(message);
    this.writer = new StoreWriter({ driver, directory, limits, now, onWarning });
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

  /** The bodies of what is found, and how the search ended. */
  find(query: Partial<Query> = {}): { readonly bodies: unknown[]; readonly found: Found } {
    let text = '';
    const findings = this.#findings((lines) => {
      text += lines;
    });
    const found = this.reader.records({ limit: 1_000, order: 'newest', ...query }, 60_000, findings);
    return { bodies: bodiesOf(text), found };
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

export function newDirectory(): string {
  return join(mkdtempSync(join(tmpdir(), 'store-')), 'store');
}
