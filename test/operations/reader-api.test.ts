import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { LiveTap, OperationsServer, type OperationsServerOptions } from '../../src/operations/index.ts';
import { StoreReaders } from '../../src/store/index.ts';
import { PROGRAM } from '../sinks/store/support.ts';
import { MemoryJournal } from '../sinks/support/memory-journal.ts';
import { LocalStore } from '../store/support/local-store.ts';
import { bodiesOf, request } from '../store/support/records.ts';
import { Reading, remarksOf } from './support/reading.ts';
import { snapshot } from './support/report.ts';

let folder = '';
let store: LocalStore;
let readers: StoreReaders;
const stops: (() => Promise<void>)[] = [];

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'reader-api-'));
  store = await LocalStore.open({}, join(folder, 'store'));
  store.add(Array.from({ length: 100 }, (_, at) => ({ body: `record ${at}`, severity: at % 2 ? 17 : 9 })));
  readers = new StoreReaders({ program: PROGRAM, directory: store.directory, onWarning: () => {} });
});
afterAll(async () => {
  await readers.close();
  store.close();
  rmSync(folder, { recursive: true, force: true });
});
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop();
});

async function serving(
  options: Partial<OperationsServerOptions> & { readonly isWithoutStore?: boolean } = {},
) {
  const journal = new MemoryJournal();
  const tap = new LiveTap(journal);
  const { isWithoutStore = false, ...rest } = options;
  const server = new OperationsServer({
    address: { host: '127.0.0.1', port: 0 },
    setting: 'http.endpoint',
    view: () => snapshot(),
    replayDeadLetters: () => Promise.reject(new Error('none')),
    records: { store: () => (isWithoutStore ? undefined : readers), tap },
    ...rest,
  });
  await server.start();
  stops.push(async () => {
    await tap.close();
    await server.stop();
  });
  const add = (...bodies: string[]) => journal.add(request(bodies.map((body) => ({ body }))), bodies.length);
  return { endpoint: server.endpoint, journal, add, tap };
}

const encoded = (parameters: Record<string, string>) => new URLSearchParams(parameters).toString();

test('records come as lines of OTLP/JSON in the asked order, and the last line says how many and whether there are more', async () => {
  const { endpoint } = await serving();
  const query = encoded({ when: 'severity_number >= SEVERITY_NUMBER_ERROR', limit: '3' });
  const answer = await Reading.get(endpoint, `/api/v1/records?${query}`);

  const text = await answer.end();
  expect(answer.status).toBe(200);
  expect(bodiesOf(text)).toEqual(['record 99', 'record 97', 'record 95']);
  expect(text.trimEnd().split('\n').at(-1)).toBe('{"distlog":{"records":3,"more":true}}');

  const oldest = await Reading.get(endpoint, '/api/v1/records?order=oldest&words=record');
  const all = await oldest.end();
  expect(bodiesOf(all)).toHaveLength(100);
  expect(remarksOf(all)).toEqual([{ records: 100, more: false }]);
});

test('a count takes the same parameters', async () => {
  const { endpoint } = await serving();
  const text = await (await Reading.get(endpoint, '/api/v1/count?words=record%2042')).end();
  expect(text).toBe('{"distlog":{"records":1}}\n');
});

test.each([
  ['records', { when: 'severity_number >= ' }, { parameter: 'when', column: expect.any(Number) }],
  ['records', { when: 'severty_number == 1' }, { parameter: 'when', column: 1 }],
  ['records', { limit: '100001' }, { parameter: 'limit' }],
  ['records', { trace: 'xyz' }, { parameter: 'trace' }],
  ['records', { words: '"" --' }, { parameter: 'words' }],
  ['records', { from: '-1' }, { parameter: 'from' }],
  ['records', { order: 'random' }, { parameter: 'order' }],
  ['records', { wen: 'true' }, { parameter: 'wen' }],
  ['count', { limit: '1' }, { parameter: 'limit' }],
  ['tail', { since: 'yesterday' }, { parameter: 'since' }],
])('/api/v1/%s with %p is answered with 400, and names the parameter', async (path, query, error) => {
  const { endpoint } = await serving();
  const answer = await Reading.get(endpoint, `/api/v1/${path}?${encoded(query as Record<string, string>)}`);

  expect(answer.status).toBe(400);
  expect(JSON.parse(await answer.end())).toEqual({ error: { message: expect.any(String), ...error } });
});

