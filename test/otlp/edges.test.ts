import * as fc from 'fast-check';
import {
  EMPTY_RECORD,
  encodeDecoded,
  parseJson,
  responseBytes,
  retryInfoMillis,
  statusBytes,
  WireError,
} from '../../src/otlp/index.ts';
import { partialSuccessOf } from '../../src/sinks/otlp/partial-success.ts';
import { field, varint } from '../support/protobuf.ts';
import { readFields } from '../support/protobuf-reader.js';

test('a status has the retry delay it was given, rounded up to a millisecond', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.nat(2 ** 31 - 1),
        fc.double({ min: 0, max: 1e6, noNaN: true }),
        fc.constantFrom(999.9999999, 0),
      ),
      fc.string(),
      (millis, description) => {
        expect(retryInfoMillis(statusBytes(14, description, millis))).toBe(Math.ceil(millis));
      },
    ),
  );
  expect(retryInfoMillis(statusBytes(8, 'no wait'))).toBeUndefined();
  const [code, message] = [...readFields(statusBytes(3, 'ü'))].map(({ value }) => value);
  expect([code, Buffer.from(message as Uint8Array).toString()]).toEqual([3n, 'ü']);
});

const url = (name: string) => field(1, Buffer.from(name));
const retryInfo = (duration: readonly Uint8Array[], name = 'type.googleapis.com/google.rpc.RetryInfo') =>
  field(3, url(name), field(2, field(1, ...duration)));
const seconds = (value: number) => Buffer.concat([varint(1 << 3), varint(value)]);
const nanos = (value: number) => Buffer.concat([varint(2 << 3), varint(value)]);
const minusOne = Buffer.from([1 << 3, ...new Array(9).fill(0xff), 1]);

const small = retryInfo([nanos(1)]);
const largest = Buffer.concat([field(9, Buffer.alloc(65_536 - 4 - small.length)), small]);

test.each<[string, Uint8Array, number | undefined]>([
  ['seconds and nanoseconds', retryInfo([seconds(2), nanos(500_000_000)]), 2_500],
  ['a part of a millisecond', retryInfo([nanos(1)]), 1],
  ['no wait at all', retryInfo([]), 0],
  ['a wait below zero', retryInfo([minusOne]), 0],
  ['the longest wait', retryInfo([seconds(315_576_000_000)]), 315_576_000_000_000],
  ['a longer one', retryInfo([seconds(315_576_000_001)]), undefined],
  ['the most nanoseconds', retryInfo([nanos(999_999_999)]), 1_000],
  ['more of them', retryInfo([nanos(1_000_000_000)]), undefined],
  ['a bare name', retryInfo([seconds(1)], 'google.rpc.RetryInfo'), 1_000],
  ['another detail', retryInfo([seconds(1)], 'type.googleapis.com/google.rpc.ErrorInfo'), undefined],
  ['a name that only ends so', retryInfo([seconds(1)], 'x.google.rpc.RetryInfo'), undefined],
  ['the second detail', Buffer.concat([retryInfo([], 'a'), retryInfo([seconds(3)])]), 3_000],
  ['the last of two values', retryInfo([seconds(1), seconds(4)]), 4_000],
  [
    'fields that nobody knows, everywhere',
    Buffer.concat([
      field(9, [1]),
      field(
        3,
        field(8, [2]),
        url('google.rpc.RetryInfo'),
        field(2, field(7), field(1, field(6, [1]), seconds(5))),
      ),
      field(12),
    ]),
    5_000,
  ],
  ['no protobuf', Uint8Array.of(0xff), undefined],
  ['65,536 bytes', largest, 1],
  ['more bytes', Buffer.concat([largest, Buffer.of(1 << 3, 0)]), undefined],
])('the wait of a status: %s', (_name, status, millis) => {
  expect(retryInfoMillis(status)).toBe(millis);
});

test('the reader of a status does not throw, whatever the bytes', () => {
  const good = statusBytes(14, 'busy', 1_500);
  for (let at = 0; at < good.length; at += 1) {
    retryInfoMillis(good.subarray(0, at));
    for (const bit of [1, 2, 0x80]) {
      const damaged = Buffer.from(good);
      damaged[at]! ^= bit;
      const millis = retryInfoMillis(damaged);
      expect(millis === undefined || millis >= 0).toBe(true);
    }
  }
});

test('an answer with a warning rejects nothing; one without is empty', () => {
  expect(responseBytes(undefined)).toHaveLength(0);
  for (const message of ['', 'no record', 'x'.repeat(300)]) {
    const answer = partialSuccessOf(Buffer.from(responseBytes(message)), 'application/x-protobuf');
    expect(answer ?? { rejectedRecords: 0, message: '' }).toEqual({ rejectedRecords: 0, message });
  }
});

