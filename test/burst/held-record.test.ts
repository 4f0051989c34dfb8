/**
 * Held records that are evicted or discarded are filled again, and their attributes are kept as values behind
 * a shared list of keys. Neither may be seen from outside.
 */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { context } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { LoggerProvider } from '@opentelemetry/sdk-logs';
import * as fc from 'fast-check';
import { AttributeKeys, MAX_SHARED_KEYS } from '../../src/burst/attribute-keys.ts';
import { HeldRecord, HeldRecords, HeldWithDetails } from '../../src/burst/held-record.ts';
import { BurstLoggerProvider } from '../../src/burst/index.ts';
import type { BurstLoggerProviderOptions } from '../../src/burst/options.ts';
import type { ReadableLogRecordLike } from '../../src/record/otel.ts';
import { Severity } from '../../src/record/severity.ts';
import { TaskLogRecordProcessor, task } from '../../src/task/index.ts';
import { inTrace } from '../support/pipeline.ts';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

const source = { logger: { emit() {} }, scope: { name: 'shop' }, offset: 0 };

beforeAll(() => {
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
});
afterAll(() => context.disable());

/** The attributes that a held record returns, with their keys in order. */
function kept(attributes: Record<string, unknown>, none = new AttributeKeys()): [string, unknown][] {
  const record = new HeldRecord(source);
  record.setAttributes(attributes, none, 65_536);
  return Object.entries(record.attributes ?? {});
}

describe('attributes', () => {
  const keys = fc.oneof(
    fc.constantFrom(
      'a',
      'b',
      'c',
      '__proto__',
      'constructor',
      'hasOwnProperty',
      'length',
      '0',
      '10',
      '2',
      '',
    ),
    fc.string(),
  );
  const values = fc.oneof(
    fc.string(),
    fc.double(),
    fc.integer(),
    fc.boolean(),
    fc.constantFrom(null, undefined),
    fc.array(fc.integer(), { maxLength: 3 }),
  );

  test('of any keys and number, for consecutive records, are returned in order', () => {
    const attributes = fc.array(fc.tuple(keys, values), { maxLength: MAX_SHARED_KEYS + 3 });
    fc.assert(
      fc.property(fc.array(attributes, { minLength: 1, maxLength: 12 }), (records) => {
        const none = new AttributeKeys();
        const held = new HeldRecords();
        for (const entries of records) {
          const given = Object.fromEntries(entries);
          const record = held.take(source);
          record.setAttributes(given, none, 65_536);
          expect(Object.entries(record.attributes ?? {})).toEqual(Object.entries(given));
          record.dropped(held);
        }
      }),
      { numRuns: 200 },
    );
  });

  test('that are inherited, or have a symbol as key, are ignored', () => {
    const defaults = { tenant: 'one' };
    expect(kept(Object.assign(Object.create(defaults), { user: 1, [Symbol('hidden')]: 2 }))).toEqual([
      ['user', 1],
    ]);
    // Also if another record has an attribute of that name.
    const none = new AttributeKeys();
    kept({ user: 1, tenant: 'two' }, none);
    expect(kept(Object.assign(Object.create(defaults), { user: 3 }), none)).toEqual([['user', 3]]);
  });

  test('are measured the same, whether their keys are shared or not', () => {
    const few = { text: 'a text', number: 1, list: [1, 2, 3] };
    const sizeOf = (none: AttributeKeys) => new HeldRecord(source).setAttributes(few, none, 65_536);
    const full = new AttributeKeys();
    for (let index = 0; index < 4_096; index += 1) full.with(`key ${index}`);
    expect(full.with('one more')).toBeUndefined();
    expect(full.with('key 4095')?.all()).toEqual(['key 4095']);
    expect(sizeOf(full)).toBe(sizeOf(new AttributeKeys()));
  });

  test('are read and copied once each, whether their keys are shared or not', () => {
    const held = new HeldRecords();
    const none = new AttributeKeys();
    for (const count of [MAX_SHARED_KEYS, MAX_SHARED_KEYS + 1, 2 * MAX_SHARED_KEYS]) {
      const reads: string[] = [];
      const copies: string[] = [];
      const attributes: Record<string, unknown> = {};
      for (let index = 0; index < count; index += 1) {
        const key = `key ${index}`;
        const toJSON = () => {
          copies.push(key);
          return index;
        };
        Object.defineProperty(attributes, key, {
          enumerable: true,
          get() {
            reads.push(key);
            return { toJSON };
          },
        });
      }
      const record = held.take(source);
      record.setAttributes(attributes, none, 65_536);
      const keys = Object.keys(attributes);
      expect({ reads, copies }).toEqual({ reads: keys, copies: keys });
      expect(record.attributes).toEqual(Object.fromEntries(keys.map((key, index) => [key, index])));
      record.dropped(held);
    }
  });

  test('with generated keys do not fill the memory with lists', () => {
    const none = new AttributeKeys();
    for (let index = 0; index < 4_200; index += 1) {
      expect(kept({ [`user.${index}`]: index, always: true }, none)).toEqual([
        [`user.${index}`, index],
        ['always', true],
      ]);
    }
    const lists = [...Array(4_200).keys()].filter((index) => none.with(`user.${index}`) !== undefined);
    expect(lists.length).toBeLessThanOrEqual(4_096);
  });
});

