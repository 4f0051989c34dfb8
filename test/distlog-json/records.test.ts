import {
  decodeDistlog,
  JsonSerializer,
  RecordGrouper,
  readDistlog,
  type SourcedRecord,
  TaskKeys,
} from '../../src/distlog-json/index.ts';
import {
  attributeOf,
  type DecodedLogRecord,
  EMPTY_RECORD,
  type KeyValue,
  WireError,
} from '../../src/otlp/index.ts';
import { bareRecord } from '../otlp/records.ts';

const uuid = '2f1c0c8e-5c58-4b0e-9d0e-0123456789ab';
const topic = (letters: string) => Buffer.from(letters);

function recordsOf(json: unknown, letters = 'PLJ'): readonly DecodedLogRecord[] {
  const text = typeof json === 'string' ? json : JSON.stringify(json);
  return decodeDistlog(topic(letters), Buffer.from(text)).resources.flatMap(({ scopes }) =>
    scopes.flatMap(({ records }) => records),
  );
}
const only = (json: unknown) => recordsOf(json)[0]!;
const errorOf = (run: () => unknown) => {
  try {
    run();
  } catch (error) {
    expect(error).toBeInstanceOf(WireError);
    return `${(error as WireError).cause}: ${(error as Error).message}`;
  }
  return 'no error';
};

describe('a record of Python', () => {
  test.each([
    [-10, 0],
    [0, 0],
    [1, 1],
    [9, 1],
    [10, 5],
    [13, 8],
    [19, 8],
    [20, 9],
    [21.9, 10],
    [23, 12],
    [30, 13],
    [40, 17],
    [50, 21],
    [53, 24],
    [60, 24],
    [1_000, 24],
    ['40', 0],
    [null, 0],
  ])('of level %p has severity %d', (levelno, severity) => {
    expect(only({ levelno, message: 'x' }).severityNumber).toBe(severity);
  });

  test.each([
    [0, 0n],
    [-1, 0n],
    [1, 1_000_000_000n],
    [0.000_001, 1_000n],
    [1700000000.123456, 1_700_000_000_123_456_000n],
    [18_446_744_072, 18_446_744_072_000_000_000n],
    [18_446_744_073, 0n],
    ['1', 0n],
  ])('created at %p is at %d nanoseconds', (created, nanos) => {
    expect(only({ created, message: 'x' }).timeUnixNano).toBe(nanos);
  });

  test.each<[string, string | undefined, string | undefined]>([
    ['ValueError: no', 'ValueError', 'no'],
    ['Traceback (most recent call last):\n  File "a.py"\nValueError: no', 'ValueError', 'no'],
    ['Traceback:\n  File\n    raise X\na.b.Error: one\ntwo', 'a.b.Error', 'one\ntwo'],
    ['Traceback:\n  File\nKeyboardInterrupt', 'KeyboardInterrupt', undefined],
    ['Traceback:\n  File\nKeyboardInterrupt\n', 'KeyboardInterrupt', undefined],
    ['Traceback:\n  File\nValueError: ', 'ValueError', undefined],
    ['Traceback:\n  File\n9Error: no', undefined, undefined],
    ['Traceback:\n  File\nnot an error', undefined, undefined],
    ['A: first\n\nDuring handling:\n  File\nB: last', 'B', 'last'],
  ])('with the traceback %j has its type and message', (trace, type, message) => {
    const { attributes } = only({ message: 'x', exc_text: trace.replaceAll('\n', '\\n') });
    const found = ['stacktrace', 'type', 'message'].map((name) =>
      attributeOf(attributes, `exception.${name}`),
    );
    expect(found).toEqual([trace, type, message]);
  });

  test('without an exception has none', () => {
    for (const exc_text of ['', null, 7]) expect(only({ message: 'x', exc_text }).attributes).toEqual([]);
  });

  test('has its own fields as attributes, and omits those that only repeat others', () => {
    const repeated = {
      args: [1],
      asctime: 'x',
      exc_info: [1],
      filename: 'f',
      module: 'm',
      msecs: 1,
      relativeCreated: 1,
    };
    const own = { taskName: 'Task-1', processName: null, mine: null, list: [1, { a: 2 }], levelname: 'INFO' };
    const record = only({ message: 'x', ...repeated, ...own });
    expect(record.attributes).toEqual([
      ['taskName', 'Task-1'],
      ['mine', null],
      ['list', [1, { entries: [['a', 2]] }]],
    ]);
    expect(record.severityText).toBe('INFO');
    expect(only({ message: 'x', stack_info: 'a\\nb', thread: 1, threadName: null }).attributes).toEqual([
      ['thread.id', 1],
      ['code.stacktrace', 'a\nb'],
    ]);
  });

  test('has its message as body, otherwise its template, which may be any value', () => {
    expect(only({ message: 'a\\nb', msg: 'c' }).body).toBe('a\nb');
    expect(only({ message: null, msg: 'c' }).body).toBe('c');
    expect(only({ msg: { a: 1 } }).body).toEqual({ entries: [['a', 1]] });
    expect(only({ name: 'x' }).body).toBeUndefined();
  });

  test('has the data of its context, also without a valid key, and ignores a context that is not a dictionary', () => {
    const inContext = (context: unknown) => only({ message: 'x', context }).attributes;
    expect(inContext({ key: 'odd', a: 1 })).toEqual([
      ['distlog.key', 'odd'],
      ['a', 1],
    ]);
    expect(inContext({ key: 7, a: 1 })).toEqual([['a', 1]]);
    for (const none of [null, [], 'text', 5]) expect(inContext(none)).toEqual([]);
  });
});

