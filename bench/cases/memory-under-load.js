import { setTimeout as pause } from 'node:timers/promises';
import { context, trace } from '@opentelemetry/api';
import { OTLPLogExporter } from '@opentelemetry/exporter-logs-otlp-grpc';
import { TracerProvider } from '@opentelemetry/sdk-trace';
import { BurstLogRecordProcessor } from 'burstlog';
import { boundLine, shown } from '../figures.js';
import { providerWith } from '../otel.js';
import { DEBUG, ERROR } from '../records.js';

export const title =
  'Does `maxBytes` hold what it says? 10,000 traces are open at once and each writes quiet records; half of the ' +
  'bodies lie outside Latin-1, where V8 needs two bytes a character; every 20th trace fails and bursts over ' +
  'OTLP/gRPC. Heap and external memory after forced collections, the peak of all samples against the start.';

const MEBIBYTE = 2 ** 20;
const MAX_BYTES = 32 * MEBIBYTE;
const TRACES = 10_000;
/** One of this many traces fails. */
const FAILING = 20;
const SAMPLE_MILLIS = 100;
const LOADS = [
  { bodyCharacters: 1_000_000, recordsPerTrace: 1, tracesPerTurn: 4, seconds: 60, quickSeconds: 5 },
  { bodyCharacters: 300, recordsPerTrace: 5, tracesPerTurn: 400, seconds: 15, quickSeconds: 3 },
];

/** @type {import('../case.js').Case['trials']} */
export function trials({ isQuick }) {
  return LOADS.map(({ bodyCharacters, seconds, quickSeconds, ...load }) => {
    const forSeconds = isQuick ? quickSeconds : seconds;
    return {
      measure: `growth under load, bodies of ${bodyCharacters.toLocaleString('en-US')} characters`,
      options: `defaults (maxBytes 32 MiB), ${TRACES.toLocaleString('en-US')} open traces, ${forSeconds} s`,
      sides: { ours: { ...load, bodyCharacters, seconds: forSeconds } },
      withReceiver: true,
      repeats: 1,
    };
  });
}

/** @type {import('../case.js').Case['prepare']} */
export async function prepare({ address, bodyCharacters, recordsPerTrace, tracesPerTurn, seconds }) {
  const burst = new BurstLogRecordProcessor({ exporter: new OTLPLogExporter({ url: String(address) }) });
  const provider = providerWith(burst);
  const logger = provider.getLogger('bench');
  const tracer = new TracerProvider({ spanProcessors: [burst.spanProcessor()] }).getTracer('bench');
  const spans = Array.from({ length: TRACES }, () => tracer.startSpan('request', { root: true }));
  const body = bodies(Number(bodyCharacters));
  let ended = 0;
  const visitOne = () => {
    const at = ended % TRACES;
    const span = /** @type {import('@opentelemetry/api').Span} */ (spans[at]);
    ended += 1;
    context.with(trace.setSpan(context.active(), span), () => {
      for (let left = Number(recordsPerTrace); left > 0; left -= 1) {
        logger.emit({ severityNumber: DEBUG, body: body(), attributes: { 'request.number': ended } });
      }
      if (ended % FAILING === 0) logger.emit({ severityNumber: ERROR, body: 'it went wrong' });
    });
    // The trace stays open until its next turn, which may never come: its records then wait for the end.
    if (ended % 2 === 0) return;
    span.end();
    spans[at] = tracer.startSpan('request', { root: true });
  };
  return {
    async repeat() {
      const before = usedBytes();
      const until = performance.now() + Number(seconds) * 1_000;
      let peak = 0;
      let nextSample = 0;
      let mostHolding = 0;
      while (performance.now() < until) {
        for (let left = Number(tracesPerTurn); left > 0; left -= 1) visitOne();
        await pause(5);
        if (performance.now() < nextSample) continue;
        peak = Math.max(peak, usedBytes() - before);
        mostHolding = Math.max(mostHolding, burst.stats().holding);
        nextSample = performance.now() + SAMPLE_MILLIS;
      }
      await provider.forceFlush();
      const { held, bursts, released, delivered, failed } = burst.stats();
      const lost = Object.values(failed).reduce((sum, count) => sum + count, 0);
      return { peak, mostHolding, held, bursts, released, delivered, lost };
    },
    end: () => provider.shutdown(),
  };
}

/** @type {import('../case.js').Case['lines']} */
export function lines(trial, results) {
  const { peak = Number.NaN, held = 0, bursts = 0, lost = 0, mostHolding = 0 } = results.ours?.[0] ?? {};
  if (bursts === 0) throw new Error('no trace burst');
  const line = boundLine(trial, {
    what: 'peak',
    value: peak / MEBIBYTE,
    unit: 'MiB',
    atMost: (2 * MAX_BYTES) / MEBIBYTE,
  });
  const counts = `${shown(held)} records came, at most ${shown(mostHolding)} held, ${shown(bursts)} bursts, ${shown(lost)} lost after release`;
  return [{ ...line, figures: `${line.figures} (${counts})` }];
}

/**
 * Creates bodies that share no memory: `repeat()` alone would create a rope, which takes almost none.
 *
 * @param {number} characters
 */
function bodies(characters) {
  const latin = Buffer.alloc(characters, 'quiet ');
  const other = Buffer.alloc(characters * 2, Buffer.from('тихий ', 'utf16le'));
  let isLatin = false;
  return () => {
    isLatin = !isLatin;
    return isLatin ? latin.toString('latin1') : other.toString('utf16le');
  };
}

function usedBytes() {
  globalThis.gc?.();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}
