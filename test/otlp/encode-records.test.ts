import {
  type DecodedLogRecord,
  decodeLogs,
  EMPTY_RECORD,
  encodeDecoded,
  LogsEncoder,
  scanLogs,
} from '../../src/otlp/index.ts';
import type { ReadableLogRecordLike } from '../../src/record/index.ts';
import { bareRecord, encodeLogs } from './records.ts';

function encoded(fields: Parameters<typeof bareRecord>[0]): DecodedLogRecord {
  const [resource] = decodeLogs(encodeLogs([bareRecord(fields)])).resources;
  return resource!.scopes[0]!.records[0]!;
}

test.each<[unknown, bigint]>([
  [[0, 0], 0n],
  [[0, 1], 1n],
  [[1, 0], 1_000_000_000n],
  [[1_700_000_000, 123_456_789], 1_700_000_000_123_456_789n],
  [[4, 294_967_295], 2n ** 32n - 1n],
  [[4, 294_967_296], 2n ** 32n],
  [[18_446_744_073, 709_551_615], 2n ** 64n - 1n],
  [[18_446_744_073, 709_551_616], 0n],
  [[18_446_744_074, 0], 0n],
  [[-1, 0], 0n],
  [[Number.NaN, 0], 0n],
  [undefined, 0n],
  ['now', 0n],
  [1_700_000_000, 0n],
])('a time of %j is %d nanoseconds', (hrTime, nanos) => {
  expect(encoded({ hrTime }).timeUnixNano).toBe(nanos);
  expect(encoded({ hrTimeObserved: hrTime }).observedTimeUnixNano).toBe(nanos);
});

test.each<[unknown, number]>([
  [1, 1],
  [24, 24],
  [25, 25],
  [2 ** 31 - 1, 2 ** 31 - 1],
  [2 ** 31, 0],
  [0, 0],
  [-1, 0],
  [9.5, 0],
  ['9', 0],
  [undefined, 0],
])('a severity number of %p is written as %d', (severityNumber, number) => {
  expect(encoded({ severityNumber }).severityNumber).toBe(number);
});

test.each<[unknown, number]>([
  [0, 0],
  [1, 1],
  [7.9, 7],
  [0.9, 0],
  [2 ** 32 - 1, 2 ** 32 - 1],
  [2 ** 32, 2 ** 32 - 1],
  [Number.NaN, 0],
  [-1, 0],
  ['5', 0],
])('a count of dropped attributes of %p is written as %d', (droppedAttributesCount, count) => {
  expect(encoded({ droppedAttributesCount }).droppedAttributesCount).toBe(count);
});

test.each<[unknown, number]>([
  [0, 0],
  [1, 1],
  [255, 255],
  [2 ** 32 - 1, 2 ** 32 - 1],
  [2 ** 32, 0],
  [-1, 0],
])('trace flags of %p are written as %d', (traceFlags, flags) => {
  expect(encoded({ spanContext: { traceId: '', spanId: '', traceFlags } }).flags).toBe(flags);
});

test('an id is written if it has its length in hex digits, independently of the other', () => {
  const ids = (traceId: unknown, spanId: unknown) => {
    const record = encoded({ spanContext: { traceId, spanId, traceFlags: 1 } });
    return [record.traceId, record.spanId, record.flags];
  };
  const [trace, span] = ['0af7651916cd43dd8448eb211c80319c', 'b7ad6b7169203331'];
  expect(ids(trace, span)).toEqual([trace, span, 1]);
  expect(ids(trace.toUpperCase(), span.toUpperCase())).toEqual([trace, span, 1]);
  expect(ids(span, trace)).toEqual(['', '', 1]);
  for (const wrong of [
    `${trace.slice(1)}g`,
    `g${trace.slice(1)}`,
    `${trace.slice(1)}ü`,
    `${trace.slice(1)}\u{100}`,
    7,
  ]) {
    expect(ids(wrong, span)).toEqual(['', span, 1]);
  }
  expect(ids(trace, `${span.slice(1)}/`)).toEqual([trace, '', 1]);
  expect(ids(trace, `${span.slice(1)}:`)).toEqual([trace, '', 1]);
});

test('texts are written only if they are strings', () => {
  expect(encoded({ severityText: 'INFO', eventName: 'e' })).toMatchObject({
    severityText: 'INFO',
    eventName: 'e',
  });
  expect(encoded({ severityText: 5, eventName: {} })).toMatchObject({ severityText: '', eventName: '' });
  expect(encoded({ severityText: '', eventName: undefined })).toMatchObject({
    severityText: '',
    eventName: '',
  });
});

