// How the LoggerService of examples/nest converts calls of Nest's Logger to records.
import { deepStrictEqual } from 'node:assert/strict';

/** @typedef {import('../../test/support/otlp-decode.js').DecodedRecord} DecodedRecord */

/** A program that calls every method of Nest's Logger. The last calls release the held records. */
export const NEST_CALLS = `
import { Logger } from '@nestjs/common';
import { BurstlogLogger } from './dist/burstlog-logger.js';
Logger.overrideLogger(new BurstlogLogger());
const log = new Logger('Calls');
const error = new TypeError('no card');
error.stack = 'TypeError: no card\\n    at pay (pay.js:1:1)';
log.verbose('verbose', { amount: 42 });
log.debug('debug', 'and more');
log.log({ amount: 42 });
log.warn('warned');
Logger.error('stack as text', error.stack);
log.error('error as parameter', error);
log.fatal(error);
`;

const STACK = 'TypeError: no card\n    at pay (pay.js:1:1)';
const EXCEPTION = {
  'exception.type': 'TypeError',
  'exception.message': 'no card',
  'exception.stacktrace': STACK,
};
/** Severity, scope, body and attributes of the expected records. */
const NEST_RECORDS = [
  [9, 'Calls', undefined, { amount: 42 }],
  [13, 'Calls', 'warned', {}],
  [17, 'nest', 'stack as text', { 'exception.stacktrace': STACK }],
  [17, 'Calls', 'error as parameter', EXCEPTION],
  [21, 'Calls', 'no card', EXCEPTION],
  [1, 'Calls', 'verbose', { amount: 42 }],
  [5, 'Calls', 'debug and more', {}],
];

/**
 * Compares in any order, because a request groups its records by scope.
 * @param {readonly DecodedRecord[]} records
 */
export function expectNestRecords(records) {
  const found = records.filter(({ eventName }) => eventName === '').map(plain);
  deepStrictEqual(sorted(found), sorted(NEST_RECORDS));
}

/** @param {DecodedRecord} record */
function plain({ severityNumber, scope, body, attributes }) {
  const own = Object.entries(attributes).filter(([key]) => !key.startsWith('burst.'));
  return [severityNumber, scope.name, body, Object.fromEntries(own)];
}

/** @param {readonly unknown[][]} list */
function sorted(list) {
  return [...list].sort((one, other) => (String(one) < String(other) ? -1 : 1));
}