describe('a key', () => {
  const keys = new TaskKeys();

  test('has a counter of up to 15 digits, a uuid with its dashes or without, and up to a hundred numbers', () => {
    expect(keys.placeOf(`0@${uuid}`)).toMatchObject({ sequence: 1 });
    expect(keys.placeOf(`${'9'.repeat(15)}@${uuid}`)).toMatchObject({ sequence: 10 ** 15 });
    expect(keys.placeOf(`1@${uuid.replaceAll('-', '')}${'/1'.repeat(100)}`)).toBeDefined();
    expect(keys.placeOf(`1@${uuid}/${'9'.repeat(15)}`)).toBeDefined();
    for (const wrong of [
      `${'9'.repeat(16)}@${uuid}`,
      `1.5@${uuid}`,
      `1@${uuid}${'/1'.repeat(101)}`,
      `1@${uuid}/${'9'.repeat(16)}`,
      `1@${uuid.slice(1)}`,
      `1@${uuid}0`,
      `1@1@${uuid}`,
      uuid,
    ]) {
      expect(keys.placeOf(wrong)).toBeUndefined();
    }
  });

  test('with a uuid of zeros has a task, but no trace', () => {
    const place = keys.placeOf(`1@${'0'.repeat(32)}/1`);
    expect(place).toMatchObject({ traceId: '', sequence: 2, spanId: expect.stringMatching(/^[\da-f]{16}$/) });
    expect(place!.attributes.map(([name]) => name)).toEqual(['task.id', 'task.sequence', 'task.parent.id']);
  });

  test('gives the same result again, however many others came in between', () => {
    const first = keys.placeOf(`1@${uuid}/7`);
    for (let at = 0; at < 3_000; at += 1) keys.placeOf(`1@${uuid}/8/${at}`);
    expect(keys.placeOf(`1@${uuid}/7`)).toEqual(first);
    expect(keys.placeOf(`2@${uuid}/7`)).toMatchObject({ spanId: first!.spanId, sequence: 3 });
  });
});

describe('a topic', () => {
  test.each<[string, readonly KeyValue[]]>([
    ['TLJ', [['distlog.system', 'T']]],
    ['SLJ', [['distlog.system', 'S']]],
    [
      'PPJ',
      [
        ['distlog.system', 'P'],
        ['distlog.kind', 'P'],
      ],
    ],
  ])('of %s says what is added to the resource', (letters, added) => {
    const { resources } = decodeDistlog(topic(letters), Buffer.from('{"message":"x","hostname":"h"}'));
    expect(resources[0]!.attributes).toEqual([['host.name', 'h'], ...added]);
    expect(readDistlog(topic(letters), Buffer.from('[]'))).toEqual({ kind: 'records', records: [], added });
  });

  test.each(['', 'PL', 'PLJJ', 'XLJ', 'PXJ', 'PLX', 'PPO', 'plj'])('of %j is refused', (letters) => {
    expect(errorOf(() => decodeDistlog(topic(letters), Buffer.from('{}')))).toBe(
      `unsupported: topic ${JSON.stringify(letters)} is not a distlog topic: expected [TSP][LP][JP] or [TSP]LO`,
    );
  });

  test('that is long is shown up to its sixteenth byte', () => {
    expect(errorOf(() => decodeDistlog(topic('x'.repeat(50)), Buffer.from('')))).toContain(
      `"${'x'.repeat(16)}"`,
    );
  });

  test('of a pickle is refused unless pickles are enabled', () => {
    const pickle = Buffer.from('}U\u0007messageU\u0002hi\u0073.', 'latin1');
    expect(errorOf(() => decodeDistlog(topic('PLP'), pickle))).toBe(
      'unsupported: topic "PLP" announces a pickle, and pickles are disabled',
    );
    const { resources } = decodeDistlog(topic('PLP'), pickle, { pickle: true });
    expect(resources[0]!.scopes[0]!.records[0]!.body).toBe('hi');
    expect(errorOf(() => decodeDistlog(topic('PLP'), Buffer.from('N.'), { pickle: true }))).toBe(
      'pickle: the pickle does not contain a dictionary',
    );
    expect(errorOf(() => decodeDistlog(topic('PLP'), Buffer.from('].'), { pickle: true }))).toBe(
      'pickle: the pickle does not contain a dictionary',
    );
  });

  test('of JSON needs an object, or a list of objects', () => {
    for (const wrong of ['1', '"x"', 'null', '[1]', '[[]]']) {
      expect(errorOf(() => recordsOf(wrong))).toBe('json: a record must be a JSON object');
    }
    expect(errorOf(() => recordsOf('{'))).toMatch(/^json: invalid JSON: /);
    expect(recordsOf('[{"message":"a"},{"message":"b"}]').map(({ body }) => body)).toEqual(['a', 'b']);
  });
});

