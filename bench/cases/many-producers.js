import { ZmqLogRecordExporter } from 'burstlog/zeromq';
import { batchesOf } from '../bridge/export-batches.js';
import { ratioLine, spreadLine } from '../figures.js';
import { Program } from '../program.js';
import { sdkRecords } from '../sdk-records.js';

export const title =
  'Do many applications get as much into the journal as a few? Batches of 10 records go through ZmqLogRecordExporter ' +
  'in mode `ack`, each exporter with its window full, from 1,000 exporters and from 8.';

const BATCH = 10;
const FEW = 8;
const MANY = 1_000;
const WINDOW = 8;
const RATIO_AT_LEAST = 0.7;
const BATCHES = { full: 40_000, quick: 8_000 };

/** @type {import('../case.js').Case['trials']} */
export function trials({ isQuick }) {
  const batches = isQuick ? BATCHES.quick : BATCHES.full;
  return [
    {
      measure: 'batches into the journal and acknowledged, per second',
      options: `batches of ${BATCH}, windows of ${WINDOW}`,
      sides: { many: { exporters: MANY, batches }, few: { exporters: FEW, batches } },
      repeatsPerProcess: 3,
    },
  ];
}

/** @type {import('../case.js').Case['prepare']} */
export async function prepare({ exporters: count, batches }) {
  const program = new Program('bridge/journaling-receiver.js');
  const endpoint = String(await program.started());
  const exporters = Array.from({ length: Number(count) }, () => new ZmqLogRecordExporter({ endpoint }));
  const made = batchesOf(sdkRecords(BATCH * 8, 4), BATCH);
  // Every exporter is connected before the measurement.
  await exportAll(exporters, made, exporters.length * WINDOW);
  return {
    async repeat() {
      const from = performance.now();
      await exportAll(exporters, made, Number(batches));
      return { perSecond: (Number(batches) * 1e3) / (performance.now() - from) };
    },
    async end() {
      await Promise.all(exporters.map((exporter) => exporter.shutdown()));
      await program.end();
    },
  };
}

/**
 * Keeps the window of each exporter full until all batches have been started.
 *
 * @param {readonly ZmqLogRecordExporter[]} exporters
 * @param {readonly import('@opentelemetry/sdk-logs').ReadableLogRecord[][]} batches
 * @param {number} times
 * @returns {Promise<void>}
 */
function exportAll(exporters, batches, times) {
  return new Promise((resolve, reject) => {
    let begun = 0;
    let done = 0;
    const next = (/** @type {ZmqLogRecordExporter} */ exporter) => {
      if (begun === times) return;
      begun += 1;
      exporter.export(batches[begun % batches.length] ?? [], ({ code, error }) => {
        if (code !== 0) return reject(error ?? new Error('an export failed'));
        done += 1;
        if (done === times) resolve();
        else next(exporter);
      });
    };
    for (let lane = 0; lane < WINDOW; lane++) for (const exporter of exporters) next(exporter);
  });
}

/** @type {import('../case.js').Case['lines']} */
export function lines(trial, results) {
  const sides = { figure: 'perSecond', unit: '/s', ours: 'many', theirs: 'few' };
  return [
    spreadLine(trial, results, { side: 'many', figure: 'perSecond', unit: 'batches/s' }),
    ratioLine(trial, results, { ...sides, atLeast: RATIO_AT_LEAST }),
  ];
}
