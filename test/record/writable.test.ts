import fc from 'fast-check';
import { type ReadableLogRecordLike, writable, writableResource } from '../../src/record/index.ts';
import { handMade } from '../support/delivery-pipeline.ts';

const record = (given: object): ReadableLogRecordLike => ({ ...handMade('body'), ...given });
const attribute = (value: unknown): unknown => writable(record({ attributes: { value } })).attributes.value;

/** An object nested in others, `levels` in total. */
function nested(levels: number): object {
  let value: object = { bottom: true };
  for (let level = 1; level < levels; level += 1) value = { in: value };
  return value;
}

test('a valid record is returned as the same object', () => {
  const right = record({
    severityNumber: 9,
    severityText: 'INFO',
    eventName: 'started',
    attributes: {
      text: 'a',
      number: -1.5,
      list: [1, null, { a: true }],
      bytes: new Uint8Array(2),
      none: null,
    },
  });
  expect(writable(right)).toBe(right);
  for (const severityNumber of [undefined, 0, 1, 24]) {
    const one = record({ severityNumber, severityText: undefined, eventName: undefined });
    expect(writable(one)).toBe(one);
  }
});

test.each<[string, unknown, unknown]>([
  ['NaN', Number.NaN, 'NaN'],
  ['an infinity', Number.NEGATIVE_INFINITY, '-Infinity'],
  ['a whole number past 64 bits', 1e300, '1e+300'],
  ['the first number past 64 bits', 2 ** 63, '9223372036854776000'],
  ['NaN in a list in an object', { list: [1, Number.NaN] }, { list: [1, 'NaN'] }],
  ['a bigint', 7n, '7'],
  ['a symbol', Symbol('mark'), 'Symbol(mark)'],
  ['a function', function handler() {}, '[function handler]'],
  ['a Date', new Date(0), '1970-01-01T00:00:00.000Z'],
])('%s as an attribute becomes text, and other attributes are kept', (_name, value, expected) => {
  const { attributes } = writable(record({ attributes: { before: 1, value, after: [2] } }));
  expect(attributes).toStrictEqual({ before: 1, value: expected, after: [2] });
});

test('the original is not changed', () => {
  const original = record({ severityNumber: 9.5, attributes: { ratio: Number.NaN } });
  writable(original);
  expect(original).toMatchObject({ severityNumber: 9.5, attributes: { ratio: Number.NaN } });
});

test('objects in an attribute may be nested 31 levels deep, the next is too deep', () => {
  expect(attribute(nested(31))).toEqual(nested(31));
  expect(JSON.stringify(attribute(nested(32)))).toContain('{"in":"[too deep]"}');
});

test('the check of an attribute that contains itself ends, also if it is shared many times', () => {
  const cycle: Record<string, unknown> = {};
  cycle.self = cycle;
  let shared: object = {};
  for (let level = 0; level < 28; level += 1) shared = { left: shared, right: shared };
  expect(attribute(cycle)).toEqual({ self: '[circular]' });
  expect(attribute(shared)).toBeDefined();
});

test.each<[string, unknown, number | undefined]>([
  ['a fraction', 9.5, 9],
  ['a number past the last severity', 1e12, 24],
  ['NaN', Number.NaN, undefined],
  ['a negative number', -1, undefined],
  ['a text', 'INFO', undefined],
])('%s as severity number becomes the nearest severity, or none', (_name, severityNumber, expected) => {
  expect(writable(record({ severityNumber })).severityNumber).toBe(expected);
});

test.each<[unknown, string]>([
  [5, '5'],
  [{ a: 1 }, '{"a":1}'],
  [7n, '7'],
  [Symbol('mark'), 'Symbol(mark)'],
])('a severity text or event name %p becomes text', (value, expected) => {
  const wrong = record({ severityText: value, eventName: value });
  expect(writable(wrong)).toMatchObject({ severityText: expected, eventName: expected });
});

test.each<[string, [number, number]]>([
  ['that is no number', [Number.NaN, Number.NaN]],
  ['before 1970', [-5, 0]],
  ['of negative nanoseconds', [0, -5]],
  ['after 2554', [1e15, 0]],
])('a time %s becomes the time when the record was observed', (_name, hrTime) => {
  expect(writable(record({ hrTime, hrTimeObserved: [1_700_000_000, 5] }))).toMatchObject({
    hrTime: [1_700_000_000, 5],
    hrTimeObserved: [1_700_000_000, 5],
  });
});

test('a body that is a number, bigint, symbol or function becomes readable', () => {
  for (const [body, expected] of [
    [Number.NaN, 'NaN'],
    [123n, '123'],
    [Symbol('mark'), 'Symbol(mark)'],
    [12, 12],
  ]) {
    expect(writable(record({ body })).body).toBe(expected);
  }
});

test('a logger whose name or version is no text gets one', () => {
  const instrumentationScope = { name: 5, version: 2, schemaUrl: undefined };
  expect(writable(record({ instrumentationScope })).instrumentationScope).toMatchObject({
    name: '5',
    version: '2',
  });
});

test('a record that throws when it is read is left as it is', () => {
  const throwing = record({
    attributes: {
      get broken(): string {
        throw new Error('closed');
      },
    },
  });
  expect(writable(throwing)).toBe(throwing);
});

test('the result for any record is valid: a second check changes nothing', () => {
  const anything = fc.anything({ withBigInt: true, withDate: true, withMap: true, withSparseArray: true });
  fc.assert(
    fc.property(
      fc.dictionary(fc.string(), anything),
      anything,
      anything,
      (attributes, severityNumber, body) => {
        const isObject = typeof body === 'object' && body !== null;
        const once = writable(record({ attributes, severityNumber, body: isObject ? '' : body }));
        expect(writable(once)).toBe(once);
      },
    ),
  );
});

test('a resource with a value that OTLP cannot represent is replaced by a proxy that reads like it', () => {
  const waitForAsyncAttributes = () => Promise.resolve();
  const wrong = Object.freeze({
    attributes: Object.freeze({ load: Number.POSITIVE_INFINITY, cores: [1, Number.NaN], name: 'shop' }),
    schemaUrl: 'https://example.com/1',
    asyncAttributesPending: false,
    waitForAsyncAttributes,
  });
  const replaced = writableResource(wrong);
  expect(replaced.attributes).toEqual({ load: 'Infinity', cores: [1, 'NaN'], name: 'shop' });
  expect(replaced.asyncAttributesPending).toBe(false);
  expect((replaced as typeof wrong).schemaUrl).toBe('https://example.com/1');
  expect(replaced.waitForAsyncAttributes!()).toBeInstanceOf(Promise);
  const right = { attributes: { name: 'shop' } };
  expect(writableResource(right)).toBe(right);
});
