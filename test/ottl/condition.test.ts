import * as fc from 'fast-check';
import { type AnyValue, type DecodedLogRecord, doubleValue } from '../../src/otlp/index.ts';
import {
  ConditionError,
  compileCondition,
  compileValue,
  loadPatterns,
  type Patterns,
} from '../../src/ottl/index.ts';
import { anyText } from '../support/any-text.ts';
import { conditions, resources } from './cases.ts';

let patterns: Patterns | undefined;
beforeAll(async () => {
  patterns = await loadPatterns();
});

const resource = { attributes: [['service.name', 'shop'] as const], droppedAttributesCount: 0 };
const scope = { name: 'orders', version: '1', attributes: [], droppedAttributesCount: 0 };
const recordOf = (body: AnyValue): DecodedLogRecord => ({
  timeUnixNano: 0n,
  observedTimeUnixNano: 0n,
  severityNumber: 9,
  severityText: 'INFO',
  body,
  attributes: [['user', 'leo']],
  droppedAttributesCount: 0,
  flags: 0,
  traceId: '',
  spanId: '',
  eventName: '',
});
const answer = (text: string, body: AnyValue = 'text') =>
  compileCondition(text, patterns).test(recordOf(body), scope, resource);

function errorOf(text: string): ConditionError {
  try {
    compileCondition(text, patterns);
  } catch (error) {
    if (error instanceof ConditionError) return error;
    throw error;
  }
  throw new Error(`${text} was accepted`);
}

test.each([
  ['', 1, 'a condition is missing'],
  ['   ', 1, 'a condition is missing'],
  ['severty_number > 1', 1, 'unknown path severty_number; did you mean severity_number?'],
  ['body == nil and atributes["a"] == 1', 17, 'unknown path atributes; did you mean attributes?'],
  ['IsMach(body, "x")', 1, 'unknown function IsMach; did you mean IsMatch?'],
  ['Concat(["a"], "b") == body', 8, 'list and map literals are not supported'],
  ['IsMatch(body)', 1, 'IsMatch takes target and pattern, got 1 arguments'],
  ['IsMatch(body, body)', 15, 'the pattern of IsMatch must be a string'],
  ['IsMatch(body, "(?=x)")', 15, 'not a valid RE2 regular expression'],
  ['IsMatch(body, "(a)\\\\1")', 15, 'not a valid RE2 regular expression'],
  ['IsMatch(body, "(")', 15, 'not a valid RE2 regular expression'],
  ['Len(body)', 1, 'Len is not a condition: compare its result'],
  ['severity_number = 9', 17, 'values are compared with "=="'],
  ['attributes["a"]', 1, 'attributes is not a condition: compare it, as in attributes != nil'],
  ['"text"', 1, 'a value is not a condition'],
  ['("text") == body', 2, 'a value is not a condition'],
  ['(body == nil) == true', 2, 'a condition cannot be compared'],
  ['severity_number + 1 > 9', 17, 'arithmetic is not supported'],
  ['severity_number > 9 + 1', 21, 'expected "and", "or" or the end, got "+"'],
  ['-body == 1', 1, 'arithmetic is not supported: a sign is allowed only before a number'],
  ['severity_number >= ERROR', 20, 'unknown enum ERROR; write SEVERITY_NUMBER_ERROR'],
  ['severity_number >= SEVERITY_NUMBER_LOUD', 20, 'unknown enum SEVERITY_NUMBER_LOUD'],
  ['body == null', 9, 'the null value is written nil'],
  ["body == 'x'", 9, 'a string must be in double quotation marks'],
  ['body == "x', 9, 'a string has no closing quotation mark'],
  ['body == "\\q"', 10, 'unknown escape \\q; a backslash is written \\\\'],
  ['body == "x" and', 16, 'expected a path, a value or a function, got the end'],
  ['(body == nil', 13, 'expected ")", got the end'],
  ['body == nil)', 12, 'expected "and", "or" or the end, got ")"'],
  ['not not true', 5, 'got "not"'],
  ['body == nil where true', 13, 'write the condition alone, without "where"'],
  ['body == 99999999999999999999', 9, 'exceeds a 64-bit integer'],
  ['body == 0x123', 9, 'bytes must have an even number of digits'],
  ['trace_id == 0x00', 1, 'trace_id is bytes: write trace_id.string'],
  ['severity_text["a"] == 1', 1, 'severity_text has no keys'],
  ['attributes[body] == 1', 12, 'expected a key such as "name" or 0, got "body"'],
  ['body == #', 9, 'unexpected character "#"'],
  ['Len(body)[0] == 1', 10, 'the result of a function cannot be indexed'],
])('%s is refused at column %i: %s', (text, column, message) => {
  const error = errorOf(text);
  expect(error.message).toContain(message);
  expect(error.column).toBe(column);
});

test('a part that fails makes the whole undefined, unless a part before it decides', () => {
  expect(answer('HasPrefix(body, "GET")', 5)).toBeUndefined();
  expect(answer('not HasPrefix(body, "GET")', 5)).toBeUndefined();
  expect(answer('severity_number == 9 or HasPrefix(body, "GET")', 5)).toBe(true);
  expect(answer('severity_number == 17 and HasPrefix(body, "GET")', 5)).toBe(false);
  expect(answer('HasPrefix(body, "GET") or severity_number == 9', 5)).toBeUndefined();
});

