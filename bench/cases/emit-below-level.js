import { BurstLogRecordProcessor, TaskLogRecordProcessor } from 'burstlog';
import { do_not_optimize } from 'mitata';
import { nanosecondsEach, ratioLine } from '../figures.js';
import { providerWith, RecordProcessor, swallowingExporter } from '../otel.js';
import { quietRecord } from '../records.js';

export const title =
  'What does a record below `level` cost, against a processor of the SDK whose `enabled()` is just `false`?';

/** Emits per slice; ten slices are a repeat. */
const EMITS = 200_000;
const SLICES = 10;
/** @type {{ readonly [place: string]: number }} */
const AT_MOST = { alone: 1.1, 'behind an enricher': 1.5, 'behind TaskLogRecordProcessor': 1.5 };

/** @type {import('../case.js').Case['trials']} */
export function trials() {
  return Object.keys(AT_MOST).map((place) => ({
    measure: `emit() below level, ${place}`,
    options: 'level INFO, a DEBUG record of 4 attributes',
    sides: { ours: { side: 'ours', place }, disabled: { side: 'disabled' } },
    // For such short calls, each process compiles its own version.
    repeatsPerProcess: 1,
    slices: SLICES,
  }));
}

/** Adds an attribute to every record, but requests none. */
class Enricher extends RecordProcessor {
  constructor() {
    super((record) => record.setAttribute('tenant', 'one'));
  }

  enabled() {
    return false;
  }
}

/** @param {string} place */
function enricher(place) {
  return place === 'behind an enricher' ? new Enricher() : new TaskLogRecordProcessor();
}

/** @type {import('../case.js').Case['prepare']} */
export function prepare({ side, place }) {
  const disabled = Object.assign(new RecordProcessor(() => {}), { enabled: () => false });
  const processor =
    side === 'disabled'
      ? disabled
      : new BurstLogRecordProcessor({ exporter: swallowingExporter, level: 'INFO' });
  const before = place === 'alone' || place === undefined ? [] : [enricher(String(place))];
  const logger = providerWith(...before, processor).getLogger('bench');
  const emit = () => {
    for (let index = 0; index < EMITS; index += 1) {
      const record = quietRecord(index);
      // Otherwise the engine might not create an unused record.
      do_not_optimize(record);
      logger.emit(record);
    }
  };
  for (let slice = 0; slice < SLICES; slice += 1) emit();
  return { repeat: () => ({ nanoseconds: nanosecondsEach(EMITS, emit) }) };
}

/** @type {import('../case.js').Case['lines']} */
export function lines(trial, results) {
  const place = String(trial.sides.ours?.place);
  const sides = { figure: 'nanoseconds', unit: 'ns', ours: 'ours', theirs: 'disabled' };
  return [ratioLine(trial, results, { ...sides, atMost: AT_MOST[place] ?? 0 })];
}
