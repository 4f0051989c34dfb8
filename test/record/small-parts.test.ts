import {
  isHooked,
  LogRecordView,
  markHooked,
  Severity,
  severityNameOf,
  severityOfText,
  Turns,
  UNDELIVERED,
  undeliveredOf,
} from '../../src/record/index.ts';
import { attributesSize, RECORD_BYTES, VALUE_BYTES } from '../../src/record/size.ts';
import { bareRecord } from '../otlp/records.ts';

test.each<[string, number]>([
  ['finest', Severity.TRACE],
  ['verbose', Severity.DEBUG],
  ['finer', Severity.DEBUG],
  ['fine', Severity.DEBUG2],
  ['http', Severity.DEBUG3],
  ['config', Severity.DEBUG4],
  ['log', Severity.INFO],
  ['Informational', Severity.INFO],
  ['notice', Severity.INFO2],
  ['err', Severity.ERROR],
  ['severe', Severity.ERROR],
  ['exception', Severity.ERROR],
  ['crit', Severity.ERROR2],
  ['dpanic', Severity.ERROR2],
  ['alert', Severity.ERROR3],
  ['critical', Severity.FATAL],
  ['panic', Severity.FATAL],
  ['emerg', Severity.FATAL],
  ['emergency', Severity.FATAL],
  ['  warn  ', Severity.WARN],
])('%j is a severity of other loggers: %d', (text, severity) => {
  expect(severityOfText(text)).toBe(severity);
});

test('a number has a name from 1 to 24', () => {
  expect([1, 4, 9, 24].map(severityNameOf)).toEqual(['TRACE', 'TRACE4', 'INFO', 'FATAL4']);
  for (const none of [0, -1, 25, 1.5, Number.NaN]) expect(severityNameOf(none)).toBeUndefined();
  expect(severityOfText(`warn${' '.repeat(13)}`)).toBeUndefined();
  expect(severityOfText('hasOwnProperty')).toBeUndefined();
});

test('a change of a view does not change the record', () => {
  const record = bareRecord({
    body: 'before',
    attributes: { a: 1 },
    severityNumber: 9,
    severityText: 'INFO',
    eventName: 'e',
  });
  const view = new LogRecordView(record, { b: 2 });
  expect(view).toMatchObject({ ...record, attributes: { a: 1, b: 2 } });
  const same = view
    .setAttribute('a', 5)
    .setAttributes({ c: 3 })
    .setBody('after')
    .setEventName('f')
    .setSeverityNumber(17)
    .setSeverityText('ERROR');
  expect(same).toBe(view);
  expect(view).toMatchObject({
    attributes: { a: 5, b: 2, c: 3 },
    ...{ body: 'after', eventName: 'f', severityNumber: 17, severityText: 'ERROR' },
  });
  expect(record).toMatchObject({
    attributes: { a: 1 },
    ...{ body: 'before', eventName: 'e', severityNumber: 9, severityText: 'INFO' },
  });
});

test('a pause yields to the event loop, and rejects with the reason of a signal', async () => {
  const turns = new Turns();
  const others: string[] = [];
  setImmediate(() => others.push('turn'));
  await turns.pause();
  expect(others).toEqual(['turn']);
  await expect(turns.pause(AbortSignal.abort(new Error('enough')))).rejects.toThrow('enough');
  await expect(turns.pause(new AbortController().signal)).resolves.toBeUndefined();
});

test('only a component with the symbol method returns undelivered records', () => {
  const records = [bareRecord({ body: 'left' })];
  expect(undeliveredOf({ [UNDELIVERED]: () => records })).toBe(records);
  for (const other of [undefined, null, {}, 5, 'text']) expect(undeliveredOf(other)).toEqual([]);
});

test('a logger is hooked once a module has marked it', () => {
  expect(isHooked('a-logger-of-this-test')).toBe(false);
  markHooked('a-logger-of-this-test');
  markHooked('another');
  expect([isHooked('a-logger-of-this-test'), isHooked('a-logger')]).toEqual([true, false]);
});

test.each<[string, unknown, number]>([
  ['a number', 1, VALUE_BYTES],
  ['nothing', undefined, VALUE_BYTES],
  ['a text', 'abc', VALUE_BYTES + 6],
  ['null', null, 2 * VALUE_BYTES],
  ['bytes', new Uint8Array(10), 2 * VALUE_BYTES + 10],
  ['a list', ['ab', 1], 2 * VALUE_BYTES + 2 * VALUE_BYTES + 4],
  ['an object', { key: 'ab' }, 2 * VALUE_BYTES + 6 + VALUE_BYTES + 4],
])('%s in an attribute has its estimated size', (_what, value, size) => {
  expect(attributesSize({ value }) - RECORD_BYTES).toBe(size);
});

test('a key counts if it is longer than 64 characters, also an inherited one', () => {
  expect(attributesSize({ ['k'.repeat(64)]: 1 })).toBe(RECORD_BYTES + VALUE_BYTES);
  expect(attributesSize({ ['k'.repeat(65)]: 1 })).toBe(RECORD_BYTES + VALUE_BYTES + 130);
  expect(attributesSize({})).toBe(RECORD_BYTES);
});

test('a value that contains itself, or a million others, is measured with bounded cost', () => {
  const itself: unknown[] = [];
  itself.push(itself);
  expect(attributesSize({ itself })).toBe(RECORD_BYTES + VALUE_BYTES + 200_000 * VALUE_BYTES + VALUE_BYTES);
  const many = attributesSize({ many: new Array(1_000_000).fill(1) });
  expect(many).toBeGreaterThan(1_000_000 * VALUE_BYTES);
  expect(many).toBeLessThan(1_000_010 * VALUE_BYTES + RECORD_BYTES);
});
