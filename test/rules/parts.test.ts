import type { JournalEntry } from '../../src/component/index.ts';
import { type AnyValue, decodeLogs, encodeDecoded } from '../../src/otlp/index.ts';
import { loadPatterns, type Patterns } from '../../src/ottl/index.ts';
import {
  type RuleOptions,
  RuleSet,
  ruleOptions,
  ruleTestOptions,
  runRuleTests,
  unreachableRules,
} from '../../src/rules/index.ts';
import { KeyLimit } from '../../src/rules/key-limit.ts';
import { MAX_SEARCHED, Redaction } from '../../src/rules/redaction.ts';
import { positionInSample } from '../../src/rules/sample.ts';
import { resolve } from '../../src/settings/index.ts';

let patterns: Patterns | undefined;
beforeAll(async () => {
  patterns = await loadPatterns();
});
const { signal } = new AbortController();

describe('a limit by key', () => {
  test('allows a burst, and is refilled evenly over its period', () => {
    const limit = new KeyLimit(4, 1_000);
    const take = (millis: number) => limit.take('a', millis);
    expect([0, 0, 0, 0, 0].map(take)).toEqual([true, true, true, true, false]);
    expect([249, 250, 251, 500].map(take)).toEqual([false, true, false, true]);
    // After any pause there are not more than at the start.
    expect(Array.from({ length: 5 }, () => take(1e9))).toEqual([true, true, true, true, false]);
  });

  test('keys have independent limits', () => {
    const limit = new KeyLimit(1, 1_000);
    expect(['a', 'b', 'a', 'b', ''].map((key) => limit.take(key, 0))).toEqual([
      true,
      true,
      false,
      false,
      true,
    ]);
  });

  test('beyond 10,000 keys the others share one limit, until some have not been used for a period', () => {
    const limit = new KeyLimit(2, 1_000);
    const take = (key: string, millis: number) => limit.take(key, millis);
    for (let at = 0; at < 10_000; at += 1) take(`key ${at}`, 0);
    expect([take('new', 0), take('other', 0), take('more', 0)]).toEqual([true, true, false]);
    expect(take('key 0', 999)).toBe(true);
    // All but one have been unused for a period: there is space for separate keys again.
    expect([take('new', 1_000), take('new', 1_000), take('other', 1_000)]).toEqual([true, true, true]);
    // The one that was used keeps its count.
    expect([take('key 0', 1_000), take('key 0', 1_000)]).toEqual([true, false]);
  });

  test('keys unused for less than the period are kept, and keys are not swept at each record', () => {
    const limit = new KeyLimit(1, 1_000);
    for (let at = 0; at < 10_000; at += 1) limit.take(`key ${at}`, 500);
    expect([limit.take('x', 1_000), limit.take('y', 1_000)]).toEqual([true, false]);
    expect(limit.take('key 7', 1_400)).toBe(false);
    expect([limit.take('x', 1_999), limit.take('z', 1_999)]).toEqual([false, false]);
    expect([limit.take('x', 2_000), limit.take('z', 2_000)]).toEqual([true, true]);
  });
});

test.each([
  [`${'0'.repeat(18)}${'f'.repeat(14)}`, 1 - 2 ** -56],
  [`${'f'.repeat(18)}${'0'.repeat(14)}`, 0],
  [`${'1'.repeat(18)}8${'0'.repeat(13)}`, 0.5],
])('the place of the trace %s in a sample is that of its last 56 bits', (traceId, place) => {
  expect(positionInSample(traceId, 1, 1)).toBeCloseTo(place, 15);
  expect(positionInSample(traceId, 99, 5)).toBe(positionInSample(traceId, 1, 1));
});

test('records without a trace are distributed by entry and position, deterministically', () => {
  const places = Array.from({ length: 2_000 }, (_, at) => positionInSample('', Math.floor(at / 50), at % 50));
  expect(new Set(places).size).toBeGreaterThan(1_990);
  for (const place of places) expect(place >= 0 && place < 1).toBe(true);
  const quarters = [0, 0.25, 0.5, 0.75].map(
    (from) => places.filter((at) => at >= from && at < from + 0.25).length,
  );
  for (const count of quarters) expect(Math.abs(count - 500)).toBeLessThan(100);
  expect(positionInSample('', 2 ** 33 + 1, 0)).not.toBe(positionInSample('', 1, 0));
  expect(positionInSample('', 7, 3)).toBe(positionInSample('', 7, 3));
});

