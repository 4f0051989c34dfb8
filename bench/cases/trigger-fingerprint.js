import { BurstLogRecordProcessor } from 'burstlog';
import { boundLine, median, spreadLine, valuesOf } from '../figures.js';
import { providerWith, swallowingExporter } from '../otel.js';
import { DEBUG, ERROR } from '../records.js';

export const title =
  'What does it cost a trigger that `limit` distinguishes errors by their fingerprint? With a limit that is never ' +
  'reached, against `limit: false`. Each error bursts one quiet record; delivery is not part of the time.';

/** Errors per slice. */
const ERRORS = 2_000;
const SLICES = 10;
const AT_MOST_MICROSECONDS = 10;

const error = new TypeError('the order 4711 of "ann" is gone (9f3a1c2e-0b1d-4c3e-8f9a-001122334455)');
const LONG = 'the order 4711 of "ann" is gone after 12.5 ms; '.repeat(20);
/** @type {{ readonly [what: string]: (index: number) => object }} */
const TRIGGERS = {
  'an exception with a stack': () => ({ exception: error }),
  'a message': (index) => ({ body: `the order ${index} of "ann" is gone after ${index / 7} ms` }),
  'a long message': (index) => ({ body: LONG + index }),
};

/** @type {import('../case.js').Case['trials']} */
export function trials() {
  return Object.keys(TRIGGERS).map((what) => ({
    measure: `emit() of a trigger, ${what}`,
    options: 'after false; limit 10^9 records, or false',
    sides: { limited: { side: 'limited', what }, unlimited: { side: 'unlimited', what } },
    repeatsPerProcess: 1,
    slices: SLICES,
  }));
}

/** @type {import('../case.js').Case['prepare']} */
export function prepare({ side, what }) {
  const processor = new BurstLogRecordProcessor({
    exporter: swallowingExporter,
    after: false,
    limit: side === 'limited' ? { records: 1e9 } : false,
  });
  const logger = providerWith(processor).getLogger('bench');
  const triggerOf = TRIGGERS[String(what)] ?? (() => ({}));
  const emit = () => {
    for (let index = 0; index < ERRORS; index += 1) {
      logger.emit({ severityNumber: DEBUG, body: 'quiet' });
      logger.emit({ severityNumber: ERROR, ...triggerOf(index) });
    }
  };
  return {
    async repeat() {
      // CPU time, because the difference of two wall times is lost in the noise of the machine.
      const from = process.cpuUsage();
      emit();
      const { user, system } = process.cpuUsage(from);
      await processor.forceFlush();
      const { bursts, evicted } = processor.stats();
      if (evicted.limit > 0 || bursts === 0) throw new Error('the limit was reached');
      return { microseconds: (user + system) / ERRORS };
    },
    end: () => processor.shutdown(),
  };
}

/** @type {import('../case.js').Case['lines']} */
export function lines(trial, results) {
  const without = valuesOf(results, 'unlimited', 'microseconds');
  const differences = valuesOf(results, 'limited', 'microseconds').map(
    (limited, repeat) => limited - (without[repeat] ?? Number.NaN),
  );
  const value = median(differences);
  return [
    spreadLine(trial, results, { side: 'limited', figure: 'microseconds', unit: 'us' }),
    boundLine(trial, { what: 'of it the fingerprint', value, unit: 'us', atMost: AT_MOST_MICROSECONDS }),
  ];
}
