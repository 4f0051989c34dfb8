import * as fc from 'fast-check';
import type { JournalEntry } from '../../src/component/index.ts';
import { type AnyValue, type DecodedLogRecord, decodeLogs, encodeDecoded } from '../../src/otlp/index.ts';
import { loadPatterns, type Patterns } from '../../src/ottl/index.ts';
import { type RuleOptions, RuleSet, ruleOptions, runRuleTests } from '../../src/rules/index.ts';
import { type InputOf, resolve } from '../../src/settings/index.ts';
import { expectEqual } from '../support/expect-equal.ts';

type Given = InputOf<ReturnType<typeof ruleOptions>>;

let patterns: Patterns | undefined;
beforeAll(async () => {
  patterns = await loadPatterns();
});

const { signal } = new AbortController();

function ruleSet(rules: Readonly<Record<string, Given>>, match: 'all' | 'first' = 'all'): RuleSet {
  const resolved = Object.entries(rules).map(([name, given]): [string, RuleOptions] => [
    name,
    resolve(ruleOptions(patterns), name, given),
  ]);
  return new RuleSet({ rules: Object.fromEntries(resolved), match }, patterns);
}

interface Some {
  readonly body?: AnyValue;
  readonly severity?: number;
  readonly attributes?: Readonly<{ [key: string]: AnyValue }>;
  readonly traceId?: string;
}

const recordOf = ({ body, severity = 9, attributes = {}, traceId = '' }: Some): DecodedLogRecord => ({
  timeUnixNano: 1n,
  observedTimeUnixNano: 0n,
  severityNumber: severity,
  severityText: '',
  body,
  attributes: Object.entries(attributes),
  droppedAttributesCount: 0,
  flags: 0,
  traceId,
  spanId: '',
  eventName: '',
});

function entryOf(
  records: readonly Some[],
  index = 1,
  receivedMillis = 0,
  service: AnyValue = 'shop',
): JournalEntry {
  const nothing = { droppedAttributesCount: 0, schemaUrl: '' };
  const scope = { ...nothing, name: 'orders', version: '', attributes: [], records: records.map(recordOf) };
  const resource = { ...nothing, attributes: [['service.name', service] as const], scopes: [scope] };
  const body = encodeDecoded({ resources: [resource] });
  return { index, receivedMillis, records: records.length, body };
}

const bodiesIn = (entries: readonly JournalEntry[]) =>
  entries.flatMap(({ body }) =>
    decodeLogs(body).resources.flatMap(({ scopes }) =>
      scopes.flatMap(({ records }) => records.map((record) => record.body)),
    ),
  );

/** The bodies that a sink receives, and counts of the others by rule. */
async function viewed(set: RuleSet, sink: string, ...entries: readonly JournalEntry[]) {
  const view = set.viewOf(sink);
  if (view === undefined) return { bodies: bodiesIn(entries), filtered: {}, redacted: {}, entries };
  const result = await view.view(entries, signal, false);
  return { ...result, bodies: bodiesIn(result.entries) };
}

const severities = entryOf([1, 9, 17].map((severity) => ({ body: severity, severity })));

test('a sink that no rule names receives every record, a named one those of its rules', async () => {
  const set = ruleSet({ errors: { when: 'severity_number >= SEVERITY_NUMBER_ERROR', sinks: ['pager'] } });
  expect(await viewed(set, 'pager', severities)).toMatchObject({ bodies: [17], filtered: { not_routed: 2 } });
  expect(set.viewOf('archive')).toBeUndefined();
});

test('records that a rule drops reach no sink, or not the sinks that it names', async () => {
  const set = ruleSet({
    trace: { when: 'severity_number < 5', drop: true },
    quiet: { when: 'severity_number < 17', drop: true, sinks: ['pager'] },
  });
  expect(await viewed(set, 'archive', severities)).toMatchObject({ bodies: [9, 17], filtered: { trace: 1 } });
  expect(await viewed(set, 'pager', severities)).toMatchObject({
    bodies: [17],
    filtered: { trace: 1, quiet: 1 },
  });
});

test('an entry that the rules do not change is passed on unchanged; one without records is omitted', async () => {
  const set = ruleSet({ trace: { when: 'severity_number < 5', drop: true } });
  const loud = entryOf([{ severity: 9 }], 1);
  const quiet = entryOf([{ severity: 1 }], 2);
  const { entries } = await viewed(set, 'archive', loud, quiet);
  expect(entries).toHaveLength(1);
  expect(entries[0]).toBe(loud);
});

