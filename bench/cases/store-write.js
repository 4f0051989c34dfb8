import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { StoreProcess } from '../../build/store/index.js';
import { boundLine, spreadLine } from '../figures.js';
import { BATCH, requestOf } from '../store/requests.js';
import { residentBytes } from '../store/resident.js';

export const title =
  'How many records a second go into a store, with full-text index, on the disk, while the oldest partitions are removed? ' +
  'The process that writes is given 4 MiB at a time, as by the daemon.';

const MEBIBYTE = 2 ** 20;
const PROGRAM = new URL('../../dist/esm/store/store-program.js', import.meta.url);
const WRITE_BATCHES = 32;
/** Number of different requests, which are written repeatedly; creating them is not measured. */
const REQUESTS = 2_000;
/** The fraction of the records that fill the store before the measurement. */
const FILLING = 0.6;
const FORMS = {
  full: { records: 3_500_000, maxBytes: 1_000 * MEBIBYTE, partitionRecords: 1_000_000 },
  quick: { records: 400_000, maxBytes: 100 * MEBIBYTE, partitionRecords: 50_000 },
};

/** @type {import('../case.js').Case['trials']} */
export function trials({ isQuick }) {
  const form = isQuick ? FORMS.quick : FORMS.full;
  return [
    {
      measure: 'records into a store',
      options: `${form.records.toLocaleString('en-US')} records, at most ${form.maxBytes / MEBIBYTE} MiB`,
      sides: { ours: form },
      repeats: 1,
    },
  ];
}

/** @type {import('../case.js').Case['prepare']} */
export async function prepare({ records, maxBytes, partitionRecords }) {
  const directory = join(mkdtempSync(join(tmpdir(), 'bench-store-')), 'store');
  const store = new StoreProcess({
    program: PROGRAM,
    directory,
    limits: {
      partitionRecords: Number(partitionRecords),
      partitionBytes: 512 * MEBIBYTE,
      maxBytes: Number(maxBytes),
      maxAgeMillis: 0,
    },
    onWarning: (message) => console.error(message),
  });
  await store.open();
  const idleBytes = residentBytes(store.pid);
  const made = Array.from({ length: REQUESTS }, (_, at) => requestOf(at * BATCH));
  const { signal } = new AbortController();
  let index = 1;
  const write = async (/** @type {number} */ count) => {
    let slowest = 0;
    for (let left = count; left > 0; ) {
      const entries = [];
      for (let each = WRITE_BATCHES; each > 0; each -= 1, index += 1, left -= BATCH) {
        entries.push({ index, receivedMillis: Date.now(), body: made[index % REQUESTS] ?? new Uint8Array() });
      }
      const began = performance.now();
      await store.write(entries, { journal: 'bench', next: index }, signal);
      slowest = Math.max(slowest, performance.now() - began);
    }
    return slowest;
  };
  return {
    async repeat() {
      await write(Number(records) * FILLING);
      const fullBytes = residentBytes(store.pid);
      const began = performance.now();
      const removed = store.totals.partitionsRemoved;
      const count = Number(records) * (1 - FILLING);
      const slowestMillis = await write(count);
      const perSecond = (count * 1e3) / (performance.now() - began);
      if (store.totals.partitionsRemoved === removed)
        throw new Error('no partition was removed during the measurement');
      const growth = (residentBytes(store.pid) - fullBytes) / MEBIBYTE;
      return { perSecond, slowestMillis, idle: idleBytes / 1e6, growth };
    },
    async end() {
      await store.close();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

/** @type {import('../case.js').Case['lines']} */
export function lines(trial, results) {
  const side = 'ours';
  const { idle = Number.NaN, growth = Number.NaN } = results.ours?.[0] ?? {};
  return [
    spreadLine(trial, results, { side, figure: 'perSecond', unit: 'records/s', atLeast: 40_000 }),
    spreadLine(trial, results, { side, figure: 'slowestMillis', what: 'slowest transaction', unit: 'ms' }),
    boundLine(trial, { what: 'memory of the idle process', value: idle, unit: 'MB', atMost: 70 }),
    boundLine(trial, {
      what: 'growth of its memory once the store is full',
      value: growth,
      unit: 'MiB',
      atMost: 32,
    }),
  ];
}
