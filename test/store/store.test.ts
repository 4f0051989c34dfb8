import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import * as fc from 'fast-check';
import { compileCondition } from '../../src/ottl/index.ts';
import { loadDriver } from '../../src/store/driver.ts';
import { partitionFiles } from '../../src/store/partition-files.ts';
import { LocalStore, newDirectory, withoutSync } from './support/local-store.ts';
import { record, type Said } from './support/records.ts';

const stores: LocalStore[] = [];
const open = async (...options: Parameters<typeof LocalStore.open>) => {
  const store = await LocalStore.open(...options);
  stores.push(store);
  return store;
};
afterEach(() => {
  for (const store of stores.splice(0)) store.close();
});
const partitions = ({ directory }: LocalStore) =>
  readdirSync(directory).filter((name) => /^\d{8}\.db$/.test(name));
const TRACE = '0af7651916cd43dd8448eb211c80319c';

test('records come back newest first, or oldest first, over chunks and partitions, up to the limit', async () => {
  const store = await open({ partitionRecords: 150 });
  for (let batch = 0; batch < 5; batch += 1) {
    store.add(Array.from({ length: 100 }, (_, at) => ({ body: batch * 100 + at })));
  }

  expect(partitions(store).length).toBeGreaterThan(2);
  const { bodies, found } = store.find();
  expect(bodies).toEqual(Array.from({ length: 500 }, (_, at) => 499 - at));
  expect(found).toMatchObject({ records: 500, more: false, isCut: false });
  expect(store.find({ limit: 130 })).toMatchObject({ found: { records: 130, more: true } });
  expect(store.find({ limit: 130, order: 'oldest' }).bodies).toEqual(
    Array.from({ length: 130 }, (_, at) => at),
  );
  expect(store.count()).toBe(500);
});

test('a search for words finds them in bodies, event names and values of attributes, and nowhere else', async () => {
  const store = await open();
  store.add([
    { body: 'Charged ORDER-4711 for Zoë' },
    { body: 'b', attributes: { 'order.id': 'order-4711' } },
    { body: 'c', attributes: { order: 4711 } },
    { body: 'd', event: 'order.4711' },
    { body: { entries: [['text', ['the', { entries: [['id', 'order 4711']] }]]] } },
    { body: 'order 47', attributes: { key: '4711' } },
  ]);

  expect(store.find({ words: 'order-4711', order: 'oldest' }).bodies).toEqual([
    'Charged ORDER-4711 for Zoë',
    'b',
    'd',
    expect.anything(),
  ]);
  expect(store.find({ words: 'zoe charged' }).bodies).toEqual(['Charged ORDER-4711 for Zoë']);
  expect(store.find({ words: '47 4711' }).bodies).toEqual(['order 47']);
  expect(store.count({ words: '4711' })).toBe(6);
  expect(store.find({ words: 'shop' }).bodies).toEqual([]);
});

test('quotes and operators in words are data, whatever they are', async () => {
  const store = await open();
  store.add([{ body: 'say "hello" AND (bye OR NOT) NEAR{body}: x* ^y -z' }, { body: 'another' }]);
  const all = '"hello" AND (bye OR NOT) NEAR{body}: x* ^y -z';

  expect(store.count({ words: all })).toBe(1);
  for (const words of ['hello OR another', 'hello NOT bye x', 'another*', 'body : another', '"" another']) {
    expect({ words, found: store.count({ words }) }).toEqual({
      words,
      found: words.includes('hello NOT') || words.startsWith('"" ') || words === 'another*' ? 1 : 0,
    });
  }
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 30 }), (text) => {
      fc.pre(/[\p{L}\p{N}]/u.test(text));
      expect(store.count({ words: text })).toBeGreaterThanOrEqual(0);
    }),
    { numRuns: 300 },
  );
});