test('with match: first, the first rule about a sink decides', async () => {
  const rules = {
    audit: { when: 'attributes["audit"] == true', sinks: ['audit'] },
    errors: { when: 'severity_number >= 17', sinks: ['pager', 'audit'] },
    rest: { sinks: ['archive'] },
  };
  const entry = entryOf([
    { body: 'a', severity: 17, attributes: { audit: true } },
    { body: 'b', severity: 17 },
    { body: 'c' },
  ]);
  const first = ruleSet(rules, 'first');
  expect((await viewed(first, 'audit', entry)).bodies).toEqual(['a', 'b']);
  expect((await viewed(first, 'pager', entry)).bodies).toEqual(['a', 'b']);
  expect((await viewed(first, 'archive', entry)).bodies).toEqual(['a', 'b', 'c']);
  const dropped = ruleSet({ b: { when: 'body == "b"', drop: true }, rest: { sinks: ['archive'] } }, 'first');
  expect(await viewed(dropped, 'archive', entry)).toMatchObject({ bodies: ['a', 'c'], filtered: { b: 1 } });
});

test('a sample keeps traces whole, and is the same for every sink and every time', async () => {
  const set = ruleSet({ some: { sample: 0.25 } });
  const hex = (n: number) => n.toString(16).padStart(14, '0');
  const traceOf = (n: number) => `${'f'.repeat(18)}${hex(Math.floor((n / 1_000) * 2 ** 56))}`;
  const records = Array.from({ length: 4_000 }, (_, at) => ({ body: at, traceId: traceOf(at % 1_000) }));
  const entries = [entryOf(records.slice(0, 2_000), 1), entryOf(records.slice(2_000), 2)];
  const { bodies, filtered } = await viewed(set, 'archive', ...entries);
  const kept = new Set(bodies);
  expect(kept.size).toBe(1_000);
  expect(filtered).toEqual({ some: 3_000 });
  for (const { body } of records) expect(kept.has(body)).toBe(kept.has(body % 1_000));
  expect((await viewed(ruleSet({ some: { sample: 0.25 } }), 'other', ...entries)).bodies).toEqual(bodies);
});

test('a sample of records without a trace has about the requested fraction', async () => {
  const set = ruleSet({ some: { sample: 0.1 } });
  const entries = Array.from({ length: 200 }, (_, at) => entryOf(Array(50).fill({}), at + 1));
  const { bodies } = await viewed(set, 'archive', ...entries);
  expect(bodies.length).toBeGreaterThan(800);
  expect(bodies.length).toBeLessThan(1_200);
});

test('a limit counts by key and by the time at which entries were received', async () => {
  const limit = { records: 2, perMillis: 10_000, key: 'attributes["tenant"]' };
  const set = ruleSet({ noisy: { limit } });
  const view = set.viewOf('archive')!;
  const at = async (index: number, millis: number, ...tenants: readonly string[]) => {
    const entry = entryOf(
      tenants.map((tenant) => ({ body: tenant, attributes: { tenant } })),
      index,
      millis,
    );
    const { entries } = await view.view([entry], signal, false);
    return bodiesIn(entries);
  };
  expect(await at(1, 0, 'a', 'a', 'a', 'b')).toEqual(['a', 'a', 'b']);
  expect(await at(2, 5_000, 'a', 'a', 'b')).toEqual(['a', 'b']);
  // The same entry again, since its write failed: the same records, and nothing is counted twice.
  expect(await at(2, 5_000, 'a', 'a', 'b')).toEqual(['a', 'b']);
  expect(await at(3, 10_000, 'a', 'a')).toEqual(['a']);
});

test('a clock that was temporarily ahead neither stops nor exceeds a limit', async () => {
  const view = ruleSet({ noisy: { limit: { records: 2, perMillis: 10_000 } } }).viewOf('archive')!;
  let index = 0;
  const at = async (millis: number) => {
    index += 1;
    const entry = entryOf(
      Array.from({ length: 9 }, (_, body) => ({ body })),
      index,
      millis,
    );
    return bodiesIn((await view.view([entry], signal, false)).entries).length;
  };
  expect(await at(1_000_000)).toBe(2);
  expect(await at(500_000_000)).toBe(2);
  expect(await at(1_000_000)).toBe(0);
  expect(await at(1_005_000)).toBe(1);
  expect(await at(1_010_000)).toBe(1);
});

