import { cpSync } from 'node:fs';
import * as fc from 'fast-check';
import { type AnyValue, doubleValue } from '../../src/otlp/index.ts';
import { compileCondition } from '../../src/ottl/index.ts';
import { timeOf } from '../../src/reader/record-filter.ts';
import { wordTest } from '../../src/reader/words.ts';
import type { Query } from '../../src/store/query.ts';
import { LocalStore, newDirectory, withoutSync } from './support/local-store.ts';
import { record, type Said } from './support/records.ts';

const TRACES = ['0af7651916cd43dd8448eb211c80319c', 'ffffffffffffffffffffffffffffffff'];
const WORDS = [
  'alpha',
  'Zoë',
  'ÄRGER',
  'straße',
  '4711',
  '注文',
  '😀beta',
  'x'.repeat(300),
  'NEAR',
  'a"b',
  'nul\0byte',
];
const LONG = 'long '.repeat(7_000);
const EMPTY = { attributes: [], droppedAttributesCount: 0 };
const SCOPE = { ...EMPTY, name: 'test', version: '' };
const limits = { partitionRecords: 12, maxAgeMillis: 80_000 };
const SPAN = limits.maxAgeMillis / 8;

interface Step {
  readonly what: 'write' | 'care' | 'reopen' | 'crash';
  readonly later: number;
  readonly records: readonly (Said & { readonly isLong?: boolean })[];
  readonly service: string;
}

const text = fc.array(fc.constantFrom(...WORDS), { minLength: 1, maxLength: 3 }).map((all) => all.join(' '));
const value: fc.Arbitrary<AnyValue> = fc.oneof(
  { arbitrary: text, weight: 5 },
  ...[null, true, 4711, 2n ** 60n, -1.5, doubleValue(7), Buffer.from('alpha')].map((one) => fc.constant(one)),
  text.map((one): AnyValue => ({ entries: [['deep', [one, { entries: [['er', 4711]] }]]] })),
);
const said: fc.Arbitrary<Said & { readonly isLong?: boolean }> = fc.record(
  {
    body: value,
    attributes: fc.dictionary(fc.constantFrom('a', 'b', '__proto__'), value, { maxKeys: 2 }),
    trace: fc.constantFrom('', ...TRACES),
    severity: fc.constantFrom(0, 1, 9, 17, 24),
    time: fc.constantFrom(0, 1, 5_000, 5_001, 10 ** 12),
    observed: fc.constantFrom(0, 5_000, 2 * 10 ** 12),
    event: fc.constantFrom('', 'order.placed'),
    isLong: fc.boolean(),
  },
  { requiredKeys: [] },
);
const step: fc.Arbitrary<Step> = fc.record({
  what: fc.constantFrom('write', 'write', 'write', 'care', 'reopen', 'crash'),
  later: fc.constantFrom(0, 0, 1, SPAN - 1, SPAN, limits.maxAgeMillis),
  records: fc.array(said, { minLength: 1, maxLength: 9 }),
  service: fc.constantFrom('shop', 'till'),
});
const bound = fc.constantFrom('0', '1000000', '5000000000', '5000999999', '5001000000', String(2n ** 64n));
const query: fc.Arbitrary<Partial<Query>> = fc.record(
  {
    words: fc.oneof(
      text.map((words) => words.replaceAll('\0', ' ')),
      fc.constantFrom('alpha 4711', 'ZOE', 'order', 'placed-x', 'arger', 'STRASSE'),
    ),
    trace: fc.constantFrom(...TRACES),
    from: bound,
    to: bound,
    when: fc.constantFrom(
      'severity_number >= 17',
      'severity_number > 9007199254740991',
      'attributes["a"] == "alpha"',
      'body == "Zoë alpha" or body["deep"][0] != nil',
      'resource.attributes["service.name"] == "till" and not (attributes["b"] == nil)',
      'Len(attributes["z"]) > 1000 and severity_number > 8',
    ),
    limit: fc.integer({ min: 1, max: 8 }),
    order: fc.constantFrom('newest', 'oldest'),
  },
  { requiredKeys: ['order'] },
);

