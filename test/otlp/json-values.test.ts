import { decodeJsonLogs, parseJson, readJsonLogs, WireError } from '../../src/otlp/index.ts';

/** The record of a request whose only record has this JSON. */
function read(record: string) {
  const json = `{"resourceLogs":[{"scopeLogs":[{"logRecords":[${record}]}]}]}`;
  return decodeJsonLogs(json).resources[0]!.scopes[0]!.records[0]!;
}
const body = (value: string) => read(`{"body":{${value}}}`).body;
const message = (run: () => unknown) => {
  try {
    run();
    return 'no error';
  } catch (error) {
    expect(error).toBeInstanceOf(WireError);
    return (error as Error).message;
  }
};

test.each<[string, unknown]>([
  ['0', 0],
  ['"0"', 0],
  ['"-0"', 0],
  ['7', 7],
  ['"-7"', -7],
  ['9007199254740991', 2 ** 53 - 1],
  ['9007199254740992', 2n ** 53n],
  ['"-9007199254740992"', -(2n ** 53n)],
  ['9223372036854775807', 2n ** 63n - 1n],
  ['-9223372036854775808', -(2n ** 63n)],
  ['9223372036854775808', 2 ** 63],
  ['"99999999999999999999"', 1e20],
  ['"100000000000000000000"', 1e20],
  ['0.5', 0.5],
  ['1e3', 1_000],
  ['"1e3"', { double: 1_000 }],
  ['"+5"', { double: 5 }],
  ['"2.50"', 2.5],
])('an intValue of %s is read as %p', (said, value) => {
  expect(body(`"intValue":${said}`)).toEqual(value);
});

test.each([
  '"x"',
  '""',
  '" 1"',
  '"1 "',
  '"0x10"',
  '"NaN"',
  '"--1"',
  'true',
  '{}',
  '[]',
  `"1${'0'.repeat(401)}"`,
])('an intValue of %s is refused', (said) => {
  expect(message(() => body(`"intValue":${said}`))).toMatch(
    /^resourceLogs\[0\]\.scopeLogs\[0\]\.logRecords\[0\]\.body\.intValue must be a whole number of 64 bits, got /,
  );
});

test.each<[string, unknown]>([
  ['1', { double: 1 }],
  ['-0.0', { double: -0 }],
  ['0.1', 0.1],
  ['1e300', 1e300],
  ['"1.5"', 1.5],
  ['"-2"', { double: -2 }],
  ['"NaN"', Number.NaN],
  ['"Infinity"', Number.POSITIVE_INFINITY],
  ['"-Infinity"', Number.NEGATIVE_INFINITY],
  ['123456789012345678901234567890', 1.2345678901234568e29],
])('a doubleValue of %s is read as %p', (said, value) => {
  expect(body(`"doubleValue":${said}`)).toEqual(value);
});

test.each(['"constructor"', '"+Infinity"', '"nan"', '"."', 'true', '"1_000"'])(
  'a doubleValue of %s is refused',
  (said) => {
    expect(message(() => body(`"doubleValue":${said}`))).toMatch(
      /body\.doubleValue must be a number, "NaN", "Infinity" or "-Infinity", got /,
    );
  },
);

test.each<[string, bigint]>([
  ['0', 0n],
  ['null', 0n],
  ['"18446744073709551615"', 2n ** 64n - 1n],
  ['18446744073709551615', 2n ** 64n - 1n],
  ['1e18', 10n ** 18n],
])('a time of %s is %p nanoseconds', (said, nanos) => {
  expect(read(`{"timeUnixNano":${said}}`).timeUnixNano).toBe(nanos);
  expect(read(`{"observedTimeUnixNano":${said}}`).observedTimeUnixNano).toBe(nanos);
});

test.each(['-1', '"-1"', '1.5', '18446744073709551616', '"1e18"', '"x"', 'true', '[1]'])(
  'a time of %s is refused',
  (said) => {
    expect(message(() => read(`{"timeUnixNano":${said}}`))).toContain(
      'timeUnixNano must be a whole number from 0 to 2^64 - 1, got ',
    );
  },
);

test('counts and flags are of 32 bits', () => {
  for (const name of ['flags', 'droppedAttributesCount'] as const) {
    expect(read(`{"${name}":4294967295}`)[name]).toBe(2 ** 32 - 1);
    expect(read(`{"${name}":"7"}`)[name]).toBe(7);
    expect(read(`{"${name}":null}`)[name]).toBe(0);
    for (const wrong of ['4294967296', '-1', '0.5', '"a"']) {
      expect(message(() => read(`{"${name}":${wrong}}`))).toContain(
        `${name} must be a whole number from 0 to 2^32 - 1, got `,
      );
    }
  }
});

