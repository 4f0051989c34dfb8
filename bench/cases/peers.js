import { BurstLoggerProvider, BurstLogRecordProcessor, registerLoggerProvider } from 'burstlog';
import { withBurstlog } from 'burstlog/pino';
import { medianOf, nanosecondsEach, shown } from '../figures.js';
import { providerWith, RecordProcessor, swallowingExporter, traceContexts } from '../otel.js';
import { DEBUG, emitQuiet } from '../records.js';

export const title =
  'What does one debug record with four fields cost the caller elsewhere? Those that hold keep about 1,000 of ' +
  'them, and each record lets one go; the others write them. They do different work, so there are no ratios.';

const RECORDS = { full: 150_000, quick: 10_000 };

/**
 * @typedef {object} Peer
 * @property {string} name
 * @property {string} options
 * @property {string} does
 * @property {string} [beside] which of ours it is compared with
 */

/** @type {{ readonly [side: string]: Peer }} */
const PEERS = {
  'burstlog global': {
    name: 'burstlog',
    options: 'scope global, capacity 1,000',
    does: "holds the SDK's record, with time, trace and resource",
  },
  'burstlog trace': {
    name: 'burstlog',
    options: 'scope trace, 64 traces, capacity 16',
    does: "holds the SDK's record, by trace",
  },
  'burstlog without fields': {
    name: 'burstlog',
    options: 'scope global, capacity 1,000',
    does: "holds the SDK's record, of a text and no fields",
  },
  'burstlog provider': {
    name: 'burstlog',
    options: 'BurstLoggerProvider, scope trace, 64 traces, capacity 16',
    does: 'holds the record before the SDK makes it, by trace',
  },
  'burstlog pino': {
    name: 'burstlog/pino',
    options: 'withBurstlog, level info, scope global, capacity 1,000',
    does: "holds the SDK's record, before pino serializes the call",
  },
  'winston held': {
    name: 'burstlog with winston',
    options: "winston's instrumentation, level debug, json; scope global, capacity 1,000",
    does: "holds the SDK's record, after winston formatted the call",
  },
  'logtape global': {
    name: 'LogTape fingersCrossed',
    options: 'maxBufferSize 1,000',
    does: 'holds a record of its own, without trace or resource',
    beside: 'burstlog global',
  },
  'logtape context': {
    name: 'LogTape fingersCrossed',
    options: 'isolateByContext traceId, 64 contexts, maxBufferSize 16',
    does: 'holds a record of its own, by context',
    beside: 'burstlog trace',
  },
  powertools: {
    name: 'Powertools for AWS Lambda',
    options: 'logBufferOptions, maxBytes 300,000',
    does: 'holds JSON text, by invocation',
    beside: 'burstlog global',
  },
  'logtape without fields': {
    name: 'LogTape fingersCrossed',
    options: 'maxBufferSize 1,000',
    does: 'holds a record of its own, of a text and no fields',
    beside: 'burstlog without fields',
  },
  pino: {
    name: 'pino',
    options: 'level debug, /dev/null, sync',
    does: 'writes JSON text at once',
    beside: 'burstlog global',
  },
  'pino disabled': {
    name: 'pino',
    options: 'level info',
    does: 'does nothing with a record below its level',
  },
  'pino formatting': {
    name: 'pino',
    options: 'level debug, a stream that does nothing',
    does: 'formats JSON text, and writes it nowhere',
  },
  'pino in blocks': {
    name: 'pino',
    options: 'level debug, /dev/null, sync, minLength 4,096',
    does: 'writes JSON text in blocks of 4 KB',
    beside: 'burstlog global',
  },
  'winston disabled': {
    name: 'winston',
    options: 'level info, json, a null stream',
    does: 'makes its object of a record below its level, and drops it',
  },
  winston: {
    name: 'winston',
    options: 'level debug, json, a null stream',
    does: 'writes JSON text at once',
    beside: 'burstlog global',
  },
};

