import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as pause } from 'node:timers/promises';
import { context } from '@opentelemetry/api';
import { OTLPLogExporter } from '@opentelemetry/exporter-logs-otlp-grpc';
import { BurstLogRecordProcessor } from 'burstlog';
import { boundLine, medianOf, shown, valuesOf } from '../figures.js';
import { providerWith, traceContexts } from '../otel.js';
import { ERROR, emitQuiet } from '../records.js';

export const title =
  'Does a burst of 100,000 records arrive whole and in order, and how long does it keep the event loop from its ' +
  'other work? Over OTLP/gRPC to a receiver in another process, from the trigger to the end of delivery.';

const HELD = 100_000;
/** Records of a previous burst, which warms up the delivery, as loud records do in a real service. */
const WARM = 5_000;
const RESOLUTION_MILLIS = 1;
const P99_AT_MOST = 25;
const LONGEST_AT_MOST = 60;
/** The trigger and the manifest. */
const BESIDE = 2;

/** @type {import('../case.js').Case['trials']} */
export function trials() {
  return [
    {
      measure: 'burst of 100,000 held records',
      options: 'scope trace, capacity and maxBytes raised, limit false; event loop sampled every millisecond',
      sides: { ours: {} },
      withReceiver: true,
      repeatsPerProcess: 1,
    },
  ];
}

/** @type {import('../case.js').Case['prepare']} */
export async function prepare({ address }) {
  const processor = new BurstLogRecordProcessor({
    exporter: new OTLPLogExporter({ url: String(address) }),
    capacity: HELD,
    maxBytes: 2 ** 28,
    limit: false,
  });
  const provider = providerWith(processor);
  const logger = provider.getLogger('bench');
  const [first = context.active(), second = context.active()] = traceContexts(2);
  /** @param {import('@opentelemetry/api').Context} trace */
  const fail = (trace) => {
    context.with(trace, () => logger.emit({ severityNumber: ERROR, body: 'it went wrong' }));
  };
  emitQuiet(logger, [first], WARM);
  fail(first);
  await provider.forceFlush();
  return {
    async repeat() {
      emitQuiet(logger, [second], HELD);
      const delay = monitorEventLoopDelay({ resolution: RESOLUTION_MILLIS });
      delay.enable();
      await pause(20);
      delay.reset();
      // The histogram starts with the second turn after a reset.
      await pause(5 * RESOLUTION_MILLIS);
      const from = performance.now();
      fail(second);
      const triggerMillis = performance.now() - from;
      await provider.forceFlush();
      const totalMillis = performance.now() - from;
      // Includes a stall at the very end.
      await pause(5 * RESOLUTION_MILLIS);
      delay.disable();
      return {
        triggerMillis,
        totalMillis,
        p99Millis: delay.percentile(99) / 1e6,
        longestMillis: delay.max / 1e6,
        delivered: processor.stats().delivered,
      };
    },
    end: () => provider.shutdown(),
  };
}

/** @type {import('../case.js').Case['lines']} */
export function lines(trial, results) {
  const total = medianOf(results, 'ours', 'totalMillis');
  const arrived = Math.min(...valuesOf(results, 'ours', 'received.records'));
  const inOrder = Math.min(...valuesOf(results, 'ours', 'received.longestInOrder'));
  return [
    {
      measure: `${trial.measure}: all arrive, in order`,
      options: trial.options,
      figures: `${shown(arrived)} arrived (trigger and manifest too), ${shown(inOrder)} in order, in ${shown(total)} ms`,
      bound: 'all',
      isMet: arrived === HELD + BESIDE && inOrder === HELD,
    },
    delayLine(trial, results, { what: 'event loop delay, p99', figure: 'p99Millis', atMost: P99_AT_MOST }),
    delayLine(trial, results, {
      what: 'longest event loop delay',
      figure: 'longestMillis',
      atMost: LONGEST_AT_MOST,
    }),
    {
      measure: `${trial.measure}: the trigger's own emit()`,
      options: trial.options,
      figures: `${shown(medianOf(results, 'ours', 'triggerMillis'))} ms`,
    },
  ];
}

/**
 * @param {import('../case.js').Trial} trial
 * @param {import('../case.js').Results} results
 * @param {{ what: string, figure: string, atMost: number }} wanted
 * @returns {import('../case.js').Line}
 */
function delayLine(trial, results, { what, figure, atMost }) {
  const line = boundLine(trial, { what, value: medianOf(results, 'ours', figure), unit: 'ms', atMost });
  const worst = Math.max(...valuesOf(results, 'ours', figure));
  return { ...line, figures: `${line.figures} (worst repeat ${shown(worst)} ms)` };
}