test.each<[string, number]>([
  ['0', 0],
  ['17', 17],
  ['"17"', 17],
  ['-3', -3],
  ['12.9', 12],
  ['-12.9', -12],
  ['"SEVERITY_NUMBER_TRACE"', 1],
  ['"SEVERITY_NUMBER_DEBUG4"', 8],
  ['"SEVERITY_NUMBER_FATAL4"', 24],
  ['"SEVERITY_NUMBER_UNSPECIFIED"', 0],
  ['2147483648', 0],
  ['-2147483649', 0],
])('a severity of %s is %d', (said, severity) => {
  expect(read(`{"severityNumber":${said}}`).severityNumber).toBe(severity);
});

test.each([
  '"INFO"',
  '"SEVERITY_NUMBER_"',
  '"SEVERITY_NUMBER_constructor"',
  '"severity_number_info"',
  'true',
  '{}',
])('a severity of %s is refused', (said) => {
  expect(message(() => read(`{"severityNumber":${said}}`))).toContain(
    'severityNumber must be a severity number, got ',
  );
});

test('an id is hex digits of its length in upper or lower case; an empty one, or one of zeros, means no id', () => {
  const trace = '0AF7651916cd43dd8448eb211c80319c';
  expect(read(`{"traceId":"${trace}"}`).traceId).toBe(trace.toLowerCase());
  for (const none of ['""', 'null', `"${'0'.repeat(16)}"`])
    expect(read(`{"spanId":${none}}`).spanId).toBe('');
  for (const wrong of [
    '7',
    '"0"',
    `"${'g'.repeat(16)}"`,
    `"${'a'.repeat(15)}"`,
    `"${'a'.repeat(32)}"`,
    '[]',
  ]) {
    expect(message(() => read(`{"spanId":${wrong}}`))).toContain(
      'spanId must be 16 hex digits, or empty, got ',
    );
  }
  expect(message(() => read(`{"traceId":"${'a'.repeat(16)}"}`))).toContain(
    'traceId must be 32 hex digits, or empty',
  );
});

test('the last of several values is used; null and unknown kinds are ignored', () => {
  expect(body('"stringValue":"a","intValue":1')).toBe(1);
  expect(body('"intValue":1,"stringValue":null')).toBe(1);
  expect(body('"int_value":2')).toBe(2);
  expect(body('"intValue":1,"newValue":{"a":1}')).toBe(1);
  expect(body('"constructor":1')).toBeNull();
  expect(body('')).toBeNull();
  expect(body('"boolValue":false')).toBe(false);
  expect(body('"boolValue":true')).toBe(true);
  expect(body('"stringValue":""')).toBe('');
  expect(body('"stringValue":12')).toBe('12');
  expect(body('"arrayValue":{}')).toEqual([]);
  expect(body('"kvlistValue":{}')).toEqual({ entries: [] });
  expect(body('"bytesValue":""')).toEqual(new Uint8Array());
  expect(read('{"body":null}').body).toBeUndefined();
  expect(read('{}').body).toBeUndefined();
});

test('the original protobuf name is used if the JSON name is missing or null', () => {
  expect(read('{"severityText":"a","severity_text":"b"}').severityText).toBe('a');
  expect(read('{"severityText":null,"severity_text":"b"}').severityText).toBe('b');
  expect(read('{"Severity_Text":"b"}').severityText).toBe('');
});

test('attributes are read with their keys, an empty one as an empty key without a value', () => {
  expect(
    read('{"attributes":[{},{"key":"a"},{"key":"b","value":{}},{"key":"c","value":null},null]}').attributes,
  ).toEqual([
    ['', null],
    ['a', null],
    ['b', null],
    ['c', null],
    ['', null],
  ]);
});

test('an error names the path, through every list', () => {
  const inner =
    '{"attributes":[{"key":"a"},{"value":{"arrayValue":{"values":[{},{"kvlistValue":{"values":[{"key":1,"value":2}]}}]}}}]}';
  expect(message(() => read(inner))).toBe(
    'resourceLogs[0].scopeLogs[0].logRecords[0].attributes[1].value.arrayValue.values[1].kvlistValue.values[0].value must be an object, got 2',
  );
  expect(message(() => decodeJsonLogs('{"resourceLogs":[{},{"resource":[]}]}'))).toBe(
    'resourceLogs[1].resource must be an object, got an array',
  );
  expect(message(() => decodeJsonLogs('{"resourceLogs":[{"scopeLogs":[{"scope":{"name":[]}}]}]}'))).toBe(
    'resourceLogs[0].scopeLogs[0].scope.name must be a string, got an array',
  );
  expect(message(() => decodeJsonLogs('[]'))).toBe('the request must be an object, got an array');
  expect(message(() => decodeJsonLogs('{"resourceLogs":{}}'))).toBe(
    'resourceLogs must be an array, got an object',
  );
});

