import { setImmediate as turn } from 'node:timers/promises';
import { BurstLoggerProvider, BurstLogRecordProcessor } from 'burstlog';
import { ratioLine } from '../figures.js';
import { GIBIBYTE, providerWith, RecordProcessor, swallowingExporter, traceContexts } from '../otel.js';
import { emitQuiet } from '../records.js';

export const title =
  'How much memory does a held record take, against the same record in a plain array? Heap and array buffers ' +
  'together (our links live in typed arrays), after forced collections. The buffer grows by half, so 50,000 and ' +
  '120,000 lie just behind a growth, where a third of it is empty. A deferred record, of BurstLoggerProvider, is ' +
  'compared with one that BurstLogRecordProcessor holds.';

const AT_MOST = 1.15;
const WARM = 20_000;
const TRACES = 64;
const COUNTS = [
  { held: 50_000, traces: TRACES, atMost: AT_MOST },
  { held: 65_536, traces: TRACES, atMost: AT_MOST },
  { held: 100_000, traces: TRACES, atMost: AT_MOST },
  { held: 120_000, traces: TRACES, atMost: AT_MOST },
  { held: 160_000, traces: 10_000 },
];
/** In front of the SDK, before the record is created. */
const DEFERRED = { held: 65_536, traces: TRACES, atMost: 0.5 };

/** @type {import('../case.js').Case['trials']} */
export function trials({ isQuick }) {
  const counts = isQuick ? COUNTS.slice(0, 1) : COUNTS;
  const trial = (
    /** @type {'ours' | 'deferred'} */ side,
    /** @type {number} */ held,
    /** @type {number} */ traces,
  ) => ({
    measure: `memory per ${side === 'ours' ? 'held' : 'deferred'} record, ${held.toLocaleString('en-US')} held`,
    options: `scope trace, ${traces.toLocaleString('en-US')} traces, capacity and maxBytes raised`,
    sides: { ours: { side, held, traces }, array: { side: 'array', held, traces } },
    repeatsPerProcess: 1,
  });
  return [
    ...counts.map(({ held, traces }) => trial('ours', held, traces)),
    {
      ...trial('deferred', DEFERRED.held, DEFERRED.traces),
      sides: {
        deferred: { side: 'deferred', held: DEFERRED.held, traces: DEFERRED.traces },
        held: { side: 'ours', held: DEFERRED.held, traces: DEFERRED.traces },
      },
    },
  ];
}

/** @type {import('../case.js').Case['prepare']} */
export async function prepare({ side, held, traces }) {
  /** @type {unknown[]} */
  const array = [];
  const bounds = { capacity: 1_000_000, maxBytes: 4 * GIBIBYTE };
  const processor = new BurstLogRecordProcessor({ exporter: swallowingExporter, ...bounds });
  const keeps = side === 'ours' ? processor : new RecordProcessor((record) => void array.push(record));
  const provider = providerWith(keeps);
  const front = new BurstLoggerProvider({ provider, ...bounds });
  const burst = side === 'deferred' ? front : processor;
  const logger = /** @type {import('@opentelemetry/api-logs').Logger} */ (
    (side === 'deferred' ? front : provider).getLogger('bench')
  );
  const contexts = traceContexts(Number(traces));
  emitQuiet(logger, contexts, WARM);
  array.length = 0;
  burst.discard({ keys: 'all' });
  return {
    async repeat() {
      const before = await usedBytes();
      emitQuiet(logger, contexts, Number(held));
      const bytes = (await usedBytes()) - before;
      const kept = array.length + burst.stats().holding;
      if (kept !== held) throw new Error(`held ${kept} records instead of ${held}`);
      return { bytes: bytes / kept };
    },
  };
}

/** @type {import('../case.js').Case['lines']} */
export function lines(trial, results) {
  const bytes = { figure: 'bytes', unit: 'bytes' };
  if (trial.sides.deferred !== undefined) {
    return [
      ratioLine(trial, results, { ...bytes, ours: 'deferred', theirs: 'held', atMost: DEFERRED.atMost }),
    ];
  }
  const atMost = COUNTS.find(({ held }) => held === trial.sides.ours?.held)?.atMost;
  const sides = { ...bytes, ours: 'ours', theirs: 'array' };
  return [ratioLine(trial, results, atMost === undefined ? sides : { ...sides, atMost })];
}

async function usedBytes() {
  for (let times = 0; times < 4; times += 1) {
    globalThis.gc?.();
    // Array buffers are freed after the collection that finds them.
    await turn();
  }
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}
