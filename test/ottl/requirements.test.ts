import { type AnyValue, EMPTY_RECORD } from '../../src/otlp/index.ts';
import { compileCondition, requirementsOf } from '../../src/ottl/index.ts';

const TRACE = '0af7651916cd43dd8448eb211c80319c';
const of = (text: string) => requirementsOf(compileCondition(text));
const textOf = (bytes: Uint8Array | undefined) =>
  bytes === undefined ? undefined : Buffer.from(bytes).toString();
const none = { attributes: [], droppedAttributesCount: 0, schemaUrl: '' };
const scope = { ...none, name: 'orders', version: '' };

test.each([
  ['severity_number >= 17', 17],
  ['severity_number == 9', 9],
  ['severity_number > 9', 10],
  ['severity_number >= SEVERITY_NUMBER_WARN', 13],
  ['log.severity_number >= 17', 17],
  ['severity_number >= 5 and severity_number > 12 and severity_number >= 9', 13],
  ['(flags == 1 and severity_number >= 17) and body == "x"', 17],
  ['severity_number > 9007199254740991', Number.MAX_SAFE_INTEGER],
  ['severity_number < 9', 0],
  ['severity_number <= 9', 0],
  ['severity_number != 9', 0],
  ['not (severity_number >= 17)', 0],
  ['severity_number >= 17 or flags == 1', 0],
  ['severity_number >= 17.5', 0],
  ['17 <= severity_number', 0],
  ['flags >= 17', 0],
])('%s: every record that fits has at least the severity %i', (text, expected) => {
  expect(of(text).minSeverity).toBe(expected);
});

test.each([
  [`trace_id.string == "${TRACE}"`, TRACE],
  [`log.trace_id.string == "${TRACE}" and flags == 1`, TRACE],
  [`trace_id.string == "${TRACE.toUpperCase()}"`, undefined],
  [`trace_id.string == "${TRACE.slice(1)}"`, undefined],
  [`trace_id.string == "${'0'.repeat(32)}"`, undefined],
  [`trace_id.string != "${TRACE}"`, undefined],
  [`trace_id.string == "${TRACE}" or flags == 1`, undefined],
  [`span_id.string == "${TRACE}"`, undefined],
])('%s: the trace is %s', (text, expected) => {
  expect(of(text).traceId).toBe(expected);
});

test.each<[string, object[]]>([
  ['body == "a b"', [{ in: 'body', text: 'a b' }]],
  [
    'attributes["a"] == "x" and attributes["b"]["c"] == "y"',
    [
      { in: 'attributes', text: 'x' },
      { in: 'attributes', text: 'y' },
    ],
  ],
  ['body["a"] == "x"', []],
  ['body != "x"', []],
  ['attributes["a"] == 5', []],
  ['resource.attributes["a"] == "x"', []],
  ['body == "x" or body == "y"', []],
  ['not (body == "x")', []],
])('%s: the texts are %j', (text, expected) => {
  expect(of(text).texts).toEqual(expected);
});

describe('the condition on resource and scope', () => {
  const fits = (text: string, service: string) =>
    of(text).head?.(EMPTY_RECORD, scope, { ...none, attributes: [['service.name', service]] });

  test('is evaluated without reading the record', () => {
    const text = 'resource.attributes["service.name"] == "shop" and severity_number >= 17';
    expect([fits(text, 'shop'), fits(text, 'till')]).toEqual([true, false]);
    const both = 'resource.attributes["service.name"] == "shop" and instrumentation_scope.name == "orders"';
    expect([fits(both, 'shop'), fits(both, 'till')]).toEqual([true, false]);
    expect(fits('not (resource.attributes["service.name"] == "shop")', 'till')).toBe(true);
  });

  test.each([
    'severity_number >= 17',
    'true',
    'resource.attributes["a"] == attributes["a"]',
    'resource.attributes["service.name"] == "shop" or flags == 1',
  ])('%s says nothing of them alone', (text) => {
    expect(of(text).head).toBeUndefined();
  });
});

describe('the needed fields of a record', () => {
  test.each<[string, string[], string[] | undefined]>([
    ['severity_number > 5 and flags == 1', [], []],
    ['body == "x"', ['body'], []],
    ['attributes["a"] == 1 or attributes["b"]["c"] == 2', ['attributes'], ['a', 'b']],
    ['Len(attributes) > 1', ['attributes'], undefined],
    ['attributes["a"] == 1 and attributes != nil', ['attributes'], undefined],
    ['IsString(body) and not (HasPrefix(event_name, "task."))', ['body', 'eventName'], []],
    [`trace_id.string == "${TRACE}" or span_id.string != ""`, ['traceId', 'spanId'], []],
    ['severity_text == "ERROR"', ['severityText'], []],
    ['resource.attributes["a"] == 1', [], []],
  ])('%s: %j, of the attributes %j', (text, fields, keys) => {
    const { needed } = of(text);
    expect([...needed.fields].sort()).toEqual(fields.toSorted());
    expect(needed.attributeKeys?.map(textOf)).toEqual(keys);
  });

  const fitting = (text: string, ...values: readonly (AnyValue | undefined)[]) =>
    of(text).needed.required.map(({ key, fits }) => [textOf(key), ...values.map(fits)]);

  test('parts about one attribute or the body are tested with its value alone', () => {
    expect(fitting('attributes["a"] == "x" and flags == 1', 'x', 'y', undefined)).toEqual([
      ['a', true, false, false],
    ]);
    expect(fitting('body == "x"', 'x', 'y', undefined)).toEqual([[undefined, true, false, false]]);
    expect(fitting('attributes["a"] == nil', 'x', undefined)).toEqual([['a', false, true]]);
    expect(fitting('attributes["a"]["b"] == 1', { entries: [['b', 1]] }, 1)).toEqual([['a', true, false]]);
  });

  test('all parts about the same one are one test', () => {
    expect(fitting('attributes["a"] > 1 and attributes["a"] < 5 and body != nil', 1, 3, 5)).toEqual([
      ['a', false, true, false],
      [undefined, true, true, true],
    ]);
  });

  test.each([
    'attributes["a"] == attributes["b"]',
    'attributes["a"] == 1 or body == 2',
    'Len(attributes) > 1',
    'severity_number > 5',
    'true',
  ])('%s has no such part', (text) => {
    expect(of(text).needed.required).toEqual([]);
  });
});
