import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadDriver } from '../../build/store/driver.js';
import { StoreReaders } from '../../build/store/index.js';
import { StoreWriter } from '../../build/store/store-writer.js';
import { spreadLine } from '../figures.js';
import { BATCH, requestOf, TRACE_RECORDS, traceId } from '../store/requests.js';

export const title =
  'How long does a search of a store take, from the daemon and back, with all lines that it finds? The process that reads is ' +
  'running, as after a first search.';

const RECORDS = { full: 1_000_000, quick: 200_000 };
const PROGRAM = new URL('../../dist/esm/store/store-program.js', import.meta.url);
const LIMITS = { partitionRecords: 1_000_000, partitionBytes: 2 ** 29, maxBytes: 2 ** 33, maxAgeMillis: 0 };
const MIDDLE = 0.4;

/** @type {Readonly<Record<string, { query: (records: number) => object, finds?: number, atMost: number }>>} */
const SEARCHES = {
  'newest 50 by a word of every tenth record': {
    query: () => ({ words: 'checkout' }),
    finds: 50,
    atMost: 50,
  },
  'the one record with a number': {
    query: (records) => ({ words: `order ${Math.floor(records * MIDDLE)}` }),
    atMost: 50,
  },
  'words that no record has': { query: () => ({ words: 'checkout xyzzy' }), finds: 0, atMost: 300 },
  'condition on an attribute, newest 50': {
    query: () => ({ when: 'attributes["user.id"] == "user-77" and severity_number < 9' }),
    atMost: 1_500,
  },
  'condition that every record must be read for, and none fits': {
    query: () => ({ when: 'attributes["duration.ms"] > 5000' }),
    finds: 0,
    atMost: 1_500,
  },
  'a trace of 1,000 records': {
    query: (records) => ({ trace: traceId(Math.floor((records * MIDDLE) / TRACE_RECORDS)), limit: 10_000 }),
    finds: TRACE_RECORDS,
    atMost: 50,
  },
};

/** @type {import('../case.js').Case['trials']} */
export function trials({ isQuick }) {
  const records = isQuick ? RECORDS.quick : RECORDS.full;
  return [
    {
      measure: 'search',
      options: `${records.toLocaleString('en-US')} records of 6 attributes`,
      sides: { ours: { records } },
      repeats: 5,
      repeatsPerProcess: 5,
    },
  ];
}

/** @type {import('../case.js').Case['prepare']} */
export async function prepare({ records }) {
  const directory = join(mkdtempSync(join(tmpdir(), 'bench-store-')), 'store');
  const onWarning = (/** @type {string} */ message) => console.error(message);
  const driver = await loadDriver();
  const writer = new StoreWriter({ driver, directory, limits: LIMITS, now: Date.now, onWarning });
  writer.open();
  let index = 1;
  for (let at = 0; at < Number(records); index += 1) {
    const entries = [];
    for (let left = 32; left > 0 && at < Number(records); left -= 1, at += BATCH) {
      entries.push({ index: 1, receivedMillis: Date.now(), body: requestOf(at) });
    }
    writer.write(entries, { journal: 'bench', next: index });
  }
  const readers = new StoreReaders({ program: PROGRAM, directory, onWarning });
  const search = async (/** @type {object} */ query) => {
    const { signal } = new AbortController();
    const whole = { limit: 50, order: /** @type {const} */ ('newest'), ...query };
    return await readers.records(whole, { boundMillis: 30_000, signal, onLines: () => undefined });
  };
  await search({});
  return {
    async repeat() {
      /** @type {Record<string, number>} */
      const figures = {};
      for (const [name, { query, finds }] of Object.entries(SEARCHES)) {
        const began = performance.now();
        const found = await search(query(Number(records)));
        figures[name] = performance.now() - began;
        if (finds !== undefined && found.records !== finds) {
          throw new Error(`${name}: found ${found.records}, expected ${finds}`);
        }
      }
      return figures;
    },
    async end() {
      await readers.close();
      writer.close();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

/** @type {import('../case.js').Case['lines']} */
export function lines(trial, results) {
  return Object.entries(SEARCHES).map(([what, { atMost }]) =>
    spreadLine(trial, results, { side: 'ours', figure: what, what, unit: 'ms', atMost }),
  );
}