test('without a store the answer says how to add one; a live tail needs none', async () => {
  const { endpoint, add } = await serving({ isWithoutStore: true });
  for (const path of ['records', 'count', 'tail?since=5m']) {
    const answer = await Reading.get(endpoint, `/api/v1/${path}`);
    expect(answer.status).toBe(404);
    expect(await answer.end()).toContain('type: store');
  }

  const tail = await Reading.get(endpoint, '/api/v1/tail');
  expect(tail.status).toBe(200);
  add('live');
  expect(bodiesOf(await tail.until((text) => text.includes('live')))).toEqual(['live']);
  tail.stop();
});

test('the reader API is as closed as /metrics: a token, and no pages of other origins or host names', async () => {
  const { endpoint } = await serving({ token: 'secret-of-sixteen' });
  for (const path of ['records', 'count', 'tail']) {
    expect((await Reading.get(endpoint, `/api/v1/${path}`)).status).toBe(401);
  }
  const headers = { authorization: 'Bearer secret-of-sixteen' };
  expect((await Reading.get(endpoint, '/api/v1/count', headers)).status).toBe(200);

  const { endpoint: open } = await serving();
  for (const bad of [{ origin: 'https://evil.example' }, { host: 'evil.example' }]) {
    expect((await Reading.get(open, '/api/v1/records', bad as Record<string, string>)).status).toBe(403);
  }
});

test('a Unix domain socket needs no token, and belongs to this user alone', async () => {
  const path = join(folder, 'distlogd.sock');
  const { endpoint } = await serving({ address: { path }, token: 'secret-of-sixteen' });

  expect(endpoint).toBe(`unix:${path}`);
  expect(statSync(path).mode & 0o777).toBe(0o600);
  const answers = await Promise.all([1, 2, 3].map(() => Reading.get(endpoint, '/api/v1/count')));
  for (const answer of answers) expect(await answer.end()).toBe('{"distlog":{"records":100}}\n');
});

test('several clients follow, each with its own condition, and none gets what another asked for', async () => {
  const { endpoint, journal } = await serving();
  const errors = await Reading.get(endpoint, `/api/v1/tail?${encoded({ when: 'severity_number > 16' })}`);
  const all = await Reading.get(endpoint, '/api/v1/tail');
  for (let at = 0; at < 5; at += 1) {
    const said = [
      { body: `info ${at}`, severity: 9 },
      { body: `error ${at}`, severity: 17 },
    ];
    journal.add(request(said), 2);
  }

  expect(bodiesOf(await errors.until((text) => text.includes('error 4')))).toEqual(
    [0, 1, 2, 3, 4].map((at) => `error ${at}`),
  );
  expect(bodiesOf(await all.until((text) => text.includes('error 4')))).toHaveLength(10);
  errors.stop();
  all.stop();
});

test('since: the stored records come first, then those that come, without a gap and without a second copy', async () => {
  const { endpoint, journal, add } = await serving();
  const own = await LocalStore.open({}, join(folder, 'since'));
  const id = Buffer.from(journal.id).toString('hex');
  const now = Date.now();
  const entries = ['old', 'stored', 'only in the journal'].map((body, at) =>
    journal.add(request([{ body, time: at === 0 ? now - 600_000 : now }])),
  );
  own.writer.write(entries.slice(0, 2), { journal: id, next: entries[2]!.index });
  const own2 = new StoreReaders({ program: PROGRAM, directory: own.directory, onWarning: () => {} });
  const before = readers;
  readers = own2;
  try {
    const tail = await Reading.get(endpoint, '/api/v1/tail?since=5m');
    await tail.until((text) => text.includes('only in the journal'));
    add('live');
    expect(bodiesOf(await tail.until((text) => text.includes('live')))).toEqual([
      'stored',
      'only in the journal',
      'live',
    ]);
    tail.stop();
  } finally {
    readers = before;
    await own2.close();
    own.close();
  }
});

test('clients beyond the bound are refused until one has gone', async () => {
  const { endpoint } = await serving();
  const clients = await Promise.all(Array.from({ length: 32 }, () => Reading.get(endpoint, '/api/v1/tail')));
  const refused = await Reading.get(endpoint, '/api/v1/tail');
  expect(refused.status).toBe(503);
  expect(JSON.parse(await refused.end())).toEqual({ error: { message: expect.any(String) } });

  clients[0]!.stop();
  for (;;) {
    const again = await Reading.get(endpoint, '/api/v1/tail');
    if (again.status !== 200) continue;
    again.stop();
    break;
  }
  for (const client of clients) client.stop();
});
