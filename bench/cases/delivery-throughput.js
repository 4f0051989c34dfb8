import { BatchLogRecordProcessor } from '@opentelemetry/sdk-logs';
import { PriorityBatchLogRecordProcessor } from 'burstlog';
import { ratioLine } from '../figures.js';
import { providerWith, traceContexts } from '../otel.js';
import { emitQuiet } from '../records.js';

export const title =
  "How many records a second does PriorityBatchLogRecordProcessor deliver, against the SDK's " +
  'BatchLogRecordProcessor? Emitted through a logger of the SDK, in steps that fit the queue, each flushed; the ' +
  'exporter takes a batch in the next turn of the event loop.';

/** Records per slice; ten slices are a repeat. */
const RECORDS = 20_480;
const SLICES = 10;
const RECORDS_PER_FLUSH = 1_024;
const QUEUE = { maxQueueSize: 2_048, maxExportBatchSize: 512 };
const AT_LEAST = 1.05;

/** @type {import('../case.js').Case['trials']} */
export function trials() {
  return [
    {
      measure: 'records delivered per second',
      options: `maxQueueSize 2,048, maxExportBatchSize 512, forceFlush() every ${RECORDS_PER_FLUSH}`,
      sides: { priority: { side: 'priority' }, batch: { side: 'batch' } },
      repeatsPerProcess: 1,
      slices: SLICES,
    },
  ];
}

/** @type {import('../case.js').Case['prepare']} */
export async function prepare({ side }) {
  let delivered = 0;
  const exporter = {
    /**
     * @param {unknown[]} records
     * @param {(result: { code: number }) => void} callback
     */
    export(records, callback) {
      delivered += records.length;
      setImmediate(callback, { code: 0 });
    },
    forceFlush: async () => {},
    shutdown: async () => {},
  };
  const processor =
    side === 'batch'
      ? new BatchLogRecordProcessor({ ...QUEUE, exporter })
      : new PriorityBatchLogRecordProcessor({ ...QUEUE, exporter });
  const provider = providerWith(processor);
  const logger = provider.getLogger('bench');
  const traces = traceContexts(64);
  const run = async () => {
    for (let done = 0; done < RECORDS; done += RECORDS_PER_FLUSH) {
      emitQuiet(logger, traces, RECORDS_PER_FLUSH);
      await provider.forceFlush();
    }
  };
  for (let slice = 0; slice < SLICES; slice += 1) await run();
  return {
    async repeat() {
      delivered = 0;
      const from = performance.now();
      await run();
      const seconds = (performance.now() - from) / 1e3;
      if (delivered !== RECORDS) throw new Error(`${delivered} records of ${RECORDS} were delivered`);
      return { perSecond: RECORDS / seconds };
    },
    end: () => provider.shutdown(),
  };
}

/** @type {import('../case.js').Case['lines']} */
export function lines(trial, results) {
  const sides = { figure: 'perSecond', unit: '/s', ours: 'priority', theirs: 'batch' };
  return [ratioLine(trial, results, { ...sides, atLeast: AT_LEAST })];
}
