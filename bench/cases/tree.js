import { buildTrees, lines as linesOf } from '../../build/tree/index.js';
import { boundLine, medianOf, valuesOf } from '../figures.js';

export const title =
  'How long does it take to make 1,000,000 records, shuffled, into a forest of tasks and its lines of text, and ' +
  'how much memory? From records in memory; the memory is that of the whole process at its peak, records included.';

const RECORDS = { full: 1_000_000, quick: 100_000 };
const SECONDS_AT_MOST = 6;
const GIBIBYTES_AT_MOST = 1.5;
const RECORDS_PER_TASK = 5;
const SHAPES = {
  requests: 'traces of 10 tasks, 3 levels; 5 records a task; 1 in 100 fails',
  chain: 'one trace, each task the child of the one before; 5 records a task',
};

/** @type {import('../case.js').Case['trials']} */
export function trials({ isQuick }) {
  const records = isQuick ? RECORDS.quick : RECORDS.full;
  return Object.entries(SHAPES).map(([shape, options]) => ({
    measure: `tree of ${records.toLocaleString('en-US')} records, ${shape}`,
    options,
    sides: { ours: { shape, records } },
    repeats: 3,
    repeatsPerProcess: 1,
  }));
}

/** @type {import('../case.js').Case['prepare']} */
export async function prepare({ shape, records }) {
  const made = make(Number(records), shape === 'chain' ? Number.POSITIVE_INFINITY : 10);
  shuffle(made);
  return {
    repeat() {
      const from = performance.now();
      const grown = buildTrees(made);
      const forestSeconds = (performance.now() - from) / 1e3;
      let lines = 0;
      for (const _ of linesOf(grown)) lines += 1;
      const seconds = (performance.now() - from) / 1e3;
      // In kilobytes; the high-water mark of the process.
      const gibibytes = process.resourceUsage().maxRSS / 2 ** 20;
      return { seconds, forestSeconds, gibibytes, kept: grown.records, lines };
    },
  };
}

/** @type {import('../case.js').Case['lines']} */
export function lines(trial, results) {
  const records = Number(trial.sides.ours?.records);
  if (valuesOf(results, 'ours', 'kept').some((kept) => kept !== records))
    throw new Error('records are missing');
  const value = (/** @type {string} */ figure) => medianOf(results, 'ours', figure);
  const time = { what: 'time', value: value('seconds'), unit: 's', atMost: SECONDS_AT_MOST };
  const memory = { what: 'memory', value: value('gibibytes'), unit: 'GiB', atMost: GIBIBYTES_AT_MOST };
  return [boundLine(trial, time), boundLine(trial, memory)];
}

/**
 * @param {number} count
 * @param {number} tasksPerTrace
 */
function make(count, tasksPerTrace) {
  const records = [];
  for (let at = 0; at < count; at += 1) {
    const task = Math.floor(at / RECORDS_PER_TASK);
    const trace = Math.floor(task / tasksPerTrace);
    const place = task % tasksPerTrace;
    const sequence = (at % RECORDS_PER_TASK) + 1;
    const fails = trace % 100 === 7 && tasksPerTrace === 10 && (place === 0 || place === 4);
    const isEnd = sequence === RECORDS_PER_TASK;
    records.push({
      traceId: hex(trace, 32),
      spanId: hex(task, 16),
      seconds: 1_795_241_556 + Math.floor(at / 1e3),
      nanos: (at % 1e3) * 1e6,
      severity: isEnd && fails ? 17 : 9,
      eventName: sequence === 1 ? 'task.started' : isEnd ? `task.${fails ? 'failed' : 'succeeded'}` : '',
      body: `record ${at} of the bench`,
      attributes: attributesOf(task, place, sequence, tasksPerTrace),
      service: place % 3 === 0 ? 'shop' : 'stock',
      process: place % 3 === 0 ? 'host/1' : 'host/2',
      scope: 'bench',
    });
  }
  return records;
}

/**
 * @param {number} task
 * @param {number} place
 * @param {number} sequence
 * @param {number} tasksPerTrace
 */
function attributesOf(task, place, sequence, tasksPerTrace) {
  const attributes = {
    'request.number': task,
    'task.id': hex(task, 16),
    'task.name': `step ${place % 50}`,
    'task.sequence': sequence,
  };
  if (place === 0) return attributes;
  const parent = tasksPerTrace === 10 ? task - place + Math.floor((place - 1) / 3) : task - 1;
  return { ...attributes, 'task.parent.id': hex(parent, 16) };
}

/**
 * Returns a new string each time, like a parser.
 *
 * @param {number} value
 * @param {number} digits
 */
function hex(value, digits) {
  return Buffer.from((value + 1).toString(16).padStart(digits, '0')).toString('latin1');
}

/** Fisher-Yates with a deterministic generator. @param {unknown[]} items */
function shuffle(items) {
  let state = 12_345;
  for (let at = items.length - 1; at > 0; at -= 1) {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    const other = state % (at + 1);
    [items[at], items[other]] = [items[other], items[at]];
  }
}
