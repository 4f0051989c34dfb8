// The expected records of an example: the failed request is exported with its DEBUG records, the other one
// without.
import { deepStrictEqual, notStrictEqual, ok } from 'node:assert/strict';

/** @typedef {import('../../test/support/otlp-decode.js').DecodedRecord} DecodedRecord */

const INFO = 9;
const ERROR = 17;

/**
 * @typedef {object} Story
 * @property {readonly string[]} quiet bodies of the quiet records of the failed request
 * @property {string} loud body of a loud record of the successful request
 * @property {RegExp} trigger body of the trigger
 * @property {string} exception its exception.type
 *
 * @param {readonly DecodedRecord[]} records
 * @param {Story} expected
 * @returns {DecodedRecord} the trigger
 */
export function expectStory(records, { quiet, loud, trigger, exception }) {
  const found = records.find((record) => record.severityNumber >= ERROR && trigger.test(String(record.body)));
  ok(found, `no trigger ${trigger} among\n${show(records)}`);
  notStrictEqual(found.traceId, '', `the trigger has no trace\n${show(records)}`);
  deepStrictEqual(found.attributes['exception.type'], exception, 'exception.type of the trigger');
  const released = records.filter(({ severityNumber }) => severityNumber < INFO);
  deepStrictEqual(
    released.map(({ body, traceId }) => [String(body), traceId]).sort(),
    quiet.map((body) => [body, found.traceId]).sort(),
    `quiet records\n${show(records)}`,
  );
  for (const { attributes } of released) ok(attributes['burst.id'], 'a quiet record without burst.id');
  const good = records.find(({ body }) => body === loud);
  ok(good, `no record ${loud} among\n${show(records)}`);
  notStrictEqual(good.traceId, found.traceId, 'both requests have one trace');
  const manifests = records.filter(({ eventName }) => eventName === 'burst.released');
  ok(manifests.length > 0, `no manifest\n${show(records)}`);
  return found;
}

/** @param {readonly DecodedRecord[]} records */
export function show(records) {
  return records
    .map(({ severityText, traceId, scope, body }) => `  ${severityText} ${traceId} ${scope.name}: ${body}`)
    .join('\n');
}
