import { ZmqLogRecordExporter } from 'burstlog/zeromq';
import { Distlogd } from '../bridge/distlogd.js';
import { batchesOf } from '../bridge/export-batches.js';
import { spreadLine } from '../figures.js';
import { sdkRecords } from '../sdk-records.js';

export const title =
  "How late is distlogd's event loop when 200,000 records a second come, in batches of 512 by mode `ack`? A real " +
  'daemon with a file sink; its own metric `distlogd_event_loop_delay_p99_seconds`, that is of the time since it was ' +
  'asked before.';

const BATCH = 512;
const ATTRIBUTES = 4;
const PER_SECOND = 200_000;
const AT_MOST = 30;
const SECONDS = { full: 10, quick: 2 };
const WINDOW = 16;
const TAKEN = 'distlogd_receiver_records_total{receiver="zmqAck"}';
const DELAY = 'distlogd_event_loop_delay_p99_seconds';

/** @type {import('../case.js').Case['trials']} */
export function trials({ isQuick }) {
  return [
    {
      measure: "delay of the daemon's event loop, 99th percentile",
      options: `${PER_SECOND.toLocaleString('en-US')} records a second for ${isQuick ? SECONDS.quick : SECONDS.full} s, file sink`,
      sides: { distlogd: { seconds: isQuick ? SECONDS.quick : SECONDS.full } },
      repeats: 3,
      repeatsPerProcess: 3,
    },
  ];
}

/** @type {import('../case.js').Case['prepare']} */
export async function prepare({ seconds }) {
  const daemon = await Distlogd.start((directory) =>
    [
      'receivers:',
      '  zmqAck: { endpoint: "tcp://127.0.0.1:0" }',
      'sinks:',
      `  out: { type: file, path: ${directory}/out.jsonl }`,
      '',
    ].join('\n'),
  );
  const exporter = new ZmqLogRecordExporter({
    endpoint: daemon.endpoints.zmqAck ?? '',
    windowBatches: WINDOW,
  });
  const made = batchesOf(sdkRecords(BATCH * 8, ATTRIBUTES), BATCH);
  await paced(exporter, made, 1);
  return {
    async repeat() {
      const before = await daemon.metrics();
      const took = await paced(exporter, made, Number(seconds));
      const after = await daemon.metrics();
      const records = (after.get(TAKEN) ?? 0) - (before.get(TAKEN) ?? 0);
      return { delayMillis: (after.get(DELAY) ?? Number.NaN) * 1e3, perSecond: (records * 1e3) / took };
    },
    async end() {
      await exporter.shutdown();
      await daemon.stop();
    },
  };
}

/** @type {import('../case.js').Case['lines']} */
export function lines(trial, results) {
  const side = 'distlogd';
  return [
    spreadLine(trial, results, { side, figure: 'delayMillis', unit: 'ms', atMost: AT_MOST }),
    spreadLine(trial, results, {
      side,
      figure: 'perSecond',
      unit: 'records/s',
      what: 'records that came meanwhile',
    }),
  ];
}

/**
 * Exports at the given rate. Late exports are delayed, so that a lower rate becomes visible.
 *
 * @param {ZmqLogRecordExporter} exporter
 * @param {readonly import('@opentelemetry/sdk-logs').ReadableLogRecord[][]} batches
 * @param {number} seconds
 * @returns {Promise<number>} the duration in milliseconds
 */
async function paced(exporter, batches, seconds) {
  const began = performance.now();
  const total = Math.ceil((PER_SECOND * seconds) / BATCH);
  /** @type {Set<Promise<void>>} */
  const underWay = new Set();
  for (let sent = 0; sent < total; ) {
    const due = Math.min(total, Math.floor(((performance.now() - began) * PER_SECOND) / 1e3 / BATCH));
    while (sent < due && underWay.size < WINDOW) {
      const one = exported(exporter, batches[sent % batches.length] ?? []).finally(() =>
        underWay.delete(one),
      );
      underWay.add(one);
      sent += 1;
    }
    if (underWay.size === WINDOW) await Promise.race(underWay);
    else await new Promise((resolve) => setTimeout(resolve, 1));
  }
  await Promise.all(underWay);
  return performance.now() - began;
}

/**
 * @param {ZmqLogRecordExporter} exporter
 * @param {import('@opentelemetry/sdk-logs').ReadableLogRecord[]} batch
 * @returns {Promise<void>}
 */
function exported(exporter, batch) {
  return new Promise((resolve, reject) =>
    exporter.export(batch, ({ code, error }) => (code === 0 ? resolve() : reject(error))),
  );
}