test('a key that is missing in a map is nil; any other key that cannot be resolved fails', () => {
  const body: AnyValue = { entries: [['list', ['a', null]]] };
  expect(answer('body["none"] == nil', body)).toBe(true);
  expect(answer('body["none"][0]["x"] == nil', body)).toBe(true);
  expect(answer('body["list"][0] == "a"', body)).toBe(true);
  expect(answer('body["list"][1] == nil', body)).toBe(true);
  for (const path of ['["list"][2]', '["list"]["0"]', '[0]', '["list"][0][0]', '["list"][1]["x"]']) {
    expect({ path, answer: answer(`body${path} == nil`, body) }).toEqual({ path, answer: undefined });
  }
});

test('a map key that is also a JavaScript property is a key like any other', () => {
  expect(answer('body["__proto__"] == nil', { entries: [['a', 1]] })).toBe(true);
  expect(answer('body["__proto__"] == "x"', { entries: [['__proto__', 'x']] })).toBe(true);
  expect(errorOf('constructor == 1').message).toContain('unknown path constructor');
  expect(errorOf('toString(body)').message).toContain('column');
});

test('no pattern or text can block it: matching is linear', () => {
  const text = `${'a'.repeat(60_000)}!`;
  const began = process.hrtime.bigint();
  expect(answer('IsMatch(body, "^(a+)+$")', text)).toBe(false);
  expect(answer('IsMatch(body, "(a|aa)+b")', text)).toBe(false);
  expect(answer('IsMatch(body, "(a*){1000}$")', text)).toBe(true);
  expect(Number(process.hrtime.bigint() - began) / 1e9).toBeLessThan(10);
});

test('without the package for patterns, a condition with one is an error that names the package to install', () => {
  expect(() => compileCondition('body == "a" or IsMatch(body, "b")')).toThrow(
    'column 30: regular expressions need the package re2js, which is not installed: npm install re2js',
  );
});

test('a value is read as text: a path, or a function of one', () => {
  const read = (text: string) => compileValue(text)(recordOf(7), scope, resource);
  expect(read('resource.attributes["service.name"]')).toBe('shop');
  expect(read('body')).toBe('7');
  expect(read('Len(attributes["user"])')).toBe('3');
  expect(read('attributes["none"]')).toBeUndefined();
  expect(read('body["key"]')).toBeUndefined();
  expect(() => compileValue('"text"')).toThrow('column 1: expected a path, got a value');
  expect(() => compileValue('body == 1')).toThrow('column 6: expected the end, got "=="');
  expect(() => compileValue(' ')).toThrow('column 1: a path is missing');
});

test('numbers of different types are compared by their value', () => {
  expect(answer('body == 2', doubleValue(2))).toBe(true);
  expect(answer('body > 9007199254740992', 9_007_199_254_740_993n)).toBe(true);
});

test('deep nesting is refused', () => {
  expect(errorOf(`${'('.repeat(4_900)}true${')'.repeat(4_900)}`).message).toContain('nested deeper than 100');
  expect(
    compileCondition(`${'('.repeat(99)}true${')'.repeat(99)}`).test(recordOf(null), scope, resource),
  ).toBe(true);
  const nested = (depth: number) => `${'Len('.repeat(depth)}body${')'.repeat(depth)} == 1`;
  expect(errorOf(nested(1_900))).toMatchObject({
    column: 404,
    message: expect.stringContaining('deeper than 100'),
  });
  expect(() => compileValue(nested(1_900).replace(' == 1', ''))).toThrow('nested deeper than 100');
  expect(answer(nested(100))).toBeUndefined();
  const long = Array(700).fill('body == 1').join(' or ');
  expect(answer(long, 1)).toBe(true);
  expect(errorOf('x'.repeat(10_001)).message).toContain('at most 10000 characters');
});

/** Runs a condition on any record: it returns a result or undefined, and never throws. */
function triedOnAll(text: string): void {
  let condition: ReturnType<typeof compileCondition>;
  try {
    condition = compileCondition(text, patterns);
  } catch (error) {
    expect(error).toBeInstanceOf(ConditionError);
    const { column } = error as ConditionError;
    expect(column).toBeGreaterThanOrEqual(1);
    expect(column).toBeLessThanOrEqual(text.length + 1);
    return;
  }
  for (const from of resources) {
    for (const logger of from.scopes) {
      for (const record of logger.records) {
        expect([true, false, undefined]).toContain(condition.test(record, logger, from));
      }
    }
  }
}

test('any text is a condition or an error with a column within it', () => {
  const words = fc.constantFrom(
    ...[
      'and',
      'or',
      'not',
      'nil',
      'true',
      '(',
      ')',
      '[',
      ']',
      '"a"',
      '==',
      '<',
      '>=',
      '.',
      ',',
      '-',
      '1',
      '1.5',
      '0x01',
    ],
    ...[
      'body',
      'attributes',
      'resource',
      'IsMatch',
      'Len',
      'HasPrefix',
      'SEVERITY_NUMBER_INFO',
      'trace_id',
      'string',
      '"(a"',
    ],
  );
  fc.assert(
    fc.property(
      fc.oneof(
        anyText(),
        fc.array(words, { maxLength: 20 }).map((all) => all.join(' ')),
      ),
      triedOnAll,
    ),
    { numRuns: 2_000 },
  );
});

test('a changed condition is a condition or an error with a column within it', () => {
  const changed = fc
    .tuple(fc.constantFrom(...conditions), fc.nat(), fc.nat({ max: 3 }), fc.string({ maxLength: 3 }))
    .map(([text, place, removed, added]) => {
      const at = place % (text.length + 1);
      return text.slice(0, at) + added + text.slice(at + removed);
    });
  fc.assert(fc.property(changed, triedOnAll), { numRuns: 2_000 });
});