describe('a reused record', () => {
  test('has none of its previous data', () => {
    const none = new AttributeKeys();
    const held = new HeldRecords();
    const first = held.take(source);
    first.setAttributes({ a: 1, b: 2, c: 3 }, none, 65_536);
    first.body = 'body';
    first.severity = Severity.DEBUG;
    first.spanContext = { traceId: '1', spanId: '2', traceFlags: 1 };
    first.marks = { id: 'id', name: 'name', parentId: undefined, bound: {} };
    first.sequence = 7;
    first.dropped(held);
    const again = held.take(source);
    expect(again).toBe(first);
    expect(again).toMatchObject({ body: undefined, spanContext: undefined, attributes: undefined });
    expect(again.release).toEqual({ marks: undefined, sequence: 0 });
    again.setAttributes({ c: 4 }, none, 65_536);
    expect(again.attributes).toEqual({ c: 4 });
  });

  test('does not reference its previous data, also while it is in the pool', async () => {
    const none = new AttributeKeys();
    const held = new HeldRecords();
    const fill = (count: number) => {
      const record = held.take(source);
      // Objects are copied; a function is kept as it is.
      const values = [...Array(count).keys()].map(() => () => {});
      const attributes = Object.fromEntries(values.map((value, at) => [`key ${at}`, value]));
      record.setAttributes(attributes, none, 65_536);
      record.dropped(held);
      return values.map((value) => new WeakRef(value));
    };
    const references = [MAX_SHARED_KEYS, MAX_SHARED_KEYS + 1].flatMap(fill);
    // The target of a WeakRef is kept until the next turn.
    await new Promise((resolve) => setImmediate(resolve));
    collectGarbage();
    expect(references.filter((reference) => reference.deref() !== undefined)).toEqual([]);
    expect(held.take(source)).toMatchObject({ body: undefined, spanContext: undefined, marks: undefined });
  });

  test('is from a pool of bounded size, and has no details', () => {
    const held = new HeldRecords();
    const records = [...Array(4_100).keys()].map(() => held.take(source));
    for (const record of records) record.dropped(held);
    const again = new Set([...Array(4_100).keys()].map(() => held.take(source)));
    expect(records.filter((record) => again.has(record))).toHaveLength(4_096);
    const detailed = new HeldWithDetails(source, { eventName: 'paid' });
    detailed.dropped();
    expect(held.take(source)).not.toBe(detailed);
  });
});