describe('a number of Python', () => {
  const value = (json: string) => only(`{"message":"x","n":${json}}`).attributes[0]![1];

  test('is exact up to 64 bits, and text beyond', () => {
    expect(value('9007199254740993')).toBe(9_007_199_254_740_993n);
    expect(value('-9223372036854775808')).toBe(-(2n ** 63n));
    expect(value('9223372036854775808')).toBe('9223372036854775808');
    expect(value('[12345678901234567890]')).toEqual(['12345678901234567890']);
    expect(value('1.5')).toBe(1.5);
  });

  test('may be NaN or infinite', () => {
    expect([value('NaN'), value('Infinity'), value('[-Infinity]')]).toEqual([
      Number.NaN,
      Number.POSITIVE_INFINITY,
      [Number.NEGATIVE_INFINITY],
    ]);
  });

  test('is not read from a dictionary that looks like a tagged number', () => {
    expect(value('{"intValue":"5"}')).toEqual({ entries: [['intValue', '5']] });
    expect(value('{"doubleValue":"NaN"}')).toEqual({ entries: [['doubleValue', 'NaN']] });
  });
});

describe('records by resource and scope', () => {
  const resource = { attributes: [['a', 1]] as KeyValue[], droppedAttributesCount: 0, schemaUrl: '' };
  const scope = { ...resource, name: 'n', version: '' };
  const sourced = (body: string, more: Partial<SourcedRecord> = {}): SourcedRecord => ({
    resource,
    scope,
    record: { ...EMPTY_RECORD, body },
    ...more,
  });
  const grouped = (...all: readonly [SourcedRecord, readonly KeyValue[]][]) => {
    const grouper = new RecordGrouper();
    for (const [each, added] of all) grouper.add(each, added);
    return grouper.logs.resources.map(({ scopes }) =>
      scopes.map(({ records }) => records.map(({ body }) => body).join('')),
    );
  };
  const none: readonly KeyValue[] = [];

  test('are grouped if these are equal in everything, in the order of the first', () => {
    const other = { ...resource, attributes: [['a', 2]] as KeyValue[] };
    expect(
      grouped(
        [sourced('1'), none],
        [sourced('2', { resource: other }), none],
        [sourced('3', { resource: { ...resource, attributes: [['a', 1]] } }), none],
        [sourced('4', { scope: { ...scope, version: 'v' } }), none],
        [sourced('5'), none],
      ),
    ).toEqual([['135', '4'], ['2']]);
  });

  test.each<[string, Partial<typeof resource>]>([
    ['count of dropped attributes', { droppedAttributesCount: 1 }],
    ['schema', { schemaUrl: 'u' }],
    ['attributes', { attributes: [['a', 1n]] as unknown as KeyValue[] }],
    ['name of an attribute', { attributes: [['b', 1]] }],
    ['number of attributes', { attributes: [] }],
  ])('are apart where the %s differs', (_what, differs) => {
    const other = sourced('2', { resource: { ...resource, ...differs } });
    expect(grouped([sourced('1'), none], [other, none])).toEqual([['1'], ['2']]);
    expect(grouped([sourced('1'), none], [sourced('2', { scope: { ...scope, ...differs } }), none])).toEqual([
      ['1', '2'],
    ]);
  });

  test('are grouped if values are equal lists or maps', () => {
    const of = (value: KeyValue[1]) => ({ ...resource, attributes: [['a', value]] as KeyValue[] });
    expect(
      grouped([sourced('1', { resource: of([1]) }), none], [sourced('2', { resource: of([1]) }), none]),
    ).toEqual([['12']]);
    expect(
      grouped([sourced('1', { resource: of([1]) }), none], [sourced('2', { resource: of([2]) }), none]),
    ).toEqual([['1'], ['2']]);
  });

  test('are separated by the attributes added to their resources', () => {
    const added: readonly KeyValue[] = [['distlog.system', 'P']];
    expect(grouped([sourced('1'), none], [sourced('2'), added], [sourced('3'), [...added]])).toEqual([
      ['1'],
      ['23'],
    ]);
  });
});

