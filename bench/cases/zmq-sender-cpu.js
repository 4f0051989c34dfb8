import { OTLPLogExporter } from '@opentelemetry/exporter-logs-otlp-grpc';
import { ZmqLogRecordExporter } from 'burstlog/zeromq';
import { batchesOf, exportBatches } from '../bridge/export-batches.js';
import { ratioLine } from '../figures.js';
import { Program } from '../program.js';
import { sdkRecords } from '../sdk-records.js';

export const title =
  'What CPU time does it take to send a record, by ZmqLogRecordExporter in mode `ack` against the official ' +
  "OTLP/gRPC exporter? The sender's only, all its threads; records of the SDK that were made before, batches of " +
  '512; a receiver in another process acknowledges and keeps nothing.';

const BATCH = 512;
const WINDOW = 8;
const ATTRIBUTES = 4;
const AT_MOST = 0.3;
/** Batches per slice. */
const BATCHES = { full: 200, quick: 60 };
const SLICES = 4;
const WARM_BATCHES = 400;

/** @type {import('../case.js').Case['trials']} */
export function trials({ isQuick }) {
  const batches = isQuick ? BATCHES.quick : BATCHES.full;
  return [
    {
      measure: 'CPU per record in export',
      options: `batches of ${BATCH}, ${WINDOW} under way, ${ATTRIBUTES} attributes`,
      sides: { zmq: { side: 'zmq', batches }, grpc: { side: 'grpc', batches } },
      slices: SLICES,
      repeatsPerProcess: 3,
    },
  ];
}

/** @type {import('../case.js').Case['prepare']} */
export async function prepare({ side, batches }) {
  const receiver = new Program(side === 'zmq' ? 'bridge/zmq-receiver.js' : 'receiver.js');
  const address = String(await receiver.started());
  const exporter =
    side === 'zmq'
      ? new ZmqLogRecordExporter({ endpoint: address, windowBatches: WINDOW })
      : new OTLPLogExporter({ url: address });
  const times = Number(batches);
  const made = batchesOf(sdkRecords(BATCH * 8, ATTRIBUTES), BATCH);
  await exportBatches(exporter, made, WARM_BATCHES, WINDOW);
  return {
    async repeat() {
      const from = process.cpuUsage();
      await exportBatches(exporter, made, times, WINDOW);
      const { user, system } = process.cpuUsage(from);
      return { nanoseconds: ((user + system) * 1e3) / (times * BATCH) };
    },
    async end() {
      await exporter.shutdown();
      await receiver.end();
    },
  };
}

/** @type {import('../case.js').Case['lines']} */
export function lines(trial, results) {
  const sides = { figure: 'nanoseconds', unit: 'ns', ours: 'zmq', theirs: 'grpc' };
  return [ratioLine(trial, results, { ...sides, atMost: AT_MOST })];
}