test('a body of null is the empty value, and a missing one is missing', () => {
  expect(encoded({ body: null }).body).toBeNull();
  expect(encoded({ body: undefined }).body).toBeUndefined();
  expect(encoded({ body: '' }).body).toBe('');
  expect(encoded({ body: false }).body).toBe(false);
});

test.each<[unknown, unknown]>([
  [2 ** 53, 2n ** 53n],
  [-(2 ** 63), -(2n ** 63n)],
  [2 ** 63, 2 ** 63],
  [-(2 ** 63) * 1.1, -(2 ** 63) * 1.1],
  [-0, 0],
  [0.5, 0.5],
])('a number of %p is read back as %p', (body, read) => {
  expect(encoded({ body }).body).toEqual(read);
});

test('own properties are attributes, inherited ones are not', () => {
  const attributes = Object.assign(Object.create({ inherited: 1 }), { own: 2 });
  expect(encoded({ attributes }).attributes).toEqual([['own', 2]]);
});

test('resource and scope are written once for their records, with their fields', () => {
  const resource = { attributes: { a: 1 }, schemaUrl: 'r' };
  const scope = { name: 'n', version: 'v', schemaUrl: 's', attributes: { b: 2 }, droppedAttributesCount: 3 };
  const records = ['x', 'y'].map((body) => bareRecord({ resource, instrumentationScope: scope, body }));
  const { resources } = decodeLogs(encodeLogs(records));
  expect(resources).toMatchObject([
    {
      attributes: [['a', 1]],
      schemaUrl: 'r',
      scopes: [
        { name: 'n', version: 'v', schemaUrl: 's', attributes: [['b', 2]], droppedAttributesCount: 3 },
      ],
    },
  ]);
  expect(resources[0]!.scopes[0]!.records.map(({ body }) => body)).toEqual(['x', 'y']);
});

describe('a property that throws when it is read', () => {
  const thrower = (name: string) => ({
    get [name]() {
      throw new Error(`no ${name}`);
    },
  });
  const with_ = (fields: object, getter: object) =>
    Object.defineProperties(
      bareRecord(fields),
      Object.getOwnPropertyDescriptors(getter),
    ) as ReadableLogRecordLike;
  const only = (record: ReadableLogRecordLike) => decodeLogs(encodeLogs([record])).resources[0]!;

  test('does not affect others: a body is replaced by the error, and the rest of the record is kept', () => {
    const [record] = only(with_({ attributes: { a: 1 }, severityNumber: 9 }, thrower('body'))).scopes[0]!
      .records;
    expect(record).toMatchObject({
      body: '[threw Error: no body]',
      attributes: [['a', 1]],
      severityNumber: 9,
    });
    expect(record!.timeUnixNano).toBe(1_700_000_000_000_000_001n);
  });

  test('in the attributes is replaced by the error, and the others are kept', () => {
    const attributes = { before: 1, ...Object.create({}), after: 2 };
    Object.defineProperty(attributes, 'bad', {
      enumerable: true,
      ...Object.getOwnPropertyDescriptor(thrower('bad'), 'bad'),
    });
    const [record] = only(bareRecord({ attributes, body: { deep: [1] }, eventName: 'e' })).scopes[0]!.records;
    expect(record!.attributes).toEqual([
      ['before', 1],
      ['after', 2],
      ['bad', '[threw Error: no bad]'],
    ]);
    expect(record).toMatchObject({ body: { entries: [['deep', [1]]] }, eventName: 'e' });
  });

  test.each([
    'severityNumber',
    'severityText',
    'eventName',
    'droppedAttributesCount',
    'spanContext',
    'attributes',
  ])('as %s is left out', (name) => {
    const fields = {
      body: 'b',
      severityNumber: 9,
      severityText: 'INFO',
      eventName: 'e',
      droppedAttributesCount: 2,
    };
    const spanContext = { traceId: 'a'.repeat(32), spanId: 'b'.repeat(16), traceFlags: 1 };
    const [record] = only(with_({ ...fields, spanContext, attributes: { a: 1 } }, thrower(name))).scopes[0]!
      .records;
    const whole = {
      ...EMPTY_RECORD,
      ...fields,
      attributes: [['a', 1]],
      flags: 1,
      traceId: 'a'.repeat(32),
      spanId: 'b'.repeat(16),
    };
    const none =
      name === 'spanContext'
        ? { flags: 0, traceId: '', spanId: '' }
        : { [name]: EMPTY_RECORD[name as 'flags'] };
    const times = { timeUnixNano: expect.anything(), observedTimeUnixNano: expect.anything() };
    expect(record).toEqual({ ...whole, ...none, ...times });
  });

  test('as a time is an unknown time', () => {
    const [record] = only(with_({ body: 'b' }, thrower('hrTime'))).scopes[0]!.records;
    expect(record).toMatchObject({
      body: 'b',
      timeUnixNano: 0n,
      observedTimeUnixNano: 1_700_000_000_000_000_002n,
    });
  });

  test('of resource and scope leaves their other fields', () => {
    const attributes = { good: 1, ...{} };
    Object.defineProperty(attributes, 'bad', {
      enumerable: true,
      ...Object.getOwnPropertyDescriptor(thrower('bad'), 'bad'),
    });
    const resource = { attributes, schemaUrl: 'r' };
    const scope = { name: 'n', version: 'v', attributes, schemaUrl: 's' };
    const both = [
      ['good', 1],
      ['bad', '[threw Error: no bad]'],
    ];
    expect(only(bareRecord({ resource, instrumentationScope: scope, body: 'b' }))).toMatchObject({
      attributes: both,
      schemaUrl: 'r',
      scopes: [{ name: 'n', version: 'v', attributes: both, schemaUrl: 's', records: [{ body: 'b' }] }],
    });
    const bad = only(
      bareRecord({ resource: thrower('schemaUrl'), instrumentationScope: thrower('name'), body: 'b' }),
    );
    expect(bad).toMatchObject({ schemaUrl: '', scopes: [{ name: '', records: [{ body: 'b' }] }] });
  });
});

