import { once } from 'node:events';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { StoreSink } from '../../../src/sinks/store/index.ts';
import { StoreReaders } from '../../../src/store/index.ts';
import { bodiesOf } from '../../store/support/records.ts';
import type { MemoryJournal } from '../support/memory-journal.ts';

const url = (...path: string[]) => pathToFileURL(join(__dirname, ...path));
export const PROGRAM = url('../../../dist/esm/store/store-program.js');
/** A program that kills itself, see there. */
export const DEADLY_PROGRAM = url('programs/deadly-store.js');

const OPTIONS = {
  retention: { maxBytes: 1_073_741_824, maxAgeMillis: 0 },
  partitionRecords: 1_000_000,
  partitionBytes: 1_073_741_824,
};

export interface TestStoreOptions {
  readonly path: string;
  readonly journal: MemoryJournal;
  readonly program?: URL;
  readonly partitionRecords?: number;
}

/** A store sink with a real process, and its warnings. */
export function storeSink({
  path,
  journal,
  program = PROGRAM,
  partitionRecords = 1_000_000,
}: TestStoreOptions) {
  const warnings: string[] = [];
  const log = { emit: (_severity: number, message: string) => void warnings.push(message) };
  const sink = new StoreSink(
    { ...OPTIONS, path, partitionRecords },
    {
      log,
      program,
      journal: Buffer.from(journal.id).toString('hex'),
      continues: (id) => journal.continues(id),
    },
  );
  return { sink, warnings };
}

/** The bodies of all records of a store, oldest first. */
export async function bodiesIn(path: string): Promise<unknown[]> {
  const readers = new StoreReaders({ program: PROGRAM, directory: path, onWarning: () => {} });
  try {
    let text = '';
    const { signal } = new AbortController();
    await readers.records(
      { limit: 100_000, order: 'oldest' },
      {
        boundMillis: 30_000,
        signal,
        onLines: (lines) => {
          text += lines.toString('utf8');
          return undefined;
        },
      },
    );
    return bodiesOf(text);
  } finally {
    await readers.close();
  }
}

/** Kills a process and waits until it has ended. */
export async function killed(pid: number): Promise<void> {
  process.kill(pid, 'SIGKILL');
  for (;;) {
    try {
      process.kill(pid, 0);
    } catch {
      return;
    }
    await once(process, 'nothing', { signal: AbortSignal.timeout(5) }).catch(() => {});
  }
}
