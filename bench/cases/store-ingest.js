import { ZmqLogRecordExporter } from 'burstlog/zeromq';
import { Distlogd } from '../bridge/distlogd.js';
import { batchesOf, exportBatches } from '../bridge/export-batches.js';
import { ratioLine, spreadLine } from '../figures.js';
import { sdkRecords } from '../sdk-records.js';

export const title =
  'Does a store slow down what distlogd acknowledges? Batches of 512 by mode `ack`, as fast as they are taken, so ' +
  'that the store works at its limit; against the same daemon without it. Both have a file sink that skips what it ' +
  'is behind. Then the time until the store has caught up.';

const BATCH = 512;
const ATTRIBUTES = 4;
const WINDOW = 8;
const BATCHES = { full: 2_000, quick: 400 };
const BEHIND = 'distlogd_sink_behind_records{sink="out",type="store"}';

/** @type {import('../case.js').Case['trials']} */
export function trials({ isQuick }) {
  const batches = isQuick ? BATCHES.quick : BATCHES.full;
  return [
    {
      measure: 'records acknowledged while a store works at its limit, per second',
      options: `${(batches * BATCH).toLocaleString('en-US')} records in batches of ${BATCH}, ${WINDOW} under way`,
      sides: { store: { sink: '{ type: store }', batches }, none: { sink: '', batches } },
      repeats: isQuick ? 3 : 5,
      repeatsPerProcess: 5,
    },
  ];
}

/** @type {import('../case.js').Case['prepare']} */
export async function prepare({ sink, batches }) {
  // At least one sink is required: one that skips nearly everything.
  const daemon = await Distlogd.start((directory) => {
    const rest = `rest: { type: file, path: ${directory}/rest.jsonl, maxBehind: { bytes: 1MiB }, onFull: skip }`;
    const sinks = sink === '' ? `sinks: { ${rest} }` : `sinks: { ${rest}, out: ${sink} }`;
    return ['receivers:', '  zmqAck: { endpoint: "tcp://127.0.0.1:0" }', sinks, ''].join('\n');
  });
  const exporter = new ZmqLogRecordExporter({
    endpoint: daemon.endpoints.zmqAck ?? '',
    windowBatches: WINDOW,
  });
  const made = batchesOf(sdkRecords(BATCH * 8, ATTRIBUTES), BATCH);
  await exportBatches(exporter, made, 40, WINDOW);
  const caughtUp = async () => {
    const began = performance.now();
    while (((await daemon.metrics()).get(BEHIND) ?? 0) > 0)
      await new Promise((resolve) => setTimeout(resolve, 100));
    return performance.now() - began;
  };
  await caughtUp();
  return {
    async repeat() {
      const began = performance.now();
      await exportBatches(exporter, made, Number(batches), WINDOW);
      const took = performance.now() - began;
      const behindSeconds = (await caughtUp()) / 1e3;
      return { perSecond: (Number(batches) * BATCH * 1e3) / took, behindSeconds };
    },
    async end() {
      await exporter.shutdown();
      await daemon.stop();
    },
  };
}

/** @type {import('../case.js').Case['lines']} */
export function lines(trial, results) {
  return [
    ratioLine(trial, results, {
      figure: 'perSecond',
      unit: 'records/s',
      ours: 'store',
      theirs: 'none',
      atLeast: 0.8,
    }),
    spreadLine(trial, results, {
      side: 'store',
      figure: 'behindSeconds',
      what: 'until the store has caught up',
      unit: 's',
    }),
  ];
}
