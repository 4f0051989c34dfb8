import {
  type AnyValue,
  type DecodedLogRecord,
  EMPTY_RECORD,
  groupsOf,
  JsonLines,
  type LogGroup,
  plainObject,
  plainValue,
} from '../../src/otlp/index.ts';

const resource = { attributes: [], droppedAttributesCount: 0, schemaUrl: '' };
const scope = { ...resource, name: '', version: '' };

const linesOf = (...groups: readonly Partial<LogGroup>[]) =>
  [
    ...new JsonLines().lines(groups.map((group) => ({ resource, scope, records: [EMPTY_RECORD], ...group }))),
  ].join('');

/** The text of one record. */
function textOf(fields: Partial<DecodedLogRecord>): string {
  const line = linesOf({ records: [{ ...EMPTY_RECORD, ...fields }] });
  const [before, after] = [
    '{"resourceLogs":[{"resource":{},"scopeLogs":[{"scope":{},"logRecords":[',
    ']}]}]}\n',
  ];
  expect([line.slice(0, before.length), line.slice(-after.length)]).toEqual([before, after]);
  return line.slice(before.length, -after.length);
}

test.each<[Partial<DecodedLogRecord>, string]>([
  [{}, '{}'],
  [{ timeUnixNano: 1n }, '{"timeUnixNano":"1"}'],
  [{ observedTimeUnixNano: 2n }, '{"observedTimeUnixNano":"2"}'],
  [{ timeUnixNano: 3n, observedTimeUnixNano: 3n }, '{"timeUnixNano":"3","observedTimeUnixNano":"3"}'],
  [{ timeUnixNano: 1n, observedTimeUnixNano: 2n }, '{"timeUnixNano":"1","observedTimeUnixNano":"2"}'],
  [{ severityNumber: 9 }, '{"severityNumber":9}'],
  [{ severityText: 'INFO', flags: 1 }, '{"severityText":"INFO","flags":1}'],
  [{ attributes: [['a', 1]] }, '{"attributes":[{"key":"a","value":{"intValue":"1"}}]}'],
  [{ droppedAttributesCount: 2 }, '{"droppedAttributesCount":2}'],
  [
    { attributes: [['a', true]], droppedAttributesCount: 2 },
    '{"attributes":[{"key":"a","value":{"boolValue":true}}],"droppedAttributesCount":2}',
  ],
  [{ traceId: 'ab', spanId: 'cd', eventName: 'e' }, '{"traceId":"ab","spanId":"cd","eventName":"e"}'],
  [{ timeUnixNano: 1n, severityNumber: 5 }, '{"timeUnixNano":"1","severityNumber":5}'],
])('a record has what it says, and no more: %#', (fields, text) => {
  expect(textOf(fields)).toBe(text);
});

test.each<[AnyValue, string]>([
  ['x', '{"stringValue":"x"}'],
  ['"\\\n', '{"stringValue":"\\"\\\\\\n"}'],
  ['', '{"stringValue":""}'],
  [null, '{}'],
  [false, '{"boolValue":false}'],
  [2 ** 53 - 1, '{"intValue":"9007199254740991"}'],
  [-(2n ** 63n), '{"intValue":"-9223372036854775808"}'],
  [0.5, '{"doubleValue":0.5}'],
  [2 ** 53, '{"doubleValue":9007199254740992}'],
  [{ double: 2 }, '{"doubleValue":2}'],
  [{ double: -0 }, '{"doubleValue":-0.0}'],
  [Number.NaN, '{"doubleValue":"NaN"}'],
  [Number.NEGATIVE_INFINITY, '{"doubleValue":"-Infinity"}'],
  [Uint8Array.of(255, 254), '{"bytesValue":"//4="}'],
  [[], '{"arrayValue":{"values":[]}}'],
  [['a', [null]], '{"arrayValue":{"values":[{"stringValue":"a"},{"arrayValue":{"values":[{}]}}]}}'],
  [{ entries: [] }, '{"kvlistValue":{"values":[]}}'],
  [
    {
      entries: [
        ['a', 1],
        ['a', null],
      ],
    },
    '{"kvlistValue":{"values":[{"key":"a","value":{"intValue":"1"}},{"key":"a","value":{}}]}}',
  ],
])('a value of %p is written as %s', (body, text) => {
  expect(textOf({ body })).toBe(`{"body":${text}}`);
});

test('a text is written unchanged if that is valid JSON, and otherwise escaped', () => {
  for (const text of ['plain !#[]~\x7f é \u2028 漢 \uffff', ' '])
    expect(textOf({ eventName: text })).toBe(`{"eventName":"${text}"}`);
  for (const text of ['\x00', '\x1f', '"', '\\', '😀']) {
    expect(JSON.parse(textOf({ eventName: text }))).toEqual({ eventName: text });
  }
  expect(textOf({ eventName: 'a\ud800b' })).toBe('{"eventName":"a\ufffdb"}');
  expect(textOf({ attributes: [['\udfff"', 1]] })).toContain('"key":"\ufffd\\""');
});

