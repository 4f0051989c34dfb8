import { parseArgs } from 'node:util';

/** The cases, in the order of the page. Each is a file in cases/. */
export const CASES = [
  'emit-held',
  'box-held',
  'emit-deferred',
  'emit-nothing',
  'emit-below-level',
  'pino-held',
  'trigger-fingerprint',
  'heap-held',
  'cpu-per-record',
  'burst-100000',
  'memory-under-load',
  'delivery-throughput',
  'wire-encoder',
  'condition',
  'rules',
  'zmq-sender-cpu',
  'bridge-throughput',
  'many-producers',
  'daemon-loop',
  'push-json',
  'daemon-start',
  'start-time',
  'task',
  'task-records',
  'tree',
  'store-write',
  'store-search',
  'store-ingest',
  'peers',
];

const REPEATS = { full: 6, quick: 3 };

/**
 * Parses the arguments of `bench/run.js`; `isWhole`: whether the page may be written from the run.
 *
 * @param {readonly string[]} args
 * @returns {import('./case.js').Form & { cases: readonly string[], isWhole: boolean }}
 * @throws {RangeError} with option, expected value and actual value
 */
export function resolveOptions(args) {
  const { values } = parseArgs({
    args: [...args],
    options: { quick: { type: 'boolean' }, only: { type: 'string' }, repeats: { type: 'string' } },
  });
  const { quick: isQuick = false, only } = values;
  if (only !== undefined && !CASES.includes(only)) {
    throw new RangeError(`--only must be one of ${CASES.join(', ')}, got ${only}`);
  }
  const repeats = Number(values.repeats ?? (isQuick ? REPEATS.quick : REPEATS.full));
  if (!Number.isSafeInteger(repeats) || repeats < 1) {
    throw new RangeError(`--repeats must be a whole number from 1, got ${values.repeats}`);
  }
  return {
    isQuick,
    repeats,
    cases: only === undefined ? CASES : [only],
    isWhole: only === undefined && !isQuick && repeats >= REPEATS.full,
  };
}