interface Kept {
  readonly said: Said;
  readonly service: string;
  readonly number: number;
}

/** The expected content of a store: partitions that end by number and age; the oldest are removed by age. */
class Model {
  partitions: { began: number; received: number; records: Kept[] }[] = [];

  /** Partitions begin whatever is done; a write removes old ones only when it begins one. */
  turn(what: Step['what'], now: number): void {
    const newest = this.partitions.at(-1)!;
    const isOver = newest.records.length >= limits.partitionRecords || now - newest.began >= SPAN;
    const begins = newest.records.length > 0 && isOver;
    if (begins) this.begin(now);
    if (what === 'write' && !begins) return;
    while (this.partitions.length > 1 && now - this.partitions[0]!.received > limits.maxAgeMillis) {
      this.partitions.shift();
    }
  }

  begin(now: number): void {
    this.partitions.push({ began: now, received: now, records: [] });
  }

  add(records: readonly Kept[], now: number): void {
    const newest = this.partitions.at(-1)!;
    newest.records.push(...records);
    newest.received = now;
  }

  find({ words = '', trace, from, to, when, order }: Partial<Query>): number[] {
    const hasWords = wordTest(words);
    const condition = when === undefined ? undefined : compileCondition(when);
    const all = this.partitions.flatMap(({ records }) => records);
    const fitting = all.filter((kept) => {
      const one = record(kept.said);
      const resource = { ...EMPTY, attributes: [['service.name', kept.service] as const] };
      return (
        (hasWords?.(one) ?? true) &&
        (trace === undefined || one.traceId === trace) &&
        (from === undefined || timeOf(one) >= BigInt(from)) &&
        (to === undefined || timeOf(one) < BigInt(to)) &&
        (condition === undefined || condition.test(one, SCOPE, resource) === true)
      );
    });
    const numbers = fitting.map(({ number }) => number);
    return order === 'newest' ? numbers.reverse() : numbers;
  }
}

test('after any writes, crashes and restarts, a search equals a test of each record', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(step, { minLength: 1, maxLength: 12 }),
      fc.array(query, { minLength: 8, maxLength: 8 }),
      async (steps, queries) => {
        const model = new Model();
        let store = await LocalStore.open(limits, undefined, withoutSync);
        let number = 0;
        model.begin(store.now);
        try {
          for (const { what, later, records, service } of steps) {
            const now = store.now + later;
            store.now = now;
            if (what === 'crash' || what === 'reopen') {
              let { directory } = store;
              if (what === 'reopen') store.close();
              else {
                // As after a kill: the log is not moved into the database.
                directory = newDirectory();
                cpSync(store.directory, directory, { recursive: true });
                store.close();
              }
              store = await LocalStore.open(limits, directory, withoutSync, now);
            } else if (what === 'care') store.writer.care();
            model.turn(what, now);
            if (what !== 'write') continue;
            const kept = records.map((each) => {
              number += 1;
              // Last, so that no searched text lies beyond what is indexed.
              const attributes = { ...each.attributes, number, ...(each.isLong && { z: LONG }) };
              return { said: { ...each, attributes }, service, number };
            });
            store.add(
              kept.map((each) => each.said),
              service,
            );
            model.add(kept, now);
          }
          for (const each of queries) {
            const expected = model.find(each);
            const { records, found } = store.findRecords(each);
            const limit = each.limit ?? 1_000;
            const numbers = records.map(({ attributes }) => new Map(attributes).get('number'));
            expect({ each, numbers }).toEqual({ each, numbers: expected.slice(0, limit) });
            expect(found).toMatchObject({ more: expected.length > limit, isCut: false });
            expect(store.count(each)).toBe(expected.length);
          }
          expect([...store.warnings, ...store.damaged]).toEqual([]);
        } finally {
          store.close();
        }
      },
    ),
    { numRuns: 10 },
  );
});
