import { rmSync } from 'node:fs';
import { context, ROOT_CONTEXT, TraceFlags, trace } from '@opentelemetry/api';
import { BurstLogRecordProcessor } from 'burstlog';
import { nanosecondsEach, ratioLine } from '../figures.js';
import { GIBIBYTE, providerWith, swallowingExporter, traceContexts } from '../otel.js';
import { DEBUG } from '../records.js';

export const title =
  'What does a black box cost the caller of emit()? Records of five call sites, held in 64 traces that stay open; and ' +
  'short requests that end well before the next flush.';

const TRACES = 64;
const PER_TRACE = 16;
const CAPACITY = 128;
/** Emits per repeat. The box flushes every 10 ms, the default. */
const EMITS = { full: 64_000, quick: 32_000 };
const SLICES = 10;
/** The fields that the span processor reads of a successful span. */
const FINISHED = {
  name: 'request',
  kind: 1,
  attributes: {},
  status: { code: 0 },
  duration: /** @type {[number, number]} */ ([0, 1]),
};
const AT_MOST = { mixed: 1.35, short: 1.05 };

/** @type {import('../case.js').Case['trials']} */
export function trials({ isQuick }) {
  const emits = isQuick ? EMITS.quick : EMITS.full;
  return ['mixed', 'short'].map((kind) => ({
    measure: kind === 'mixed' ? 'emit() of mixed records, held' : 'a request of 16 records that ends well',
    options: `blackBox in /dev/shm, capacity ${CAPACITY}, ${emits} records in turns of 1,024`,
    sides: { ours: { box: true, kind, emits }, without: { box: false, kind, emits } },
    slices: SLICES,
    repeatsPerProcess: 1,
  }));
}

/** @type {import('../case.js').Case['prepare']} */
export function prepare({ box, kind, emits }) {
  const directory = `/dev/shm/burstlog-bench-${process.pid}`;
  const processor = new BurstLogRecordProcessor({
    exporter: swallowingExporter,
    capacity: CAPACITY,
    maxBytes: 4 * GIBIBYTE,
    ...(box ? { blackBox: { directory } } : {}),
  });
  const spans = processor.spanProcessor({ lingerMillis: 1_000 });
  const logger = providerWith(processor).getLogger('bench');
  const traces = traceContexts(TRACES);
  let number = 0;
  /** @param {import('@opentelemetry/api').Context} active */
  const emit = (active) => {
    context.with(active, () => {
      for (let count = 0; count < PER_TRACE; count += 1) {
        number += 1;
        logger.emit(mixedRecord(number));
      }
    });
  };
  const turn = kind === 'mixed' ? () => traces.forEach(emit) : () => shortRequests(spans, number + 1, emit);
  /** Emits in turns of 1,024 records, with the event loop between them. @param {number} count */
  const run = async (count) => {
    let nanoseconds = 0;
    for (let at = 0; at < count; at += TRACES * PER_TRACE) {
      nanoseconds += nanosecondsEach(1, turn);
      const startedAt = process.hrtime.bigint();
      await new Promise((resolve) => setImmediate(resolve));
      nanoseconds += Number(process.hrtime.bigint() - startedAt);
    }
    return nanoseconds / count;
  };
  return {
    async repeat() {
      return { nanoseconds: await run(Number(emits)) };
    },
    async end() {
      await processor.shutdown();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

/** @type {import('../case.js').Case['lines']} */
export function lines(trial, results) {
  const { kind } = /** @type {{ kind: 'mixed' | 'short' }} */ (trial.sides.ours);
  const sides = { figure: 'nanoseconds', unit: 'ns', ours: 'ours', theirs: 'without' };
  return [ratioLine(trial, results, { ...sides, atMost: AT_MOST[kind] })];
}

/**
 * 64 requests, each in its own trace that begins and ends at once.
 *
 * @param {ReturnType<BurstLogRecordProcessor['spanProcessor']>} spans
 * @param {number} first the number of the first request
 * @param {(trace: import('@opentelemetry/api').Context) => void} emit
 */
function shortRequests(spans, first, emit) {
  for (let count = 0; count < TRACES; count += 1) {
    const id = (first + count).toString(16).padStart(16, '0');
    const spanContext = { traceId: id + id, spanId: id, traceFlags: TraceFlags.SAMPLED };
    const span = { ...FINISHED, spanContext: () => spanContext };
    spans.onStart(span, ROOT_CONTEXT);
    emit(trace.setSpanContext(ROOT_CONTEXT, spanContext));
    spans.onEnd(span);
  }
}

/**
 * A record of one of five call sites: constant or new text, few or many attributes, a list. @param {number}
 * index
 */
function mixedRecord(index) {
  switch (index % 5) {
    case 0:
      return { severityNumber: DEBUG, body: 'opens a connection', attributes: { host: 'db-1', port: 5432 } };
    case 1:
      return {
        severityNumber: DEBUG,
        body: `query ${index} took ${index % 17} ms`,
        attributes: {
          'db.statement': `select * from orders where id = ${index}`,
          rows: index % 50,
          system: 'pg',
        },
      };
    case 2:
      return {
        severityNumber: DEBUG,
        body: 'cache',
        attributes: { hit: index % 2 === 0, key: `user:${index}`, ttl: 3600 },
      };
    case 3:
      return {
        severityNumber: DEBUG,
        body: 'the bank has answered',
        attributes: { code: 'over_limit', tags: ['a', 'b'], amount: index * 1.5 },
      };
    default:
      return { severityNumber: DEBUG, body: `step ${index % 5} of the order` };
  }
}
