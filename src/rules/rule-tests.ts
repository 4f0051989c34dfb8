import type { JournalEntry } from '../component/index.ts';
import { type AnyValue, type Attributes, attributeOf, decodeLogs, encodeDecoded } from '../otlp/index.ts';
import type { Patterns } from '../ottl/index.ts';
import { problemText } from '../record/index.ts';
import { RuleSet, type RuleSetOptions } from './rule-set.ts';
import type { RuleTestOptions, TestRecord } from './rule-test-options.ts';

/** The parts of a configuration that the tests need. */
export interface RuleTestsOptions extends RuleSetOptions {
  readonly tests: Readonly<Record<string, RuleTestOptions>>;
  /** The names of all sinks. */
  readonly sinks: readonly string[];
  /** Applies the processors; undefined if they drop the entry. Default: returns the entry. */
  readonly processed?: ((entry: JournalEntry) => Promise<JournalEntry | undefined>) | undefined;
}

export interface RuleTestResult {
  readonly name: string;
  /** The differences from what the test expects; empty if it passed. */
  readonly problems: readonly string[];
}

/**
 * Applies the rules to the record of each test. Tests are independent: limits are not shared between them.
 */
export async function runRuleTests(
  options: RuleTestsOptions,
  patterns: Patterns | undefined,
): Promise<readonly RuleTestResult[]> {
  const results: RuleTestResult[] = [];
  for (const [name, test] of Object.entries(options.tests)) {
    const set = new RuleSet(options, patterns);
    results.push({ name, problems: await problemsOf(test, set, options) });
  }
  return results;
}

async function problemsOf(
  test: RuleTestOptions,
  set: RuleSet,
  { sinks, processed = async (entry) => entry }: RuleTestsOptions,
): Promise<readonly string[]> {
  const problems: string[] = [];
  let entry: JournalEntry | undefined;
  try {
    entry = await processed(entryOf(test.record));
  } catch (error) {
    return [problemText(error)];
  }
  const expected = new Set(test.dropped ? [] : test.sinks);
  for (const sink of sinks) {
    const { body, by } = await received(entry, set, sink);
    if (body === undefined && expected.has(sink)) problems.push(`${sink} does not receive it (${by})`);
    if (body !== undefined && !expected.has(sink)) problems.push(`${sink} receives it`);
    if (body !== undefined && expected.has(sink)) problems.push(...differences(test, body, sink));
  }
  return problems;
}

/** The entry as a sink receives it, or the rule that filtered it out. */
async function received(entry: JournalEntry | undefined, set: RuleSet, sink: string) {
  if (entry === undefined) return { body: undefined, by: 'a processor drops it' };
  const view = set.viewOf(sink);
  if (view === undefined) return { body: entry.body, by: '' };
  const { entries, filtered } = await view.view([entry], new AbortController().signal, false);
  const by = Object.keys(filtered).map((rule) => (rule === 'not_routed' ? 'no rule routes it there' : rule));
  return { body: entries[0]?.body, by: by.join(', ') };
}

function differences({ expect }: RuleTestOptions, bytes: Uint8Array, sink: string): readonly string[] {
  const [resource] = decodeLogs(bytes).resources;
  const record = resource!.scopes[0]!.records[0]!;
  const problems: string[] = [];
  const compare = (what: string, got: AnyValue | undefined, wanted: AnyValue) => {
    if (shown(got) === shown(wanted)) return;
    problems.push(`${sink} receives ${what} ${shown(got)}, expected ${shown(wanted)}`);
  };
  if (expect?.body !== undefined) compare('body', record.body, expect.body);
  const attributes = (of: Attributes, wanted: Readonly<Record<string, AnyValue>> | undefined, in_ = '') => {
    for (const [key, value] of Object.entries(wanted ?? {}))
      compare(`${in_}${key}`, attributeOf(of, key), value);
  };
  attributes(record.attributes, expect?.attributes);
  attributes(resource!.attributes, expect?.resource, 'resource attribute ');
  return problems;
}

function shown(value: AnyValue | undefined): string {
  if (value === undefined) return 'nothing';
  return JSON.stringify(value, (_key, each: unknown) => (typeof each === 'bigint' ? String(each) : each));
}

function entryOf(record: TestRecord): JournalEntry {
  const { severity, body, eventName = '', traceId = '', attributes, resource, scope = '' } = record;
  const nothing = { droppedAttributesCount: 0, schemaUrl: '' };
  const decoded = {
    timeUnixNano: 1_000_000n,
    observedTimeUnixNano: 1_000_000n,
    severityNumber: severity,
    severityText: '',
    body,
    attributes: Object.entries(attributes),
    droppedAttributesCount: 0,
    flags: 0,
    traceId,
    spanId: '',
    eventName,
  };
  const scopes = [{ ...nothing, name: scope, version: '', attributes: [], records: [decoded] }];
  const request = { resources: [{ ...nothing, attributes: Object.entries(resource), scopes }] };
  return { index: 1, receivedMillis: 0, records: 1, body: encodeDecoded(request) };
}