test('a value that is nested too deep is replaced, and the rest of the record is kept', () => {
  const nested = (levels: number) => {
    let value: unknown = 'x';
    for (let level = 0; level < levels; level += 1) value = { a: value };
    return value;
  };
  const depthOf = (value: unknown): string => {
    let levels = 0;
    let at = value as { entries: readonly (readonly [string, unknown])[] } | string;
    for (; typeof at === 'object'; levels += 1) at = at.entries[0]![1] as typeof at;
    return `${levels} ${at}`;
  };
  expect(depthOf(encoded({ body: nested(32) }).body)).toBe('32 x');
  expect(depthOf(encoded({ body: nested(33) }).body)).toBe('32 [too deep]');
  expect(depthOf(encoded({ attributes: { v: nested(31) } }).attributes[0]![1])).toBe('31 x');
  expect(depthOf(encoded({ attributes: { v: nested(33) } }).attributes[0]![1])).toBe('31 [too deep]');
  expect(() =>
    scanLogs(encodeLogs([bareRecord({ body: nested(500), attributes: { v: nested(500) } })])),
  ).not.toThrow();
});

test('a getter of a record may encode others with the same encoder', () => {
  const encoder = new LogsEncoder();
  let inner: Uint8Array | undefined;
  const record = Object.defineProperty(bareRecord({}), 'body', {
    get: () => {
      inner ??= encoder.encode([bareRecord({ body: 'inner' })]);
      return 'outer';
    },
  });
  const outer = encoder.encode([record]);
  const bodyOf = (bytes: Uint8Array) => decodeLogs(bytes).resources[0]!.scopes[0]!.records[0]!.body;
  expect([bodyOf(inner!), bodyOf(outer)]).toEqual(['inner', 'outer']);
});

test('a decoded record is written without its unset fields', () => {
  const none = { attributes: [], droppedAttributesCount: 0, schemaUrl: '' };
  const logs = {
    resources: [{ ...none, scopes: [{ ...none, name: '', version: '', records: [EMPTY_RECORD] }] }],
  };
  expect(Buffer.from(encodeDecoded(logs)).toString('hex')).toBe('0a080a0012040a001200');
  const negative = {
    ...EMPTY_RECORD,
    severityNumber: -1,
    flags: 2 ** 32 - 1,
    body: null,
    droppedAttributesCount: 2 ** 32 - 1,
  };
  const again = {
    resources: [{ ...none, scopes: [{ ...none, name: '', version: '', records: [negative] }] }],
  };
  expect(decodeLogs(encodeDecoded(again))).toEqual(again);
});