describe('a redaction', () => {
  const record = (body: AnyValue, attributes: readonly (readonly [string, AnyValue])[] = []) => ({
    body,
    attributes,
  });
  const redacted = (
    options: Partial<ConstructorParameters<typeof Redaction>[0]>,
    given: ReturnType<typeof record>,
  ) => new Redaction({ replacement: 'X', ...options }, patterns).record(given as never);

  test('unchanged values stay the same object, at any depth', () => {
    const deep = {
      entries: [['list', ['a', 1, null, true, Buffer.from('secret'), { entries: [] }]]],
    } as never;
    const given = record(deep, [['user', 'leo']]);
    expect(redacted({ keys: ['token'], patterns: ['secret'] }, given)).toBe(given);
    const changed = redacted({ keys: ['token'] }, record(deep, [...given.attributes, ['Token', 5]]));
    expect(changed.body).toBe(deep);
    expect(changed.attributes).toEqual([
      ['user', 'leo'],
      ['Token', 'X'],
    ]);
  });

  test('numbers of any type are searched as text, and stay numbers without a match', () => {
    const numbers = [4_111, 2n ** 60n, { double: 4_111 }, -0.5];
    expect(redacted({ patterns: ['4111'] }, record(numbers as never)).body).toEqual([
      'X',
      2n ** 60n,
      'X',
      -0.5,
    ]);
  });

  test('a text is searched up to a bound, and beyond it replaced as a whole, but only for patterns', () => {
    const text = (length: number) => 'y'.repeat(length);
    const of = (length: number, options: object) => redacted(options, record(text(length))).body;
    expect(of(MAX_SEARCHED, { patterns: ['z'] })).toBe(text(MAX_SEARCHED));
    expect(of(MAX_SEARCHED + 1, { patterns: ['z'] })).toBe('X (too long to search)');
    expect(of(MAX_SEARCHED + 1, { keys: ['z'] })).toBe(text(MAX_SEARCHED + 1));
  });

  test('patterns are applied in order, and the replacement is literal', () => {
    expect(redacted({ patterns: ['a+', 'b'], replacement: '$1\\b' }, record('aab')).body).toBe(
      '$1\\$1\\b$1\\b',
    );
  });

  test.each([
    ['a*b*c', ['abc', 'aXbYc', 'a-c-b-c'], ['ab', 'acb', 'bc', 'abcd']],
    ['*', ['', 'x'], []],
    ['a*a', ['aa', 'aba'], ['a']],
    ['*x', ['x', 'yx'], ['xy']],
    ['ab*ba', ['abba'], ['aba']],
  ])('the keys that fit %s', (glob, fitting, others) => {
    const keys = (names: readonly string[]) =>
      redacted(
        { keys: [glob] },
        record(
          null,
          names.map((name) => [name, 1] as const),
        ),
      ).attributes.map(([, value]) => value);
    expect(keys(fitting)).toEqual(fitting.map(() => 'X'));
    expect(keys(others)).toEqual(others.map(() => 1));
  });

  test('more keys than are cached, and long ones, are redacted as well', () => {
    const many = Array.from(
      { length: 2_500 },
      (_, at) => [`key ${at % 1_250}${at % 2 ? ' secret' : ''}`, 1] as const,
    );
    const { attributes } = redacted(
      { keys: ['*secret'] },
      record(null, [...many, [`${'k'.repeat(2_000)}secret`, 1]]),
    );
    expect(attributes.filter(([key, value]) => key.endsWith('secret') !== (value === 'X'))).toEqual([]);
  });

  test('without the package for patterns, a pattern is an error that names the package to install', () => {
    expect(() => new Redaction({ patterns: ['a'], replacement: 'X' }, undefined)).toThrow(
      'npm install re2js',
    );
    expect(() => new Redaction({ keys: ['a'], replacement: 'X' }, undefined)).not.toThrow();
  });
});

describe('a rule that can never apply', () => {
  const unreachable = (rules: object, match: 'all' | 'first' | undefined = 'first') =>
    Object.fromEntries(unreachableRules({ rules: rules as never, match }));

  test.each<[string, object, object]>([
    [
      'stands behind one that takes every record',
      { all: {}, b: {}, c: { when: 'x' } },
      { b: 'all', c: 'all' },
    ],
    [
      'names sinks that one before it takes',
      { one: { sinks: ['a', 'b'] }, b: { sinks: ['b'] } },
      { b: 'one' },
    ],
    ['is none if one before it takes some records only', { one: { when: 'x' }, b: {} }, {}],
    ['is none if it names a sink more', { one: { sinks: ['a'] }, b: { sinks: ['a', 'b'] } }, {}],
    ['is none if it is about all sinks', { one: { sinks: ['a'] }, b: {} }, {}],
    ['is not blamed on one that could not be read', { one: undefined, b: {} }, {}],
    ['is blamed on the first', { one: {}, two: {}, b: {} }, { two: 'one', b: 'one' }],
  ])('%s', (_name, rules, expected) => {
    expect(unreachable(rules)).toEqual(expected);
  });

  test('is not reported if all rules apply', () => {
    expect(unreachable({ all: {}, b: {} }, 'all')).toEqual({});
    expect([...unreachableRules({})]).toEqual([]);
    expect([...unreachableRules({ match: 'first' })]).toEqual([]);
  });
});