describe('JSON similar to Python', () => {
  const json = new JsonSerializer();
  const written = (fields: Parameters<typeof bareRecord>[0]) =>
    JSON.parse(Buffer.from(json.serialize([bareRecord(fields)])).toString());

  test.each([
    [undefined, 20, 'INFO'],
    [1, 10, 'DEBUG'],
    [8, 10, 'DEBUG'],
    [9, 20, 'INFO'],
    [12, 20, 'INFO'],
    [13, 30, 'WARNING'],
    [17, 40, 'ERROR'],
    [20, 40, 'ERROR'],
    [21, 50, 'CRITICAL'],
    [24, 50, 'CRITICAL'],
  ])('a severity of %p is the level %d, %s', (severityNumber, levelno, levelname) => {
    expect(written({ severityNumber })).toMatchObject({ levelno, levelname });
  });

  test('omits unset fields', () => {
    const record = written({ hrTime: [0, 0], hrTimeObserved: [0, 0], instrumentationScope: { name: '' } });
    expect(record).toEqual({
      ...{
        message: '',
        levelname: 'INFO',
        levelno: 20,
        created: 0,
        asctime: '1970-01-01 00:00:00,000',
        name: '',
      },
      ...{ process: null, hostname: null, exc_text: null, context: null },
      ...{ time_unix_nano: '0', body: null, resource: {}, scope: {} },
    });
  });

  test('has the observed time if there is no other', () => {
    const record = written({ hrTime: [0, 0], hrTimeObserved: [1_700_000_000, 1_999] });
    expect(record).toMatchObject({
      created: 1_700_000_000.000_001,
      asctime: '2023-11-14 22:13:20,000',
      time_unix_nano: '0',
      observed_time_unix_nano: '1700000000000001999',
    });
  });

  test('has the key of a task, its own or that of Python, and its data', () => {
    const [traceId, spanId] = ['a'.repeat(32), 'b'.repeat(16)];
    const spanContext = { traceId, spanId, traceFlags: 0 };
    const context = (attributes: object) => written({ attributes, spanContext }).context;
    expect(context({ 'task.id': 't', 'task.sequence': 3, 'task.name': 'n', key: 'mine', a: 1 })).toEqual({
      key: `3@${traceId}/t`,
      a: 1,
    });
    expect(context({ 'task.id': 't' })).toEqual({ key: `0@${traceId}/t` });
    expect(context({ 'task.id': 't', 'distlog.key': '1@x' })).toEqual({ key: '1@x' });
    expect(context({ a: 1 })).toBeNull();
  });

  test('is refused with the name of the invalid field', () => {
    const own = (fields: object) => errorOf(() => recordsOf({ time_unix_nano: '1', ...fields }));
    expect(own({ time_unix_nano: '18446744073709551616' })).toContain(
      'time_unix_nano of a record must be the decimal text',
    );
    expect(own({ time_unix_nano: '-1' })).toContain('time_unix_nano');
    expect(own({ observed_time_unix_nano: 5 })).toContain(
      'observed_time_unix_nano of a record must be the decimal text',
    );
    expect(own({ severity_number: 2 ** 31 })).toBe(
      'json: field severity_number of a record must be a whole number from 0 to 2147483647',
    );
    expect(own({ flags: 2 ** 32 })).toBe(
      'json: field flags of a record must be a whole number from 0 to 4294967295',
    );
    expect(own({ trace_id: 'a'.repeat(16) })).toBe('json: field trace_id of a record must be 32 hex digits');
    expect(own({ span_id: '0' })).toBe('json: field span_id of a record must be 16 hex digits');
    expect(own({ message: 1 })).toBe('json: field message of a record must be a string');
    expect(own({ resource: [] })).toBe('json: field resource of a record must be an object');
    expect(own({ scope: { attributes: 1 } })).toBe('json: field attributes of a record must be an object');
    expect(own({})).toBe('no error');
  });

  test('has ids in lower case, and one of zeros means no id', () => {
    const ids = (trace_id: string, span_id: string) => {
      const { traceId, spanId } = only({ time_unix_nano: '1', trace_id, span_id });
      return [traceId, spanId];
    };
    expect(ids('A'.repeat(32), 'B'.repeat(16))).toEqual(['a'.repeat(32), 'b'.repeat(16)]);
    expect(ids('0'.repeat(32), '0'.repeat(16))).toEqual(['', '']);
    expect(ids('', '')).toEqual(['', '']);
  });
});
