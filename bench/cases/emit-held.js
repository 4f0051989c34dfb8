import { BurstLogRecordProcessor } from 'burstlog';
import { nanosecondsEach, ratioLine } from '../figures.js';
import { GIBIBYTE, providerWith, RecordProcessor, swallowingExporter, traceContexts } from '../otel.js';
import { emitQuiet } from '../records.js';

export const title =
  'What does holding a quiet record cost the caller, against putting it into a plain ring of as many slots? ' +
  'The buffers are full, so that every record evicts one; 64 traces take turns, 16 records each.';

const TRACES = 64;
const SIZES = [1_000, 8_192, 65_536, 1_000_000];
/** Emits per repeat. */
const EMITS = { full: 320_000, quick: 100_000 };
const SLICES = 10;
const QUICK = ['trace 1000', 'trace 8192', 'global 65536'];
const AT_MOST = 1.1;

/** @type {import('../case.js').Case['trials']} */
export function trials({ isQuick }) {
  const atLeast = isQuick ? EMITS.quick : EMITS.full;
  const all = ['trace', 'global'].flatMap((scope) => SIZES.map((held) => ({ scope, held })));
  return all
    .filter(({ scope, held }) => !isQuick || QUICK.includes(`${scope} ${held}`))
    .map(({ scope, held }) => {
      const capacity = scope === 'trace' ? Math.ceil(held / TRACES) : held;
      const slots = scope === 'trace' ? capacity * TRACES : capacity;
      const common = { scope, capacity, slots, emits: Math.ceil(Math.max(atLeast, slots) / SLICES) };
      return {
        measure: `emit() of a quiet record, ${held.toLocaleString('en-US')} held`,
        options: `scope ${scope}, capacity ${capacity.toLocaleString('en-US')}, maxBytes raised`,
        sides: { ours: { side: 'ours', ...common }, ring: { side: 'ring', ...common } },
        slices: SLICES,
        // Memory layout differs between processes; but a million records take long to fill.
        repeatsPerProcess: held < 1_000_000 ? 1 : 3,
      };
    });
}

/** @type {import('../case.js').Case['prepare']} */
export function prepare({ side, scope, capacity, slots, emits }) {
  const processor =
    side === 'ring'
      ? ringOf(Number(slots))
      : new BurstLogRecordProcessor({
          exporter: swallowingExporter,
          scope: scope === 'global' ? 'global' : 'trace',
          capacity: Number(capacity),
          maxBytes: 4 * GIBIBYTE,
        });
  const logger = providerWith(processor).getLogger('bench');
  const traces = traceContexts(TRACES);
  const count = Number(emits);
  emitQuiet(logger, traces, Number(slots));
  emitQuiet(logger, traces, count * SLICES);
  return {
    repeat() {
      const nanoseconds = nanosecondsEach(count, () => emitQuiet(logger, traces, count));
      if (processor instanceof BurstLogRecordProcessor && processor.stats().holding !== slots) {
        throw new Error(`held ${processor.stats().holding} records instead of ${slots}`);
      }
      return { nanoseconds };
    },
  };
}

/** @type {import('../case.js').Case['lines']} */
export function lines(trial, results) {
  const sides = { figure: 'nanoseconds', unit: 'ns', ours: 'ours', theirs: 'ring' };
  return [ratioLine(trial, results, { ...sides, atMost: AT_MOST })];
}

/** @param {number} slots */
function ringOf(slots) {
  const ring = new Array(slots).fill(undefined);
  let at = 0;
  return new RecordProcessor((record) => {
    ring[at] = record;
    at = at + 1 === slots ? 0 : at + 1;
  });
}