test('all fields of resource and scope are read, and missing ones are empty', () => {
  const json = `{"resourceLogs":[{"schemaUrl":"r","resource":{"attributes":[{"key":"a","value":{"intValue":1}}],"droppedAttributesCount":2},
    "scopeLogs":[{"schemaUrl":"s","scope":{"name":"n","version":"v","droppedAttributesCount":3,"attributes":[{"key":"b"}]}}]},{}]}`;
  expect(decodeJsonLogs(json)).toEqual({
    resources: [
      {
        attributes: [['a', 1]],
        droppedAttributesCount: 2,
        schemaUrl: 'r',
        scopes: [
          {
            name: 'n',
            version: 'v',
            attributes: [['b', null]],
            droppedAttributesCount: 3,
            schemaUrl: 's',
            records: [],
          },
        ],
      },
      { attributes: [], droppedAttributesCount: 0, schemaUrl: '', scopes: [] },
    ],
  });
});

test('the first unknown name is reported for the request, a resource or a scope, but not inside of these', () => {
  const unknown = (json: string) => readJsonLogs(json).unknown;
  expect(
    unknown('{"resourceLogs":[{"resource":{"x":1},"scopeLogs":[{"scope":{"x":1},"logRecords":[{"x":1}]}]}]}'),
  ).toBe(undefined);
  expect(
    unknown('{"resource_logs":[{"schema_url":"","scope_logs":[{"log_records":[],"schema_url":""}]}]}'),
  ).toBe(undefined);
  expect(unknown('{"resourceLogs":[{"y":1}],"x":1,"z":1}')).toBe('x');
  expect(unknown(`{"${'x'.repeat(300)}":1}`)).toBe('x'.repeat(120));
});

describe('untrusted text', () => {
  const parse = (text: string | Uint8Array) =>
    parseJson(
      text,
      (token) => `"long ${token}"`,
      (token) => `"word ${token}"`,
    );

  test('has its integers of 16 digits and more converted by the caller, others parsed', () => {
    expect(parse('[123456789012345,1234567890123456,-1234567890123456]')).toEqual([
      123_456_789_012_345,
      'long 1234567890123456',
      'long -1234567890123456',
    ]);
    expect(parse('[1234567890.1234567,0.1234567890123456]')).toEqual([
      1234567890.1234567, 0.1234567890123456,
    ]);
    expect(parse(`[${'1'.repeat(400)}]`)).toEqual([`long ${'1'.repeat(400)}`]);
    expect(parse(`[${'1'.repeat(401)}]`)).toEqual([Number.POSITIVE_INFINITY]);
    expect(() => parse('[01234567890123456]')).toThrow('invalid JSON: ');
  });

  test('may have the words of Python only if the caller accepts them', () => {
    expect(parse('[NaN,Infinity,-Infinity]')).toEqual(['word NaN', 'word Infinity', 'word -Infinity']);
    expect(parse('{"NaN":"Infinity"}')).toEqual({ NaN: 'Infinity' });
    for (const wrong of ['[Nan]', '[+Infinity]', '[--Infinity]', '[xNaN]'])
      expect(() => parse(wrong)).toThrow(WireError);
    expect(() => parseJson('[NaN]', String)).toThrow('invalid JSON: ');
  });

  test('keeps strings as they are, whatever is in them', () => {
    const strings = ['1234567890123456', 'NaN', '\\', '\\\\"', '"', '[[[', '\\" 1234567890123456 '];
    expect(parse(JSON.stringify(strings))).toEqual(strings);
    expect(() => parse('["1234567890123456')).toThrow(WireError);
    expect(() => parse('["1234567890123456\\"')).toThrow(WireError);
  });

  test('is bounded in depth, at exactly 256', () => {
    const nested = (levels: number) => `${'['.repeat(levels)}${']'.repeat(levels)}`;
    expect(() => parse(nested(256))).not.toThrow();
    expect(() => parse(nested(257))).toThrow('JSON is nested deeper than 256 at character 256');
    expect(() => parse(`[${`${nested(200)},`.repeat(3)}1]`)).not.toThrow();
    expect(() => parse('{"a":'.repeat(257))).toThrow(expect.objectContaining({ cause: 'too_deep' }));
  });

  test('is read from a part of a buffer, and invalid UTF-8 becomes U+FFFD', () => {
    const bytes = Buffer.from('xx["ü"]yy').subarray(2, 8);
    expect(parse(bytes)).toEqual(['ü']);
    expect(parse(Uint8Array.of(0x22, 0xff, 0x22))).toBe('\ufffd');
  });
});