test('a call that is aborted and repeated counts against limits once', async () => {
  const limit = { records: 15_000, perMillis: 60_000 };
  const set = ruleSet({ noisy: { limit }, cards: { redact: { patterns: ['[0-9]{13,16}'] } } });
  const view = set.viewOf('archive')!;
  const bodies = Array.from({ length: 10_000 }, (_, at) => ({ body: `card 4111111111111111 ${at}` }));
  const entries = [entryOf(bodies.slice(0, 5_000), 1), entryOf(bodies, 2)];
  const abort = new AbortController();
  const first = view.view(entries, abort.signal, false);
  setImmediate(() => abort.abort(new Error('too slow')));
  await expect(first).rejects.toThrow('too slow');
  for (let time = 0; time < 2; time += 1) {
    const { entries: viewed, filtered } = await view.view(entries, signal, false);
    expect(bodiesIn(viewed)).toHaveLength(15_000);
    expect(filtered).toEqual({});
  }
});

test('beyond 10,000 keys the others share one limit', async () => {
  const set = ruleSet({ noisy: { limit: { records: 1, perMillis: 60_000, key: 'body' } } });
  const entries = Array.from({ length: 30 }, (_, index) =>
    entryOf(
      Array.from({ length: 500 }, (_, at) => ({ body: `key ${index * 500 + at}` })),
      index + 1,
    ),
  );
  expect((await viewed(set, 'archive', ...entries)).bodies).toHaveLength(10_001);
});

test('keys are redacted at any depth, by name whatever its case, and by a pattern with *', async () => {
  const set = ruleSet({
    secrets: { redact: { keys: ['Authorization', '*password*', 'service.*'], replacement: '***' } },
  });
  const entry = entryOf([
    {
      body: { entries: [['request', { entries: [['authorization', 'Bearer x']] }]] },
      attributes: { 'user.password.old': 'y', user: 'leo' },
    },
  ]);
  const { entries, redacted } = await viewed(set, 'archive', entry);
  const [resource] = decodeLogs(entries[0]!.body).resources;
  expect(resource!.attributes).toEqual([['service.name', '***']]);
  expect(resource!.scopes[0]!.records[0]).toMatchObject({
    body: { entries: [['request', { entries: [['authorization', '***']] }]] },
    attributes: [
      ['user.password.old', '***'],
      ['user', 'leo'],
    ],
  });
  expect(redacted).toEqual({ secrets: 1 });
});

test('a key matches a pattern as a whole, with anything for each *', async () => {
  const key = fc.string({ unit: fc.constantFrom('a', 'B', '.'), minLength: 1, maxLength: 6 });
  const pattern = fc.string({ unit: fc.constantFrom('a', 'b', '.', '*'), minLength: 1, maxLength: 6 });
  await fc.assert(
    fc.asyncProperty(fc.uniqueArray(key, { maxLength: 8 }), pattern, async (keys, glob) => {
      const set = ruleSet({ secrets: { redact: { keys: [glob], replacement: '***' } } });
      const body = { entries: keys.map((each) => [each, 1] as const) };
      const fits = new RegExp(`^${glob.replaceAll('.', '\\.').replaceAll('*', '.*')}$`, 'i');
      const entry = entryOf([{ body }], 1, 0, null);
      const { bodies } = await viewed(set, 'archive', entry);
      expect({ glob, bodies }).toEqual({
        glob,
        bodies: [{ entries: keys.map((each) => [each, fits.test(each) ? '***' : 1]) }],
      });
    }),
    { numRuns: 300 },
  );
});

test('a test of rules reports each value that differs, of any type', async () => {
  const record = { severity: 9, body: 2n ** 60n, attributes: { user: 'leo', n: 1 }, resource: { host: 'h' } };
  const expected = { body: 1, attributes: { user: 'ann', n: 1, none: 2 }, resource: { host: 'i' } };
  const tests = { one: { record, sinks: ['a'], dropped: false, expect: expected } } as never;
  const [result] = await runRuleTests({ rules: {}, match: 'all', tests, sinks: ['a'] }, patterns);
  expect(result!.problems).toEqual([
    'a receives body "1152921504606846976", expected 1',
    'a receives user "leo", expected "ann"',
    'a receives none nothing, expected 2',
    'a receives resource attribute host "h", expected "i"',
  ]);
});

