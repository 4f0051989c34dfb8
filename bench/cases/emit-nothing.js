import { nanosecondsEach, spread } from '../figures.js';
import { providerWith, RecordProcessor, traceContexts } from '../otel.js';
import { emitQuiet } from '../records.js';

export const title = "What does the SDK's own `emit()` cost, when its processor does nothing? For scale.";

const EMITS = 320_000;

/** @type {import('../case.js').Case['trials']} */
export function trials() {
  return [
    {
      measure: "the SDK's emit() into a processor that does nothing",
      options: '4 attributes, active span',
      sides: { nothing: {} },
    },
  ];
}

/** @type {import('../case.js').Case['prepare']} */
export function prepare() {
  const logger = providerWith(new RecordProcessor(() => {})).getLogger('bench');
  const traces = traceContexts(64);
  emitQuiet(logger, traces, EMITS);
  return {
    repeat: () => ({ nanoseconds: nanosecondsEach(EMITS, () => emitQuiet(logger, traces, EMITS)) }),
  };
}

/** @type {import('../case.js').Case['lines']} */
export function lines({ measure, options }, results) {
  return [{ measure, options, figures: `${spread(results, 'nothing', 'nanoseconds')} ns` }];
}