/** Encoded requests wait in memory, so they must not hold a much larger buffer. */
test('a request holds at most a third more memory than its size, whatever size was expected', () => {
  for (const expected of [1, 10, 100, 1_000, 1_360, 1_365, 1_400, 10_000, 1_000_000]) {
    const record = { ...EMPTY_RECORD, body: 'x'.repeat(1_000) };
    const none = { attributes: [], droppedAttributesCount: 0, schemaUrl: '' };
    const logs = {
      resources: [{ ...none, scopes: [{ ...none, name: '', version: '', records: [record] }] }],
    };
    const bytes = encodeDecoded(logs, expected);
    expect(bytes.buffer.byteLength).toBeLessThanOrEqual(Math.ceil((bytes.length * 4) / 3) + 1);
  }
});

const mark = (name: string) => (token: string) => JSON.stringify({ [name]: token });
const digits = fc.stringMatching(/^-?(?:0|[1-9]\d{0,24})$/);
const scalar = fc.oneof(
  digits,
  fc.stringMatching(/^-?(?:0|[1-9]\d{0,18})\.\d{1,18}$/),
  fc.stringMatching(/^-?[1-9]\d{0,18}[eE][+-]?\d{1,2}$/),
  fc.constantFrom('true', 'false', 'null', 'NaN', 'Infinity', '-Infinity'),
  fc.string().map((text) => JSON.stringify(text)),
  fc
    .constantFrom('NaN', '12345678901234567890', '\\', '"', '\\"', ',-Infinity,', '[{')
    .map((text) => JSON.stringify(text)),
);
/** Texts of JSON as Python writes it, and each scalar of it in order. */
const { json } = fc.letrec<{ json: readonly [text: string, scalars: readonly string[]] }>((tie) => ({
  json: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    scalar.map((token) => [token, [token]] as const),
    fc
      .tuple(fc.array(tie('json'), { maxLength: 4 }), fc.constantFrom('', ' ', '\n\t'))
      .map(
        ([items, space]) =>
          [
            `[${space}${items.map(([text]) => text).join(`${space},${space}`)}${space}]`,
            items.flatMap(([, scalars]) => scalars),
          ] as const,
      ),
    fc
      .array(tie('json'), { maxLength: 4 })
      .map(
        (items) =>
          [
            `{${items.map(([text], at) => `"k${at}": ${text}`).join(', ')}}`,
            items.flatMap(([, scalars]) => scalars),
          ] as const,
      ),
  ),
}));

function scalarsIn(value: unknown): unknown[] {
  if (Array.isArray(value)) return value.flatMap(scalarsIn);
  if (typeof value !== 'object' || value === null || 'int' in value || 'word' in value) return [value];
  return Object.values(value).flatMap(scalarsIn);
}

test('numbers that JSON.parse would round, and words it does not know, are converted; all else is as it parses', () => {
  fc.assert(
    fc.property(json, ([text, tokens]) => {
      const found = scalarsIn(parseJson(text, mark('int'), mark('word')));
      expect(found).toHaveLength(tokens.length);
      for (const [at, token] of tokens.entries()) {
        const value = found[at];
        if (/^(?:NaN|-?Infinity)$/.test(token)) expect(value).toEqual({ word: token });
        else if (typeof value === 'object' && value !== null) expect(value).toEqual({ int: token });
        else expect(value).toBe(JSON.parse(token));
        if (/^-?\d+$/.test(token) && typeof value === 'number')
          expect(Number.isSafeInteger(value)).toBe(true);
      }
    }),
    { numRuns: 1_500 },
  );
});

test('NaN and Infinity are invalid without a conversion, however long the text', () => {
  for (const text of [
    'NaN',
    '[-Infinity]',
    `[1234567890123456789, Infinity]`,
    '[truth]',
    '[01]',
    '[1234567890123456a]',
  ]) {
    expect(() => parseJson(text, mark('int'))).toThrow(WireError);
  }
  expect(() => parseJson('[truth]', mark('int'), mark('word'))).toThrow(/^invalid JSON: /);
});

test('JSON is bounded in depth and in values, exactly; a number of more than 400 digits is not kept exact', () => {
  const nested = (depth: number) => `${'['.repeat(depth)}${']'.repeat(depth)}`;
  expect(parseJson(nested(256), mark('int'))).toBeInstanceOf(Array);
  expect(() => parseJson(nested(257), mark('int'))).toThrow(expect.objectContaining({ cause: 'too_deep' }));
  expect(parseJson(`[${nested(255)},${nested(255)}]`, mark('int'))).toHaveLength(2);
  const values = (count: number) => `[${'0,'.repeat(count - 1)}0]`;
  expect(parseJson(values(1_048_576), mark('int'))).toHaveLength(1_048_576);
  expect(() => parseJson(values(1_048_577), mark('int'))).toThrow(
    expect.objectContaining({ cause: 'too_large' }),
  );
  expect(parseJson(`[${'9'.repeat(400)}]`, mark('int'))).toEqual([{ int: '9'.repeat(400) }]);
  expect(parseJson(`[${'9'.repeat(401)}]`, mark('int'))).toEqual([Number.POSITIVE_INFINITY]);
});
