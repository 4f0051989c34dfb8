import { context } from '@opentelemetry/api';
import { OTLPLogExporter } from '@opentelemetry/exporter-logs-otlp-grpc';
import { BatchLogRecordProcessor } from '@opentelemetry/sdk-logs';
import { TracerProvider } from '@opentelemetry/sdk-trace';
import { BurstLoggerProvider, BurstLogRecordProcessor } from 'burstlog';
import { ratioLine, valuesOf } from '../figures.js';
import { providerWith, traceContexts } from '../otel.js';
import { quietRecord } from '../records.js';

export const title =
  'What CPU time does a DEBUG record take that is held and discarded, because all went well, against exporting it? ' +
  "The sender's only, all its threads, flush included; the other side is the SDK's BatchLogRecordProcessor with " +
  'the OTLP/gRPC exporter, and a receiver in another process.';

const AT_MOST = 0.35;
/** In front of the SDK, before the record is created. */
const DEFERRED_AT_MOST = 0.07;
const RECORDS = { full: 51_200, quick: 20_480 };
const WARM_RUNS = 3;
/** Half of the BatchLogRecordProcessor's queue, so that it drops nothing. */
const RECORDS_PER_FLUSH = 1_024;
const RECORDS_PER_TRACE = 32;

/** @type {import('../case.js').Case['trials']} */
export function trials({ isQuick }) {
  const records = isQuick ? RECORDS.quick : RECORDS.full;
  const common = `${RECORDS_PER_TRACE} records a trace, forceFlush() every ${RECORDS_PER_FLUSH}`;
  const ends = {
    discard: `${common}, discard() at the end of each trace`,
    settle: `${common}, a real span each, spanProcessor({ lingerMillis: 0 })`,
  };
  const trial = (/** @type {string} */ side, /** @type {'discard' | 'settle'} */ end) => ({
    measure: `CPU per DEBUG record, ${side} and discarded by ${end === 'settle' ? 'its settled trace' : 'discard()'}`,
    options: ends[end],
    sides: { held: { side, end, records }, exported: { side: 'exported', end, records } },
    withReceiver: true,
  });
  return [trial('held', 'discard'), trial('held', 'settle'), trial('deferred', 'discard')];
}

/** @type {import('../case.js').Case['prepare']} */
export async function prepare({ side, end, records, address }) {
  const count = Number(records);
  const exporter = new OTLPLogExporter({ url: String(address) });
  const processor =
    side === 'held' ? new BurstLogRecordProcessor({ exporter }) : new BatchLogRecordProcessor({ exporter });
  const sdk = providerWith(processor);
  const provider = side === 'deferred' ? new BurstLoggerProvider({ provider: sdk }) : sdk;
  const logger = /** @type {import('@opentelemetry/api-logs').Logger} */ (provider.getLogger('bench'));
  const burst = provider instanceof BurstLoggerProvider ? provider : burstOf(processor);
  const inTrace = end === 'settle' ? inSpans(burst) : inContexts(burst);
  let index = 0;
  const emitOfTrace = () => {
    for (let left = RECORDS_PER_TRACE; left > 0; left -= 1) {
      logger.emit(quietRecord(index));
      index += 1;
    }
  };
  const run = async (/** @type {number} */ times) => {
    for (let done = 0; done < times; done += RECORDS_PER_TRACE) {
      if (done > 0 && done % RECORDS_PER_FLUSH === 0) await provider.forceFlush();
      inTrace(emitOfTrace);
    }
    await provider.forceFlush();
  };
  for (let times = 0; times < WARM_RUNS; times += 1) await run(RECORDS.full);
  return {
    async repeat() {
      const from = process.cpuUsage();
      await run(count);
      const { user, system } = process.cpuUsage(from);
      const holding = burst?.stats().holding ?? 0;
      return { nanoseconds: ((user + system) * 1e3) / count, holding };
    },
    end: () => provider.shutdown(),
  };
}

/** @type {import('../case.js').Case['lines']} */
export function lines(trial, results) {
  const records = Number(trial.sides.exported?.records);
  expectAll(valuesOf(results, 'exported', 'received.records'), records, 'received from the exporting side');
  expectAll(valuesOf(results, 'held', 'received.records'), 0, 'received from the holding side');
  expectAll(valuesOf(results, 'held', 'holding'), 0, 'still held at the end of a repeat');
  const sides = { figure: 'nanoseconds', unit: 'ns', ours: 'held', theirs: 'exported' };
  const atMost = trial.sides.held?.side === 'deferred' ? DEFERRED_AT_MOST : AT_MOST;
  return [ratioLine(trial, results, { ...sides, atMost })];
}

/** @param {BurstLogRecordProcessor | BatchLogRecordProcessor} processor */
function burstOf(processor) {
  return processor instanceof BurstLogRecordProcessor ? processor : undefined;
}

/**
 * @param {BurstLogRecordProcessor | BurstLoggerProvider | undefined} burst
 * @returns {(work: () => void) => void}
 */
function inContexts(burst) {
  const traces = traceContexts(64);
  let at = 0;
  return (work) => {
    at = (at + 1) % traces.length;
    context.with(/** @type {import('@opentelemetry/api').Context} */ (traces[at]), () => {
      work();
      burst?.discard();
    });
  };
}

/**
 * @param {BurstLogRecordProcessor | BurstLoggerProvider | undefined} burst
 * @returns {(work: () => void) => void}
 */
function inSpans(burst) {
  const spanProcessors = burst === undefined ? [] : [burst.spanProcessor({ lingerMillis: 0 })];
  const tracer = new TracerProvider({ spanProcessors }).getTracer('bench');
  return (work) =>
    tracer.startActiveSpan('request', (span) => {
      work();
      span.end();
    });
}

/**
 * @param {readonly number[]} counts
 * @param {number} wanted
 * @param {string} what
 */
function expectAll(counts, wanted, what) {
  const wrong = counts.find((count) => count !== wanted);
  if (wrong !== undefined) throw new Error(`${wrong} records were ${what}, expected ${wanted}`);
}