/** @type {import('../case.js').Case['trials']} */
export function trials({ isQuick }) {
  const records = isQuick ? RECORDS.quick : RECORDS.full;
  const sides = Object.fromEntries(Object.keys(PEERS).map((side) => [side, { side, records }]));
  const env = { _X_AMZN_TRACE_ID: 'Root=1-00000000-000000000000000000000001' };
  return [{ measure: 'a debug record with 4 fields', options: '', sides, env }];
}

/** @type {import('../case.js').Case['prepare']} */
export async function prepare({ side, records }) {
  const emit = await emitterOf(String(side));
  const count = Number(records);
  emit(count);
  return { repeat: () => ({ nanoseconds: nanosecondsEach(count, () => emit(count)) }) };
}

/** @type {import('../case.js').Case['lines']} */
export function lines(_trial, results) {
  return Object.entries(PEERS).map(([side, { name, options, does, beside }]) => ({
    measure: `${name} ${does}`,
    options,
    ...(beside === undefined
      ? {}
      : {
          nanoseconds: medianOf(results, side, 'nanoseconds'),
          ourNanoseconds: medianOf(results, beside, 'nanoseconds'),
        }),
    figures: `${shown(medianOf(results, side, 'nanoseconds'))} ns`,
  }));
}

/**
 * @param {string} side
 * @returns {Promise<(count: number) => void>}
 */
async function emitterOf(side) {
  if (side.startsWith('burstlog') && side !== 'burstlog pino') return burstlog(side);
  const write = await writerOf(side);
  return (count) => {
    for (let index = 0; index < count; index += 1) write(index);
  };
}

/** @param {string} side */
async function writerOf(side) {
  if (side === 'burstlog pino') {
    const options = withBurstlog({ level: 'info' }, { loggerProvider: providerWith(globalBurst()) });
    return (await import('../peers/pino.js')).pinoTo(options, { write() {} });
  }
  if (side === 'winston held') {
    registerLoggerProvider(providerWith(globalBurst()));
    return (await import('../peers/winston.js')).winstonHeld();
  }
  if (side.startsWith('logtape')) {
    const { logTape } = await import('../peers/logtape.js');
    return logTape({ byContext: side.endsWith('context'), withFields: !side.endsWith('fields') });
  }
  if (side === 'powertools') return (await import('../peers/powertools.js')).powertools();
  if (side.startsWith('pino')) {
    const { pinoTo, pinoToNowhere } = await import('../peers/pino.js');
    if (side.endsWith('disabled')) return pinoTo('info', { write() {} });
    if (side.endsWith('formatting')) return pinoTo('debug', { write() {} });
    return pinoToNowhere(side.endsWith('blocks') ? 4_096 : 0);
  }
  return (await import('../peers/winston.js')).winstonToNowhere(side.endsWith('disabled') ? 'info' : 'debug');
}

function globalBurst() {
  return new BurstLogRecordProcessor({ exporter: swallowingExporter, scope: 'global' });
}

/** @param {string} side */
function burstlog(side) {
  const traces = traceContexts(64);
  if (side.endsWith('provider')) {
    const provider = providerWith(new RecordProcessor(() => {}));
    const front = new BurstLoggerProvider({ provider, capacity: 16 }).getLogger('bench');
    const logger = /** @type {import('@opentelemetry/api-logs').Logger} */ (front);
    return (/** @type {number} */ count) => emitQuiet(logger, traces, count);
  }
  const processor = side.endsWith('trace')
    ? new BurstLogRecordProcessor({ exporter: swallowingExporter, capacity: 16 })
    : globalBurst();
  const logger = providerWith(processor).getLogger('bench');
  if (!side.endsWith('without fields'))
    return (/** @type {number} */ count) => emitQuiet(logger, traces, count);
  return (/** @type {number} */ count) => {
    for (let left = count; left > 0; left -= 1) {
      logger.emit({ severityNumber: DEBUG, body: 'a quiet record of the usual length' });
    }
  };
}