test('patterns are redacted in bodies, lists and numbers; a text too long to search is replaced as a whole', async () => {
  const set = ruleSet({ cards: { redact: { patterns: ['[0-9]{13,16}', 'Bearer \\S+'] } } });
  const entry = entryOf([
    { body: 'card 4111111111111111 with Bearer abc ok' },
    { body: ['a', 4_111_111_111_111_111, true] },
    { body: 'x'.repeat(300_000) },
    { body: 'nothing $1 \\' },
  ]);
  const { bodies, redacted } = await viewed(set, 'archive', entry);
  expect(bodies).toEqual([
    'card REDACTED with REDACTED ok',
    ['a', 'REDACTED', true],
    'REDACTED (too long to search)',
    'nothing $1 \\',
  ]);
  expect(redacted).toEqual({ cards: 3 });
});

test('an entry that processors have replaced is classified again, for each sink', async () => {
  const set = ruleSet({ no: { when: 'body == "no"', drop: true } });
  const once = { ...entryOf([{ body: 'no' }]), processing: 1 };
  const again = { ...entryOf([{ body: 'yes' }]), processing: 2 };
  expect((await viewed(set, 'a', once)).bodies).toEqual([]);
  expect((await viewed(set, 'b', again)).bodies).toEqual(['yes']);
  expect((await viewed(set, 'c', once)).bodies).toEqual([]);
});

test('an entry of many records is read in slices, once for all sinks that wait for it', async () => {
  const set = ruleSet({ odd: { when: 'attributes["odd"] == true', sinks: ['a'] }, rest: { sinks: ['b'] } });
  const records = Array.from({ length: 20_000 }, (_, at) => ({
    body: `order ${at}`,
    attributes: { odd: at % 2 === 1 },
  }));
  const entry = entryOf(records);
  const [a, b] = await Promise.all([viewed(set, 'a', entry), viewed(set, 'b', entry)]);
  expect(a.bodies).toEqual(records.filter(({ attributes }) => attributes.odd).map(({ body }) => body));
  expect(b.entries[0]).toBe(entry);
});

test('without a redaction, the bytes are unchanged', async () => {
  const set = ruleSet({ cards: { redact: { patterns: ['[0-9]{13,16}'] } } });
  const { entries } = await viewed(set, 'archive', severities);
  expect(entries[0]).toBe(severities);
});

test('unknown fields are kept with the records that are kept', async () => {
  const set = ruleSet({ first: { when: 'body == 1', drop: true } });
  const unknown = Buffer.from([0xfa, 0x01, 0x02, 0x41, 0x42]);
  const bytes = Buffer.from(entryOf([{ body: 1 }, { body: 2 }]).body);
  // After the last record: the enclosing lengths grow by as many bytes.
  const at = bytes.lastIndexOf(Buffer.from([0x18, 0x02])) + 2;
  const grown = Buffer.concat([bytes.subarray(0, at), unknown, bytes.subarray(at)]);
  for (const place of lengthsBefore(bytes, at)) grown[place]! += unknown.length;
  const entry = { index: 1, receivedMillis: 0, records: 2, body: grown };
  const { entries, bodies } = await viewed(set, 'archive', entry);
  expect(bodies).toEqual([2]);
  expect(Buffer.from(entries[0]!.body).includes(unknown)).toBe(true);
});

/** The positions of one-byte lengths of the messages that contain a position. */
function lengthsBefore(bytes: Buffer, at: number): number[] {
  const found: number[] = [];
  const visit = (from: number, to: number, path: readonly number[]) => {
    for (let place = from; place < to; ) {
      const tag = bytes[place]!;
      const length = bytes[place + 1]!;
      const end = place + 2 + length;
      if (tag === path[0] && end >= at) {
        found.push(place + 1);
        return visit(place + 2, end, path.slice(1));
      }
      if ((tag & 7) === 2) place = end;
      else place += (tag & 7) === 1 ? 9 : 2;
    }
  };
  visit(0, bytes.length, [0x0a, 0x12, 0x12]);
  return found;
}

