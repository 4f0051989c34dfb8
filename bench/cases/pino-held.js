import { openSync } from 'node:fs';
import { BurstLogRecordProcessor } from 'burstlog';
import { withBurstlog } from 'burstlog/pino';
import pino from 'pino';
import { nanosecondsEach, ratioLine } from '../figures.js';
import { providerWith, swallowingExporter } from '../otel.js';
import { quietRecord } from '../records.js';

export const title =
  'What does a debug call of pino cost that `burstlog/pino` holds, against a held record of OpenTelemetry with the ' +
  'same text and fields, and against pino that writes it to /dev/null? About 1,000 records are held.';

const CALLS = 50_000;
const SLICES = 10;
/** @type {{ readonly [other: string]: number }} */
const AT_MOST = { otel: 1.1, written: 1 };
/** @type {{ readonly [other: string]: string }} */
const MEASURES = {
  otel: 'a held call of pino, against a held record',
  written: 'a held call of pino, against a written one',
};

/** @type {import('../case.js').Case['trials']} */
export function trials() {
  return Object.entries(MEASURES).map(([other, measure]) => ({
    measure,
    options: 'a message and 4 fields; scope global, capacity 1,000',
    sides: { ours: { side: 'ours' }, [other]: { side: other } },
    repeatsPerProcess: 1,
    slices: SLICES,
  }));
}

/** @type {import('../case.js').Case['prepare']} */
export function prepare({ side }) {
  const burst = new BurstLogRecordProcessor({
    exporter: swallowingExporter,
    scope: 'global',
    capacity: 1_000,
  });
  const loggerProvider = providerWith(burst);
  const emit = emitter(String(side), loggerProvider);
  const calls = () => {
    for (let index = 0; index < CALLS; index += 1) emit(index);
  };
  for (let slice = 0; slice < SLICES; slice += 1) calls();
  return { repeat: () => ({ nanoseconds: nanosecondsEach(CALLS, calls) }) };
}

/**
 * @param {string} side
 * @param {ReturnType<typeof providerWith>} loggerProvider
 * @returns {(index: number) => void}
 */
function emitter(side, loggerProvider) {
  if (side === 'otel') {
    const logger = loggerProvider.getLogger('pino');
    return (index) => logger.emit(quietRecord(index));
  }
  const destination = pino.destination({ dest: openSync('/dev/null', 'w'), sync: true });
  const logger =
    side === 'written'
      ? pino({ level: 'debug' }, destination)
      : pino(withBurstlog({ level: 'info' }, { loggerProvider }), destination);
  return (index) => {
    const { attributes, body } = quietRecord(index);
    logger.debug(attributes, body);
  };
}

/** @type {import('../case.js').Case['lines']} */
export function lines(trial, results) {
  const other = 'otel' in trial.sides ? 'otel' : 'written';
  const sides = { figure: 'nanoseconds', unit: 'ns', ours: 'ours', theirs: other };
  return [ratioLine(trial, results, { ...sides, atMost: AT_MOST[other] ?? 0 })];
}
