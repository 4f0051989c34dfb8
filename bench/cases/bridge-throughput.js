import { OTLPLogExporter } from '@opentelemetry/exporter-logs-otlp-grpc';
import { ZmqLogRecordExporter } from 'burstlog/zeromq';
import { startCollector } from '../../test/support/collector-process.js';
import { batchesOf, exportBatches } from '../bridge/export-batches.js';
import { ratioLine, spreadLine } from '../figures.js';
import { Program } from '../program.js';
import { sdkRecords } from '../sdk-records.js';

export const title =
  'How many records a second go from an application into the journal, synced to the disk and acknowledged? The ' +
  'application exports batches of 512 through ZmqLogRecordExporter in mode `ack`; the records go on to a sink that ' +
  'discards. Against a Collector whose `sending_queue` lies in `file_storage` with `fsync: true`, fed by the official ' +
  'OTLP/gRPC exporter in the same way, with an exporter that discards.';

const BATCH = 512;
const ATTRIBUTES = 4;
const AT_LEAST = { 8: 400_000, 1: 200_000 };
const RATIO_AT_LEAST = 1.5;
const MILLIS = { full: 2_000, quick: 500 };
const WARM_BATCHES = 400;

/** @type {import('../case.js').Case['trials']} */
export function trials({ isQuick }) {
  const millis = isQuick ? MILLIS.quick : MILLIS.full;
  return Object.keys(AT_LEAST).map((key) => {
    const window = Number(key);
    return {
      measure: 'records into the journal and acknowledged, per second',
      options: `batches of ${BATCH}, ${window} under way, ${ATTRIBUTES} attributes`,
      sides: {
        distlogd: { side: 'distlogd', window, millis },
        collector: { side: 'collector', window, millis },
      },
      repeatsPerProcess: 3,
    };
  });
}

/** @type {import('../case.js').Case['prepare']} */
export async function prepare({ side, window, millis }) {
  const end = await (side === 'distlogd' ? distlogd(Number(window)) : collector());
  const { exporter } = end;
  const made = batchesOf(sdkRecords(BATCH * 8, ATTRIBUTES), BATCH);
  await exportBatches(exporter, made, WARM_BATCHES, Number(window));
  await end.report();
  // Scales the number of batches to about the same duration on each side.
  const from = performance.now();
  await exportBatches(exporter, made, WARM_BATCHES, Number(window));
  const times = Math.ceil((WARM_BATCHES * Number(millis)) / (performance.now() - from));
  return {
    async repeat() {
      await end.report();
      const from = performance.now();
      await exportBatches(exporter, made, times, Number(window));
      const perSecond = (times * BATCH * 1e3) / (performance.now() - from);
      return { perSecond, ...(await end.report()) };
    },
    async end() {
      await exporter.shutdown();
      await end.stop();
    },
  };
}

/** @param {number} window */
async function distlogd(window) {
  const program = new Program('bridge/journaling-receiver.js');
  const exporter = new ZmqLogRecordExporter({
    endpoint: String(await program.started()),
    windowBatches: window,
  });
  const report = async () => /** @type {import('../case.js').Figures} */ (await program.ask('report'));
  return { exporter, report, stop: () => program.end() };
}

async function collector() {
  const running = await startCollector({ config: COLLECTOR });
  const exporter = new OTLPLogExporter({ url: `http://127.0.0.1:${running.grpcPort}` });
  return { exporter, report: async () => ({}), stop: () => running.cleanUp() };
}

const COLLECTOR = `
extensions:
  file_storage:
    directory: \${env:COLLECTOR_QUEUE_DIRECTORY}
    create_directory: true
    fsync: true
receivers:
  otlp:
    protocols:
      grpc: { endpoint: "\${env:COLLECTOR_GRPC_ENDPOINT}" }
exporters:
  debug:
    verbosity: basic
    use_internal_logger: true
    sending_queue:
      storage: file_storage
      queue_size: 100000
      num_consumers: 2
service:
  extensions: [file_storage]
  pipelines:
    logs: { receivers: [otlp], exporters: [debug] }
`;

/** @type {import('../case.js').Case['lines']} */
export function lines(trial, results) {
  const window = /** @type {keyof typeof AT_LEAST} */ (Number(trial.sides.distlogd?.window));
  const rate = { side: 'distlogd', figure: 'perSecond', unit: 'records/s', atLeast: AT_LEAST[window] };
  const sides = { figure: 'perSecond', unit: '/s', ours: 'distlogd', theirs: 'collector' };
  return [
    spreadLine(trial, results, rate),
    ratioLine(trial, results, { ...sides, atLeast: RATIO_AT_LEAST }),
    spreadLine(trial, results, {
      side: 'distlogd',
      figure: 'syncMillis',
      unit: 'ms',
      what: "the disk's fdatasync, median",
    }),
  ];
}
