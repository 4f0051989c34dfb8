import * as fc from 'fast-check';
import { doubleValue } from '../../src/otlp/index.ts';
import { timeText, VictoriaLogsRows } from '../../src/reader/victoria-logs-rows.ts';

const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';
const groupOf = (row: object, rows = new VictoriaLogsRows()) => rows.group(JSON.stringify(row));
const recordOf = (row: object) => groupOf(row).records[0]!;
const readAs = (text: string) => recordOf({ a: text }).attributes[0]![1];

test('a row becomes the record that was sent', () => {
  const { resource, scope, records } = groupOf({
    _time: '2026-11-30T04:28:42.628123456Z',
    _msg: 'paid',
    _stream_id: 'x',
    _stream: '{service.name="shop",process.pid="42"}',
    'service.name': 'shop',
    'process.pid': '42',
    severity_number: '9',
    severity_text: 'INFO',
    trace_id: TRACE.toUpperCase(),
    span_id: '00f067aa0ba902b7',
    flags: '1',
    event_name: 'order.placed',
    'scope.name': 'orders',
    'scope.version': '1.0',
    'scope.attributes.team': 'blue',
    dropped_attributes_count: '0',
    observed_timestamp: '1',
    user: 'leo',
  });
  expect(resource.attributes).toEqual([
    ['service.name', 'shop'],
    ['process.pid', 42],
  ]);
  expect(scope).toMatchObject({ name: 'orders', version: '1.0', attributes: [['team', 'blue']] });
  expect(records).toEqual([
    {
      timeUnixNano: 1_796_012_922_628_123_456n,
      observedTimeUnixNano: 0n,
      severityNumber: 9,
      severityText: 'INFO',
      body: 'paid',
      attributes: [['user', 'leo']],
      droppedAttributesCount: 0,
      flags: 1,
      traceId: TRACE,
      spanId: '00f067aa0ba902b7',
      eventName: 'order.placed',
    },
  ]);
});

test('an empty row is an empty record', () => {
  const { resource, scope, records } = groupOf({});
  expect(resource.attributes).toEqual([]);
  expect(scope).toMatchObject({ name: '', version: '', attributes: [] });
  expect(records).toMatchObject([
    {
      timeUnixNano: 0n,
      severityNumber: 0,
      severityText: '',
      body: '',
      traceId: '',
      spanId: '',
      flags: 0,
      eventName: '',
    },
  ]);
});

test.each(['5', 'null', '"x"', '[]', '{'])('%s is not a row', (line) => {
  expect(() => new VictoriaLogsRows().group(line)).toThrow(SyntaxError);
});

test('a record without text is read without text', () => {
  expect(recordOf({ _msg: 'missing _msg field; see https://docs' }).body).toBeUndefined();
  expect(recordOf({ _msg: 'a missing _msg field;' }).body).toBe('a missing _msg field;');
});

test.each([
  ['true', true],
  ['false', false],
  ['TRUE', 'TRUE'],
  ['0', 0],
  ['-1', -1],
  ['-0', '-0'],
  ['007', '007'],
  ['1.0', '1.0'],
  ['1.50', '1.50'],
  ['1.5', 1.5],
  ['.5', '.5'],
  ['9007199254740991', Number.MAX_SAFE_INTEGER],
  ['9007199254740993', '9007199254740993'],
  ['1e+21', doubleValue(1e21)],
  ['1e21', '1e21'],
  ['Infinity', 'Infinity'],
  ['', ''],
  ['["a",1,true]', ['a', 1, true]],
  ['[]', []],
  ['[{"a":1}]', '[{"a":1}]'],
  ['[null]', '[null]'],
  ['[1', '[1'],
])('the value %j is %j', (text, expected) => {
  expect(readAs(text)).toEqual(expected);
});

test.each([
  ['too short', TRACE.slice(1)],
  ['no hex digits', 'x'.repeat(32)],
  ['zeros', '0'.repeat(32)],
])('a trace id that is %s is none', (_name, id) => {
  expect(recordOf({ trace_id: id }).traceId).toBe('');
});

test.each([
  ['2026-11-30T04:28:42Z', 1_796_012_922_000_000_000n],
  ['2026-11-30T04:28:42.5Z', 1_796_012_922_500_000_000n],
  ['1970-01-01T00:00:00.000000001Z', 1n],
  ['1969-12-31T23:59:59Z', 0n],
  ['2026-11-30T04:28:42', 0n],
  ['yesterday', 0n],
])('the time %s is %i', (time, nanos) => {
  expect(recordOf({ _time: time }).timeUnixNano).toBe(nanos);
});

test('every time is parsed as it is formatted in a query', () => {
  fc.assert(
    fc.property(fc.bigInt({ min: 0n, max: 4n * 10n ** 18n }), (nanos) => {
      expect(recordOf({ _time: timeText(nanos) }).timeUnixNano).toBe(nanos);
    }),
    { numRuns: 50 },
  );
});

test('labels are unquoted, whatever their content; an escape that only Go has is kept', () => {
  const stream = '{a="x,y={z}",b="say \\"hi\\"",c="\\x01"}';
  expect(groupOf({ _stream: stream }).resource.attributes).toEqual([
    ['a', 'x,y={z}'],
    ['b', 'say "hi"'],
    ['c', '\\x01'],
  ]);
});

test('an attribute of the record is kept if the stream has another value with that name', () => {
  const row = { _stream: '{user="leo",tier="gold"}', user: 'zoë', tier: 'gold' };
  expect(recordOf(row).attributes).toEqual([['user', 'zoë']]);
});

test('rows of one stream share their resource, and an invalid number is 0', () => {
  const rows = new VictoriaLogsRows();
  const one = groupOf({ _stream: '{a="1"}' }, rows);
  expect(groupOf({ _stream: '{a="1"}' }, rows).resource).toBe(one.resource);
  expect(groupOf({ _stream: '{a="2"}' }, rows).resource).not.toBe(one.resource);
  expect(recordOf({ severity_number: 'high', flags: 'x' })).toMatchObject({ severityNumber: 0, flags: 0 });
});
