import { BurstLoggerProvider, TaskLogRecordProcessor, task, to } from 'burstlog';
import { nanosecondsEach, ratioLine } from '../figures.js';
import { GIBIBYTE, providerWith, RecordProcessor, traceContexts } from '../otel.js';
import { emitQuiet, quietRecord } from '../records.js';

export const title =
  "What does a quiet record of 4 attributes cost the caller through BurstLoggerProvider, against the SDK's own " +
  'emit() into a processor that does nothing? The buffers are full, so that every record evicts one; 64 traces ' +
  'take turns, 16 records each. Inside a task, the SDK has a TaskLogRecordProcessor.';

const TRACES = 64;
const SIZES = [1_000, 8_192, 65_536];
/** Emits per repeat. */
const EMITS = { full: 320_000, quick: 100_000 };
const SLICES = 10;
const AT_MOST = Number(process.versions.node.split('.')[0]) < 24 ? 0.27 : 0.3;
const AT_MOST_IN_TASK = 0.3;

/** @type {import('../case.js').Case['trials']} */
export function trials({ isQuick }) {
  const emits = (isQuick ? EMITS.quick : EMITS.full) / SLICES;
  const common = { slices: SLICES, repeatsPerProcess: 1 };
  const settings = { emits, held: SIZES[0] };
  return [
    ...SIZES.filter((held) => !isQuick || held !== 8_192).map((held) => ({
      ...common,
      measure: `emit() of a quiet record, ${held.toLocaleString('en-US')} held`,
      options: 'scope trace, in an active span, maxBytes raised',
      sides: {
        deferred: { ...settings, held, side: 'deferred' },
        sdk: { ...settings, held, side: 'sdk' },
      },
    })),
    {
      ...common,
      measure: 'emit() of a quiet record inside a task',
      options: 'a step with 2 bound values, capacity 1,000',
      sides: {
        deferred: { ...settings, side: 'deferred', inTask: true },
        sdk: { ...settings, side: 'sdk', inTask: true },
      },
    },
  ];
}

/** @type {import('../case.js').Case['prepare']} */
export function prepare({ side, held, emits, inTask = false }) {
  const processors = inTask === true ? [new TaskLogRecordProcessor(), nothing()] : [nothing()];
  const sdk = providerWith(...processors);
  const capacity = inTask === true ? Number(held) : Math.ceil(Number(held) / TRACES);
  const burst = new BurstLoggerProvider({ provider: sdk, capacity, maxBytes: 4 * GIBIBYTE });
  const provider = side === 'sdk' ? sdk : burst;
  const logger = /** @type {import('@opentelemetry/api-logs').Logger} */ (provider.getLogger('bench'));
  const count = Number(emits);
  const traces = traceContexts(TRACES);
  const inStep = () => {
    for (let index = 0; index < count; index += 1) logger.emit(quietRecord(index));
  };
  const emit =
    inTask === true
      ? () => task('checkout', { tenant: 'one' }, () => to('charge', { attempt: 1 }, inStep))
      : () => emitQuiet(logger, traces, count);
  for (let slice = 0; slice < Math.max(SLICES, Number(held) / count); slice += 1) emit();
  return {
    repeat() {
      const nanoseconds = nanosecondsEach(count, emit);
      const { holding } = burst.stats();
      const expected = side === 'sdk' ? 0 : inTask === true ? Number(held) : capacity * TRACES;
      if (inTask !== true && holding !== expected)
        throw new Error(`held ${holding} records, not ${expected}`);
      if (inTask === true && holding < expected) throw new Error(`held ${holding} records, not ${expected}`);
      return { nanoseconds };
    },
  };
}

/** @type {import('../case.js').Case['lines']} */
export function lines(trial, results) {
  const atMost = trial.sides.sdk?.inTask === true ? AT_MOST_IN_TASK : AT_MOST;
  const sides = { figure: 'nanoseconds', unit: 'ns', ours: 'deferred', theirs: 'sdk' };
  return [ratioLine(trial, results, { ...sides, atMost })];
}

function nothing() {
  return new RecordProcessor(() => {});
}