const rulesOf = (given: Readonly<Record<string, object>>) =>
  Object.fromEntries(
    Object.entries(given).map(([name, rule]): [string, RuleOptions] => [
      name,
      resolve(ruleOptions(patterns), name, rule),
    ]),
  );

function entryOf(...bodies: readonly AnyValue[]): JournalEntry {
  const nothing = { attributes: [], droppedAttributesCount: 0, schemaUrl: '' };
  const records = bodies.map((body) => ({
    ...{ timeUnixNano: 1n, observedTimeUnixNano: 0n, severityNumber: 9, severityText: '', body },
    ...{ attributes: [], droppedAttributesCount: 0, flags: 0, traceId: '', spanId: '', eventName: '' },
  }));
  const body = encodeDecoded({
    resources: [{ ...nothing, scopes: [{ ...nothing, name: '', version: '', records }] }],
  });
  return { index: 1, receivedMillis: 0, records: bodies.length, body };
}

test('live viewers see every record with every redaction, whatever the rules do for sinks', async () => {
  const rules = rulesOf({
    none: { drop: true },
    few: { sample: 0.001, limit: { records: 1 } },
    cards: { when: 'body != "other"', sinks: ['a'], redact: { patterns: ['4111'] } },
    names: { sinks: ['b'], redact: { patterns: ['leo'] } },
  });
  const view = new RuleSet({ rules, match: 'first' }, patterns).liveView()!;
  const { entries } = await view.view([entryOf('leo 4111', 'leo', 'x')], signal, false);
  const bodies = decodeLogs(entries[0]!.body).resources.flatMap(({ scopes }) =>
    scopes.flatMap(({ records }) => records.map(({ body }) => body)),
  );
  expect(bodies).toEqual(['REDACTED REDACTED', 'REDACTED', 'x']);
  const plain = rulesOf({ none: { drop: true } });
  expect(new RuleSet({ rules: plain, match: 'all' }, patterns).liveView()).toBeUndefined();
});

describe('a test of rules', () => {
  const problems = async (
    rules: Readonly<Record<string, object>>,
    given: object,
    processed?: (entry: JournalEntry) => Promise<JournalEntry | undefined>,
  ) => {
    const tests = { one: resolve(ruleTestOptions, 'one', given) };
    const all = { rules: rulesOf(rules), match: 'all' as const, tests, sinks: ['a', 'b'], processed };
    return (await runRuleTests(all, patterns))[0]!.problems;
  };

  test('reports which sink receives the record, and by which rule another does not', async () => {
    const rules = {
      quiet: { when: 'severity_number < 9', drop: true },
      errors: { when: 'body == "x"', sinks: ['a'] },
    };
    expect(await problems(rules, { record: { body: 'x' }, sinks: ['a', 'b'] })).toEqual([]);
    expect(await problems(rules, { record: { body: 'y' }, sinks: ['a'] })).toEqual([
      'a does not receive it (no rule routes it there)',
      'b receives it',
    ]);
    expect(await problems(rules, { record: { severity: 'DEBUG' }, sinks: ['a', 'b'] })).toEqual([
      'a does not receive it (no rule routes it there)',
      'b does not receive it (quiet)',
    ]);
    expect(await problems(rules, { record: {}, dropped: true })).toEqual(['b receives it']);
  });

  test('uses the result of the processors, or reports their error', async () => {
    const given = { record: { body: 'x' }, sinks: ['a', 'b'] };
    expect(await problems({}, given, async () => undefined)).toEqual([
      'a does not receive it (a processor drops it)',
      'b does not receive it (a processor drops it)',
    ]);
    const expected = { ...given, expect: { body: 'y' } };
    expect(await problems({}, expected, async () => entryOf('y'))).toEqual([]);
    const broken = async () => {
      throw new Error('no such module');
    };
    expect(await problems({}, given, broken)).toEqual([expect.stringContaining('no such module')]);
  });

  test('names sinks, or declares that none receives the record', () => {
    const read = (given: object) => () => resolve(ruleTestOptions, 'one', given);
    expect(read({ record: {} })).toThrow('one needs sinks or dropped: true, got neither');
    expect(read({ record: {}, sinks: ['a'], dropped: true })).toThrow(
      'one needs sinks or dropped: true, got both',
    );
    expect(read({ record: { severity: 'LOUD' }, dropped: true })).toThrow(
      'record.severity must be a severity, such as WARN, got "LOUD"',
    );
    expect(read({ record: { severity: 'toString' }, dropped: true })).toThrow(
      'record.severity must be a severity',
    );
  });
});