test('a trace, times and conditions narrow a search, each alone and together', async () => {
  const store = await open();
  store.add([
    { body: 1, trace: TRACE, time: 1_000, severity: 17 },
    { body: 2, time: 2_000, severity: 17 },
    { body: 3, trace: TRACE, time: 3_000 },
  ]);
  store.add([{ body: 4, trace: TRACE, time: 2_500, attributes: { user: 'leo' } }], 'checkout');

  expect(store.find({ trace: TRACE }).bodies).toEqual([4, 3, 1]);
  expect(store.find({ from: '2000000000', to: '3000000000' }).bodies).toEqual([4, 2]);
  expect(store.find({ when: 'severity_number >= SEVERITY_NUMBER_ERROR' }).bodies).toEqual([2, 1]);
  expect(store.find({ when: 'severity_number > 9007199254740991' }).bodies).toEqual([]);
  expect(store.find({ when: 'resource.attributes["service.name"] == "checkout"' }).bodies).toEqual([4]);
  expect(
    store.find({ when: 'attributes["user"] == "leo"', trace: TRACE, from: '2000000000' }).bodies,
  ).toEqual([4]);
  expect(store.count({ trace: TRACE, when: 'severity_number == 17' })).toBe(1);
});

test('narrowing a search never changes its result: it equals a test of each record', async () => {
  const store = await open({ partitionRecords: 40 });
  const records: Said[] = Array.from({ length: 300 }, (_, at) => ({
    body: at % 3 === 0 ? `order ${at}` : 'x',
    severity: (at % 6) * 4,
    trace: at % 5 === 0 ? TRACE : '',
    attributes: at % 2 === 0 ? { user: `user-${at % 7}`, long: 'y'.repeat(at % 50 === 0 ? 40_000 : 1) } : {},
  }));
  for (let at = 0; at < records.length; at += 7) store.add(records.slice(at, at + 7), at % 2 ? 'a' : 'b');
  const atoms = [
    'severity_number >= SEVERITY_NUMBER_INFO',
    'severity_number > 12',
    'severity_number == 8',
    'body == "x"',
    'body == "order 30"',
    'attributes["user"] == "user-3"',
    'attributes["user"] == nil',
    `trace_id.string == "${TRACE}"`,
    'resource.attributes["service.name"] == "a"',
    'instrumentation_scope.name == "test"',
    'Len(attributes["long"]) > 5',
    'time_unix_nano > 25',
    'body != 25',
  ];
  const condition = fc
    .array(fc.tuple(fc.constantFrom('and', 'or'), fc.constantFrom('', 'not '), fc.constantFrom(...atoms)), {
      minLength: 1,
      maxLength: 4,
    })
    .map((parts) =>
      parts.map(([by, not, atom], at) => `${at === 0 ? '' : `${by} `}${not}(${atom})`).join(' '),
    );
  const empty = { attributes: [], droppedAttributesCount: 0 };
  const scope = { ...empty, name: 'test', version: '' };
  fc.assert(
    fc.property(condition, (when) => {
      const { test } = compileCondition(when);
      const expected = records.filter((said, at) => {
        const service = Math.floor(at / 7) % 2 ? 'a' : 'b';
        return test(record(said), scope, { ...empty, attributes: [['service.name', service]] }) === true;
      }).length;
      expect({ when, count: store.count({ when }) }).toEqual({ when, count: expected });
    }),
    { numRuns: 150 },
  );
});

test('the oldest partitions are removed by size', async () => {
  const store = await open({ partitionRecords: 100, maxBytes: 300_000 });
  for (let batch = 0; batch < 12; batch += 1) {
    store.add(Array.from({ length: 100 }, (_, at) => ({ body: batch * 100 + at })));
  }

  const { bodies } = store.find();
  expect(bodies[0]).toBe(1_199);
  expect(bodies.length).toBeLessThan(1_100);
  expect(bodies.length % 100).toBe(0);
  expect(store.writer.totals.recordsExpired).toBe(1_200 - bodies.length);
  expect(store.damaged).toEqual([]);
});