describe('through a provider', () => {
  function deferring(options: Partial<BurstLoggerProviderOptions>) {
    const records: ReadableLogRecordLike[] = [];
    const keeps = {
      onEmit: (record: unknown) => void records.push(record as ReadableLogRecordLike),
      async forceFlush() {},
      async shutdown() {},
    };
    const behind = new LoggerProvider({ processors: [new TaskLogRecordProcessor(), keeps] });
    const provider = new BurstLoggerProvider({ provider: behind, limit: false, ...options });
    return { records, provider, logger: provider.getLogger('shop') };
  }
  const DEBUG = Severity.DEBUG;

  test.each(['immediate', 'chronological'] as const)(
    'what is released is what was logged, while other records are evicted and discarded: %s',
    async (order) => {
      const scope = order === 'immediate' ? 'trace' : 'global';
      const { records, provider, logger } = deferring({ order, scope, capacity: 3, after: false });
      const expected: unknown[] = [];
      for (let round = 0; round < 50; round += 1) {
        context.with(inTrace(`trace ${round % 7}`), () => {
          for (let index = 0; index < 2 + (round % 5); index += 1) {
            const attributes = Object.fromEntries(
              [...Array(index * 2).keys()].map((at) => [`key ${at}`, `${round}/${index}/${at}`]),
            );
            logger.emit({ severityNumber: DEBUG, body: `${round}/${index}`, attributes });
          }
          if (round % 3 === 0) provider.discard();
          if (round % 3 === 1) provider.burst();
        });
        await provider.forceFlush();
        for (const { body, attributes } of records.splice(0)) {
          if (attributes['burst.id'] === undefined || String(body).startsWith('burst')) continue;
          const [, index] = String(body).split('/').map(Number);
          const own = Object.entries(attributes).filter(([key]) => key.startsWith('key'));
          expect(own).toEqual([...Array(index! * 2).keys()].map((at) => [`key ${at}`, `${body}/${at}`]));
          expected.push(body);
        }
      }
      expect(expected.length).toBeGreaterThan(40);
      expect(new Set(expected).size).toBe(expected.length);
    },
  );

  test('a record outside of tasks has no data of the task of the previous record', async () => {
    const { records, provider, logger } = deferring({ scope: 'global', capacity: 1 });
    task('charge', { tenant: 'one' }, () => logger.emit({ severityNumber: DEBUG, body: 'inside' }));
    logger.emit({ severityNumber: DEBUG, body: 'evicts it' });
    logger.emit({ severityNumber: DEBUG, body: 'is filled again' });
    provider.burst({ keys: 'all' });
    await provider.forceFlush();
    const record = records.find(({ body }) => body === 'is filled again');
    expect(Object.keys(record?.attributes ?? {}).filter((key) => /task|tenant/.test(key))).toEqual([]);
  });

  test('a getter and a toJSON() that log while they are read do not affect record and sizes', async () => {
    const { records, provider, logger } = deferring({ scope: 'global', capacity: 100 });
    const inner = (body: string) =>
      logger.emit({ severityNumber: DEBUG, body: body.repeat(1_000), attributes: { inner: body } });
    const attributes = {
      first: 'one',
      get second() {
        inner('a');
        return 'two';
      },
      third: 'three',
    };
    const body = {
      toJSON() {
        inner('b');
        return { text: 'outer' };
      },
    };
    logger.emit({ severityNumber: DEBUG, body, attributes });
    const nested = provider.stats().holdingBytes;
    provider.discard({ keys: 'all' });
    logger.emit({ severityNumber: DEBUG, body: 'a'.repeat(1_000), attributes: { inner: 'a' } });
    logger.emit({ severityNumber: DEBUG, body: 'b'.repeat(1_000), attributes: { inner: 'b' } });
    logger.emit({
      severityNumber: DEBUG,
      body: { text: 'outer' },
      attributes: { first: 'one', second: 'two', third: 'three' },
    });
    expect(provider.stats().holdingBytes).toBe(nested);
    provider.discard({ keys: 'all' });
    logger.emit({ severityNumber: DEBUG, body, attributes });
    provider.burst({ keys: 'all' });
    await provider.forceFlush();
    const own = ({ attributes: all }: ReadableLogRecordLike) =>
      Object.fromEntries(Object.entries(all).filter(([key]) => !key.startsWith('burst')));
    expect(records.slice(0, 3).map((record) => own(record))).toEqual([
      { inner: 'a' },
      { inner: 'b' },
      { first: 'one', second: 'two', third: 'three' },
    ]);
    expect(records[2]?.body).toEqual({ text: 'outer' });
  });

  test('a getter that throws loses its record only', async () => {
    const { records, provider, logger } = deferring({ scope: 'global' });
    const attributes = {
      first: 1,
      get second(): never {
        throw new Error('not now');
      },
    };
    logger.emit({ severityNumber: DEBUG, body: 'unreadable', attributes });
    logger.emit({ severityNumber: DEBUG, body: 'next', attributes: { third: 3 } });
    provider.burst({ keys: 'all' });
    await provider.forceFlush();
    expect(records.map(({ body }) => body)).toEqual(['next', expect.stringContaining('released 1 record')]);
    expect(records[0]?.attributes).toMatchObject({ third: 3 });
    expect(records[0]?.attributes).not.toHaveProperty('first');
    expect(provider.stats().failed.unreadable).toBe(1);
  });
});
