import fc from 'fast-check';
import { Entry } from '../../src/box/index.ts';
import { aRecord, memoryBox, spanContext } from './support/memory-box.ts';

/** A trace, the shared bucket, and keys that only look like a trace. */
const keys = [spanContext('a').traceId, '', 'A'.repeat(32), 'a key of the application'] as const;

const CAPACITY = 5;
const MAX_AGE_SECONDS = 50;
const START = 1_700_000_000;

const key = fc.constantFrom(...keys);
const step = fc.oneof(
  { weight: 6, arbitrary: fc.record({ kind: fc.constant('held' as const), key, age: fc.nat(60) }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('loud' as const) }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constantFrom('ended' as const, 'resumed' as const), key }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('emptied' as const), key }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('released' as const), key, count: fc.nat(8) }) },
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constantFrom('handed on' as const, 'dropped' as const), at: fc.nat(30) }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant('settled' as const), first: fc.nat(20), more: fc.nat(40) }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('flush' as const) }) },
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

interface Item {
  readonly body: string;
  readonly seconds: number;
  readonly key: string;
  state: 'held' | 'released' | 'loud' | 'gone';
  delivery: number;
  burst: string | undefined;
}

/** A naive model of the entries, one record at a time. */
function naive(steps: readonly Step[], writer: ReturnType<typeof memoryBox>['writer']): Item[] {
  const items: Item[] = [];
  /** By their numbers in the box, from 1. */
  const numbered: Item[] = [];
  const ended = new Set<string>();
  let deliveries = 0;
  const heldOf = (of: string) => items.filter((item) => item.key === of && item.state === 'held');
  const add = (state: Item['state'], of: string, age: number): Item => {
    const body = `record ${items.length}`;
    const item = { body, seconds: START + items.length - age, key: of, state, delivery: 0, burst: undefined };
    items.push(item);
    return item;
  };
  const recordOf = ({ body, seconds, key: of }: Item) =>
    aRecord(body, {
      hrTime: [seconds, 0],
      hrTimeObserved: [seconds, 0],
      spanContext: of === keys[0] ? spanContext('a') : undefined,
    });
  for (const each of steps) {
    switch (each.kind) {
      case 'held': {
        const item = add('held', each.key, each.age);
        numbered.push(item);
        expect(writer.held(recordOf(item), each.key)).toBe(numbered.length);
        break;
      }
      case 'loud': {
        const item = add('loud', '', 0);
        deliveries += 1;
        item.delivery = deliveries;
        writer.loud(recordOf(item), deliveries);
        break;
      }
      case 'ended':
        ended.add(each.key);
        writer.mark(Entry.ENDED, each.key);
        break;
      case 'resumed':
        ended.delete(each.key);
        writer.mark(Entry.RESUMED, each.key);
        break;
      case 'emptied':
        for (const item of heldOf(each.key)) item.state = 'gone';
        ended.delete(each.key);
        writer.mark(Entry.EMPTIED, each.key);
        break;
      case 'released': {
        const held = heldOf(each.key);
        for (const [at, item] of held.entries())
          item.state = at < held.length - each.count ? 'gone' : 'released';
        ended.delete(each.key);
        writer.released(each.key, each.count);
        break;
      }
      case 'handed on': {
        deliveries += 1;
        const item = numbered[each.at];
        writer.handedOn(each.at + 1, deliveries, 'burst-1', each.at);
        if (item?.state !== 'released') break;
        Object.assign(item, { state: 'loud', delivery: deliveries, burst: 'burst-1' });
        break;
      }
      case 'dropped': {
        const item = numbered[each.at];
        if (item?.state === 'released') item.state = 'gone';
        writer.dropped(each.at + 1);
        break;
      }
      case 'settled':
        for (const item of items) {
          const { delivery } = item;
          const isIn = delivery >= each.first && delivery <= each.first + each.more;
          if (item.state === 'loud' && isIn) item.state = 'gone';
        }
        writer.settled(each.first, each.first + each.more);
        break;
      case 'flush':
        writer.flush();
    }
  }
  writer.flush();
  // The newest records of each open key, without those much older than the newest of all.
  const held = keys.filter((each) => !ended.has(each)).flatMap((each) => heldOf(each).slice(-CAPACITY));
  const newest = Math.max(
    ...[...held, ...items.filter(({ state }) => state === 'loud')].map(({ seconds }) => seconds),
  );
  const young = new Set(held.filter(({ seconds }) => newest - seconds <= MAX_AGE_SECONDS));
  return items.filter((item) => young.has(item) || item.state === 'released' || item.state === 'loud');
}

test('the remaining records equal those of a naive reading of the entries', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60, size: 'max' }), (steps) => {
      const { writer, contents } = memoryBox({ capacity: CAPACITY, maxAgeMillis: MAX_AGE_SECONDS * 1_000 });
      const expected = naive(steps, writer).map(({ body, state, burst }) => ({
        body,
        state: state === 'loud' ? 'loud' : 'held',
        burst,
      }));
      const found = contents();
      expect(found.missingFrames).toBe(0);
      const left = found.records.map(({ record, state }) => ({
        body: record.body,
        state,
        burst: record.attributes['burst.id'],
      }));
      expect(JSON.stringify(left)).toBe(JSON.stringify(expected));
    }),
    { numRuns: 120 },
  );
});