test('dead letters are routed and redacted again, but neither sampled nor limited again', async () => {
  const set = ruleSet({
    some: { sample: 0.001, limit: { records: 1 } },
    trace: { when: 'severity_number < 5', drop: true },
    card: { redact: { patterns: ['17'] } },
  });
  const { entries, filtered } = await set.viewOf('archive')!.view([severities], signal, true);
  expect(bodiesIn(entries)).toEqual([9, 'REDACTED']);
  expect(filtered).toEqual({ trace: 1 });
});

test('an entry that cannot be read reaches no sink that has rules, and is counted', async () => {
  const set = ruleSet({ trace: { when: 'severity_number < 5', drop: true } });
  const damaged = { index: 1, receivedMillis: 0, records: 3, body: Buffer.from([0x0a, 0xff]) };
  expect(await viewed(set, 'archive', damaged)).toMatchObject({ entries: [], filtered: { malformed: 3 } });
});

test.each<[Given, string]>([
  [{}, 'r needs sinks, drop, sample, limit or redact, got none'],
  [{ when: 'severty == 1', drop: true }, 'when is not valid: column 1: unknown path severty'],
  [{ drop: true, sample: 0.5 }, 'drop cannot be combined with sample, limit or redact'],
  [{ sample: 0 }, 'sample must be a number above 0, up to 1, got 0'],
  [
    { limit: { records: 5, key: 'atributes["a"]' } },
    'limit.key is not valid: column 1: unknown path atributes',
  ],
  [{ redact: {} }, 'redact needs keys or patterns, got neither'],
  [
    { redact: { patterns: ['('] } },
    'redact.patterns is not valid: "(" is not a valid RE2 regular expression',
  ],
])('the rule %j is an error', (given, expected) => {
  expect(() => resolve(ruleOptions(patterns), 'r', given)).toThrow(expected);
});

/** Rules that each match some bodies, the numbers from 0 to 7. */
const anyRule = fc.record({
  bodies: fc.option(fc.uniqueArray(fc.nat({ max: 7 }), { minLength: 1, maxLength: 4 }), { nil: undefined }),
  sinks: fc.option(fc.uniqueArray(fc.constantFrom('a', 'b', 'c'), { minLength: 1 }), { nil: undefined }),
  action: fc.constantFrom('drop', 'redact', 'route'),
});

test('any rules have the same effect on any records as a simple model', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(anyRule, { maxLength: 5 }),
      fc.constantFrom('all' as const, 'first' as const),
      fc.array(fc.array(fc.nat({ max: 7 }), { minLength: 1, maxLength: 9 }), { maxLength: 4 }),
      async (given, match, entries) => {
        const rules = given.map((rule) =>
          rule.action === 'route' && rule.sinks === undefined ? { ...rule, sinks: ['a'] } : rule,
        );
        const set = ruleSet(
          Object.fromEntries(
            rules.map(({ bodies, sinks, action }, at) => [
              `r${at}`,
              {
                when: bodies?.map((body) => `body == ${body}`).join(' or '),
                sinks,
                drop: action === 'drop',
                ...(action === 'redact' ? { redact: { patterns: ['.'], replacement: `x${at}` } } : {}),
              },
            ]),
          ),
          match,
        );
        for (const sink of ['a', 'b', 'c']) {
          const about = rules
            .map((rule, at) => ({ ...rule, at }))
            .filter(({ sinks }) => sinks === undefined || (sinks as readonly string[]).includes(sink));
          const named = about.filter(({ sinks, action }) => sinks !== undefined && action !== 'drop');
          const expected = entries.flat().flatMap((body): AnyValue[] => {
            let met = about.filter(({ bodies }) => bodies?.includes(body) ?? true);
            if (match === 'first') met = met.slice(0, 1);
            if (met.some(({ action }) => action === 'drop')) return [];
            if (named.length > 0 && !met.some((rule) => named.includes(rule))) return [];
            const redacted = met.filter(({ action }) => action === 'redact');
            if (redacted.length === 0) return [body];
            return [redacted.reduce((text, { at }) => text.replaceAll(/./gs, `x${at}`), String(body))];
          });
          const made = entries.map((bodies, index) =>
            entryOf(
              bodies.map((body) => ({ body })),
              index + 1,
            ),
          );
          const { bodies, filtered } = await viewed(set, sink, ...made);
          expectEqual(bodies, expected);
          const lost = Object.values(filtered).reduce((sum, count) => sum + count, 0);
          expectEqual(bodies.length + lost, entries.flat().length);
        }
      },
    ),
    { numRuns: 500 },
  );
});