test('resource and scope have only the fields that are set', () => {
  const common = { attributes: [['a', 'b']] as const, droppedAttributesCount: 1, schemaUrl: 'u"' };
  expect(linesOf({ resource: common, scope: { ...common, name: 'n', version: 'v' } })).toBe(
    '{"resourceLogs":[{"resource":{"attributes":[{"key":"a","value":{"stringValue":"b"}}],"droppedAttributesCount":1},' +
      '"schemaUrl":"u\\"","scopeLogs":[{"scope":{"name":"n","version":"v","attributes":[{"key":"a","value":' +
      '{"stringValue":"b"}}],"droppedAttributesCount":1},"schemaUrl":"u\\"","logRecords":[{}]}]}]}\n',
  );
  expect(linesOf({ scope: { ...scope, version: 'v' } })).toContain('{"scope":{"version":"v"},"logRecords"');
});

test('groups of one scope continue it, groups of another scope or resource begin a new one', () => {
  const [otherScope, otherResource] = [
    { ...scope, name: 's' },
    { ...resource, schemaUrl: 'r' },
  ];
  expect(
    linesOf({}, {}, { scope: otherScope }, { scope: otherScope }, { resource: otherResource, scope }),
  ).toBe(
    '{"resourceLogs":[{"resource":{},"scopeLogs":[{"scope":{},"logRecords":[{},{}]},' +
      '{"scope":{"name":"s"},"logRecords":[{},{}]}]},' +
      '{"resource":{},"schemaUrl":"r","scopeLogs":[{"scope":{},"logRecords":[{}]}]}]}\n',
  );
  expect(linesOf()).toBe('');
});

test('a line ends at 512 records, and the next one repeats resource and scope', () => {
  const named = { ...scope, name: 's' };
  const records = (count: number) => ({ scope: named, records: new Array(count).fill(EMPTY_RECORD) });
  expect(linesOf(records(511), records(1)).split('\n')).toHaveLength(2);
  const [first, second] = linesOf(records(512), records(1)).split('\n');
  expect(JSON.parse(first!).resourceLogs[0].scopeLogs[0].logRecords).toHaveLength(512);
  expect(second).toBe(
    '{"resourceLogs":[{"resource":{},"scopeLogs":[{"scope":{"name":"s"},"logRecords":[{}]}]}]}',
  );
});

test('a line ends at 262,144 characters of records', () => {
  const of = (characters: number) => ({
    records: [{ ...EMPTY_RECORD, eventName: 'x'.repeat(characters - '{"eventName":""}'.length) }],
  });
  expect(linesOf(of(262_143), {}).split('\n')).toHaveLength(2);
  expect(linesOf(of(262_144), {}).split('\n')).toHaveLength(3);
});

test('a line continues while resource and scope are longer than its new content', () => {
  const large = { ...resource, schemaUrl: 'r'.repeat(300_000) };
  const group = (count: number) => ({ resource: large, records: new Array(count).fill(EMPTY_RECORD) });
  const lines = (groups: number) => linesOf(...new Array(groups).fill(group(600))).split('\n').length - 1;
  expect(lines(3)).toBe(1);
  // 600 records of three characters a group: the 167th brings more than resource and scope have.
  expect([lines(167), lines(168)]).toEqual([1, 2]);
});

test('values as plain data: doubles are numbers, maps objects, and of a repeated key the first counts', () => {
  expect(plainValue({ double: 2 })).toBe(2);
  expect(plainValue(Uint8Array.of(1))).toEqual(Uint8Array.of(1));
  expect(plainValue([1, null, { entries: [['a', [{ double: 1 }]]] }])).toEqual([1, null, { a: [1] }]);
  const object = plainObject([
    ['a', 1],
    ['a', 2],
    ['__proto__', { entries: [['x', 1]] }],
    ['constructor', 'c'],
  ]);
  expect(Object.entries(object)).toEqual([
    ['a', 1],
    ['__proto__', { x: 1 }],
    ['constructor', 'c'],
  ]);
  object.a = 3;
  expect(object.a).toBe(3);
});

test('groups of decoded logs leave out scopes without records', () => {
  const full = { ...scope, name: 'full', records: [EMPTY_RECORD] };
  const logs = {
    resources: [
      { ...resource, scopes: [{ ...scope, records: [] }, full] },
      { ...resource, scopes: [full] },
    ],
  };
  expect([...groupsOf(logs)]).toEqual(
    logs.resources.map((each) => ({ resource: each, scope: full, records: full.records })),
  );
});