test('records are removed when they are too old, also without new ones', async () => {
  const store = await open({ maxAgeMillis: 80_000 });
  store.add([{ body: 'old' }]);
  store.now += 30_000;
  store.add([{ body: 'young' }]);
  store.writer.care();
  expect(store.find().bodies).toEqual(['young', 'old']);

  store.now += 50_000;
  store.writer.care();
  expect(store.find().bodies).toEqual(['young', 'old']);
  store.now += 1;
  store.writer.care();
  expect(store.find().bodies).toEqual(['young']);
  store.now += 30_000;
  store.writer.care();
  expect(store.find().bodies).toEqual([]);
});

test('a partition of another version is quarantined, and the others are used', async () => {
  const directory = newDirectory();
  const first = await LocalStore.open({ partitionRecords: 1 }, directory);
  first.add([{ body: 'kept' }]);
  first.add([{ body: 'foreign' }]);
  first.add([{ body: 'newest' }]);
  first.close();
  const foreign = partitions(first).at(-2)!;
  const database = (await loadDriver()).open(join(directory, foreign), 'existing');
  database.exec('PRAGMA user_version=99');
  database.close();

  const store = await open({}, directory);
  expect(store.find().bodies).toEqual(['newest', 'kept']);
  store.add([{ body: 'new' }]);
  expect(store.find().bodies).toEqual(['new', 'newest', 'kept']);
  expect([...store.warnings, ...store.damaged].join()).toContain(foreign);
});

test('a corrupt newest partition is quarantined; writing continues in a new one', async () => {
  const directory = newDirectory();
  const first = await LocalStore.open({}, directory);
  first.add([{ body: 'lost' }]);
  first.close();
  writeFileSync(join(directory, '00000001.db'), 'this is no database. '.repeat(1_000));

  const store = await open({}, directory);
  store.add([{ body: 'new' }]);
  expect(store.find().bodies).toEqual(['new']);
  expect(readFileSync(join(directory, '00000001.db.quarantined'), 'utf8')).toContain('no database');
  expect(store.warnings).toEqual([expect.stringContaining('00000001.db cannot be used')]);
  expect(store.writer.totals.partitionsQuarantined).toBe(1);
});

test('an entry that cannot be decoded is reported, and the others of its transaction are written', async () => {
  const store = await open();
  store.add([{ body: 'before' }]);

  expect(store.addBody(Buffer.from('no protobuf'))).toMatchObject({ bad: [2], message: expect.any(String) });
  expect(store.find().bodies).toEqual(['before']);
});

test('a search goes through any number of chunks and hits, in both orders', async () => {
  const store = await LocalStore.open({}, undefined, withoutSync);
  stores.push(store);
  const all = Array.from({ length: 600 }, (_, at) => at);
  // A chunk for each request, and then one of many records.
  for (const body of all.slice(0, 300)) store.add([{ body, event: 'counted' }]);
  store.add(all.slice(300).map((body) => ({ body, event: 'counted' })));
  for (const query of [{}, { words: 'counted' }, { when: 'event_name == "counted"' }]) {
    expect(store.find({ ...query, order: 'oldest' }).bodies).toEqual(all);
    expect(store.find(query).bodies).toEqual(all.toReversed());
    expect(store.count(query)).toBe(600);
  }
  expect(store.find({ words: '298', order: 'oldest' }).bodies).toEqual([298]);
});

test('many services and scopes do not multiply what is stored', async () => {
  const store = await open();
  for (let at = 0; at < 50; at += 1) store.add([{ body: at }], `service-${at % 2}-${'x'.repeat(20_000)}`);

  const database = (await loadDriver()).open(join(store.directory, '00000001.db'), 'existing');
  expect(database.prepare('SELECT count(*) AS count FROM resources').all()).toEqual([{ count: 2 }]);
  database.close();
});

test('a store without data is empty, not unreadable', () => {
  expect(partitionFiles(join(newDirectory(), 'not-yet'))).toEqual([]);
});