test('deliveries are settled in any range without counting through it', () => {
  const { writer, bodies } = memoryBox();
  for (const delivery of [1, 2, 3]) writer.loud(aRecord(`loud ${delivery}`), delivery);
  writer.settled(2, 2 ** 50);
  writer.flush();
  expect(bodies()).toEqual(['loud 1']);
});

test('a record of any size is written whole, or truncated, wherever in a block it begins', () => {
  const { writer, contents } = memoryBox({ blocks: 64 });
  const bodies: string[] = [];
  // Around what fits a block alone, and in all that is left of one.
  for (const size of [
    21_600, 21_700, 21_780, 21_800, 21_810, 21_820, 21_830, 21_840, 21_845, 21_846, 21_900,
  ]) {
    for (const filled of [0, 1, 700, 43_000, 63_400, 63_480, 65_480]) {
      writer.flush();
      writer.held(aRecord('x'.repeat(filled)), '');
      const body = `${bodies.length}`.padEnd(size, 'y');
      bodies.push(body);
      expect(writer.held(aRecord(body), '')).toBeGreaterThan(0);
    }
  }
  writer.flush();
  const found = contents().records.map(({ record }) => record);
  const written = found.filter(({ body }) => String(body).includes('y'));
  // The oldest blocks may have been overwritten.
  expect(written.length).toBeGreaterThan(35);
  for (const [at, { body, attributes }] of written.toReversed().entries()) {
    const whole = bodies.at(-1 - at)!;
    if (attributes['burstlog.truncated_from'] === undefined) expect(body).toBe(whole);
    else expect(whole.startsWith(String(body).slice(0, 1_000))).toBe(true);
  }
  expect(contents().missingFrames).toBe(0);
  expect(writer.unwritten).toBe(0);
});

test('values of every kind come back, or as what can be read of them', () => {
  const deep = (depth: number): unknown => (depth === 0 ? 'bottom' : { in: [deep(depth - 1)] });
  const values: readonly (readonly [unknown, unknown])[] = [
    ...[0, 63, 64, -1, 127, 128, 2 ** 31, 2 ** 32, 2 ** 52 - 1, -(2 ** 52) + 1, 2 ** 53, -(2 ** 53)].map(
      (value) => [value, value] as const,
    ),
    ...[-0, Number.NaN, Number.POSITIVE_INFINITY, 1e-300, Number.MAX_VALUE].map(
      (value) => [value, value] as const,
    ),
    ...['', 'a'.repeat(63), 'a'.repeat(64), 'ü'.repeat(31), 'ü'.repeat(32), '\ud83d\ude00'.repeat(20)].map(
      (value) => [value, value] as const,
    ),
    ['a lone \ud800', 'a lone \ufffd'],
    [new Uint8Array([0, 255, 7]), new Uint8Array([0, 255, 7])],
    [Array.from({ length: 65 }, (_, at) => at), Array.from({ length: 65 }, (_, at) => at)],
    [
      { ['__proto__']: 1, a: [null, [true, { b: false }]] },
      { ['__proto__']: 1, a: [null, [true, { b: false }]] },
    ],
  ];
  const { writer, contents } = memoryBox();
  for (const [value] of values) writer.held(aRecord(value, { attributes: { value } }), '');
  writer.held(aRecord(deep(60)), '');
  writer.flush();
  const found = contents().records.map(({ record }) => record);
  for (const [at, [, expected]] of values.entries()) {
    expect({ at, body: found[at]!.body }).toEqual({ at, body: expected });
    expect({ at, value: found[at]!.attributes.value }).toEqual({ at, value: expected });
  }
  expect(JSON.stringify(found.at(-1)!.body).length).toBeGreaterThan(100);
  expect(JSON.stringify(found.at(-1)!.body)).not.toContain('bottom');
});

test('more call sites, spans and resources than are remembered, and ids that are none, come back all the same', () => {
  const { writer, contents } = memoryBox({ blocks: 16 });
  const given = Array.from({ length: 900 }, (_, at) => {
    const id = (at % 300).toString(16).padStart(16, '0');
    const context = { traceId: id + id, spanId: id, traceFlags: at % 256 };
    return aRecord(`record ${at}`, {
      instrumentationScope: { name: `logger ${at % 300}`, schemaUrl: 'https://example.com/1' },
      attributes: { [`key ${at % 300}`]: at, same: 'same' },
      eventName: `event ${at % 7}`,
      droppedAttributesCount: at % 3,
      severityNumber: undefined,
      severityText: undefined,
      spanContext: at % 10 === 9 ? { ...context, spanId: 'no id' } : context,
    });
  });
  for (const [at, record] of given.entries()) {
    expect(
      writer.held(record, at % 2 === 0 ? (record.spanContext?.traceId ?? '') : `key ${at}`),
    ).toBeGreaterThan(0);
    if (at % 100 === 50) writer.flush();
  }
  writer.flush();
  const found = contents().records.map(({ record }) => record);
  expect(found.map(({ body }) => body)).toEqual(given.map(({ body }) => body));
  const shown = ({ resource: _, spanContext: context, ...rest }: (typeof given)[number]) =>
    JSON.stringify([
      Object.entries(rest).sort(([one], [other]) => (one < other ? -1 : 1)),
      context?.spanId === 'no id' ? undefined : context,
    ]);
  expect(found.map(shown)).toEqual(given.map(shown));
});
