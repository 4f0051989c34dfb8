import { compileCondition } from '../../src/ottl/index.ts';
import {
  type Found,
  isNotice,
  type RecordQuery,
  VictoriaLogsSource,
  viewOf,
} from '../../src/reader/index.ts';
import { timeText } from '../../src/reader/victoria-logs-rows.ts';
import { bodyText } from '../../src/text/index.ts';
import { type DaemonServer, startDaemonServer } from './daemon-server.ts';

const servers: DaemonServer[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await server.stop();
});
const { signal } = new AbortController();
const TRACE = '4bf92f3577b34da6a3ce929d0e0e4736';

interface StoredRow {
  readonly nanos: bigint;
  readonly message: string;
}

/** Evaluates time, order and limit of LogsQL like VictoriaLogs, and treats every other filter as a match. */
function rowsOf(query: string, rows: readonly StoredRow[]): string[] {
  const [, from, to] = /_time:\[(\S+), (\S+)\)/.exec(query) ?? [];
  const isBetween = ({ nanos }: StoredRow) => {
    const time = timeText(nanos);
    return (from === undefined || time >= from) && (to === undefined || time < to);
  };
  const isNewest = query.includes('_time desc');
  const limit = Number(/ limit (\d+)/.exec(query)?.[1] ?? Number.POSITIVE_INFINITY);
  const sorted = rows
    .filter(isBetween)
    .toSorted((one, other) => Number(one.nanos - other.nanos) * (isNewest ? -1 : 1));
  return sorted
    .slice(0, limit)
    .map(({ nanos, message }) => JSON.stringify({ _time: timeText(nanos), _msg: message, _stream: '{}' }));
}

async function serve(answer: (query: string, path: string) => readonly string[]) {
  const server = await startDaemonServer((path, query, response) =>
    response.end(answer(query.get('query') ?? '', path).join('\n')),
  );
  servers.push(server);
  const source = new VictoriaLogsSource({ name: 'v', url: server.url });
  const queries = () => server.asked.map((each) => new URL(each, 'http://x').searchParams.get('query'));
  const found = async (query: Partial<RecordQuery>) => {
    const all: string[] = [];
    for await (const each of source.find({ limit: 10, ...query }, signal)) all.push(...shown(each));
    return all;
  };
  return { source, server, queries, found };
}

const shown = (found: Found) => (isNotice(found) ? [found.notice] : found.records.map(bodyText));
const rows = (count: number, nanosOf: (at: number) => bigint = (at) => BigInt(at)): StoredRow[] =>
  Array.from({ length: count }, (_, at) => ({ nanos: 10n ** 18n + nanosOf(at), message: `row ${at}` }));

test.each<[string, Partial<RecordQuery>, string]>([
  ['nothing', {}, '*'],
  ['a trace', { traceId: TRACE }, `trace_id:"${TRACE}"`],
  ['the beginning of a trace id', { traceId: '4bf9' }, 'trace_id:"4bf9"*'],
  ['words, as data', { words: ' a "b" | -- é' }, '*:i("a") *:i("\\"b\\"") *:i("é")'],
  [
    'times',
    { fromNanos: 1n, toNanos: 1_500_000_000n },
    '_time:[1970-01-01T00:00:00.000000001Z, 1970-01-01T00:00:01.500000000Z)',
  ],
  ['the beginning of time', { fromNanos: 0n }, '*'],
  ['an end alone', { toNanos: 1n }, '_time:[1970-01-01T00:00:00.000000000Z, 1970-01-01T00:00:00.000000001Z)'],
  ['bursts', viewOf('bursts'), 'event_name:="burst.released"'],
  ['tasks', viewOf('tasks'), 'task.id:*'],
  ['errors with a number', viewOf('numberedErrors'), 'severity_number:>=17'],
  ['errors', viewOf('errors'), '(severity_number:>=17 or severity_number:in("","0"))'],
  [
    'failures of a trace',
    { ...viewOf('failures'), traceId: TRACE },
    `trace_id:"${TRACE}" (severity_number:>=17 or severity_number:in("","0") or event_name:="burst.released")`,
  ],
])('%s is asked for in LogsQL', async (_name, query, text) => {
  const { queries, found } = await serve(() => []);
  const size = query.when === undefined ? 11 : 10_000;
  await found(query);
  await found({ ...query, order: 'oldest' });
  expect(queries()).toEqual([
    `${text} | sort by (_time desc) limit ${size}`,
    `${text} | sort by (_time) limit ${size}`,
  ]);
});

test.each([
  [4, ['row 4', 'row 3', 'row 2', 'row 1', 'more']],
  [5, ['row 4', 'row 3', 'row 2', 'row 1', 'row 0']],
])('of five records with a limit of %i: %j', async (limit, expected) => {
  const { found } = await serve((query) => rowsOf(query, rows(5)));
  expect(await found({ limit })).toEqual(expected);
  const oldest = expected.map((each) => (each === 'more' ? each : `row ${4 - Number(each.slice(4))}`));
  expect(await found({ limit, order: 'oldest' })).toEqual(oldest);
});

test.each(['newest', 'oldest'] as const)(
  'page after page is asked for, %s first, each record once',
  async (order) => {
    // Three records of each time: a page ends within them.
    const all = rows(40, (at) => BigInt(Math.floor(at / 3)));
    const { found, queries } = await serve((query) => rowsOf(query, all));
    // Only a few match, so that several pages are needed.
    const words = await found({ words: '7', limit: 4, order });
    expect(words).toEqual(['row 7']);
    expect(queries().length).toBeGreaterThan(10);
  },
);

test.each(['newest', 'oldest'] as const)(
  'more records of one time than a page has are all looked at, %s first',
  async (order) => {
    const all = rows(40, (at) => (at === 0 || at === 39 ? BigInt(at) : 5n));
    const { found } = await serve((query) => rowsOf(query, all));
    for (const [word, limit] of [
      ['0', 1],
      ['20', 2],
      ['38', 2],
      ['39', 1],
    ] as const) {
      expect(await found({ words: word, limit, order })).toEqual([`row ${word}`]);
    }
  },
);

test('records are counted by the server, or one by one if there is a condition', async () => {
  const { source, queries } = await serve((query) =>
    query.includes('stats count()') ? ['{"records":"42"}'] : rowsOf(query, rows(3)),
  );
  expect(await source.count({ words: 'x', traceId: TRACE }, signal)).toEqual({ records: 42, atLeast: false });
  expect(queries()).toEqual([`trace_id:"${TRACE}" *:i("x") | stats count() records`]);
  const when = compileCondition('body != "row 1"');
  expect(await source.count({ when }, signal)).toEqual({ records: 2, atLeast: false });
});

test('no rows are a count of 0; after an abort it is the count so far', async () => {
  const { source } = await serve(() => []);
  expect(await source.count({}, signal)).toEqual({ records: 0, atLeast: false });
  expect(await source.count({}, AbortSignal.abort())).toEqual({ records: 0, atLeast: true });
  const when = compileCondition('flags == 0');
  expect(await source.count({ when }, AbortSignal.abort())).toEqual({ records: 0, atLeast: true });
});

test.each(['<html>', 'null', '5'])(
  'an answer that cannot be read is an error, for each kind of query: %s',
  async (line) => {
    const { source, found } = await serve(() => [line]);
    const error = {
      name: 'ReaderError',
      kind: 'answer',
      message: expect.stringMatching(/^v sent an invalid answer: /),
    };
    await expect(found({})).rejects.toMatchObject(error);
    await expect(source.count({}, signal)).rejects.toMatchObject(error);
    await expect(source.tail({}, signal)[Symbol.asyncIterator]().next()).rejects.toMatchObject(error);
  },
);

test('a live view requests new records, a second late, and records since a time', async () => {
  const { source, server } = await serve((query) => rowsOf(query, rows(3)));
  const seen: string[] = [];
  const tail = async (query: Parameters<VictoriaLogsSource['tail']>[0]) => {
    for await (const each of source.tail(query, signal)) seen.push(...shown(each));
    return Object.fromEntries(new URL(server.asked.at(-1)!, 'http://x').searchParams);
  };
  expect(await tail({ words: '2' })).toEqual({ query: '*:i("2")', offset: '1s', refresh_interval: '1s' });
  expect(seen).toEqual(['row 2']);
  expect(new URL(server.asked[0]!, 'http://x').pathname).toBe('/select/logsql/tail');
  const fromNanos = BigInt(Date.now() - 3_600_000) * 1_000_000n;
  const { start_offset: since, query } = await tail({ fromNanos });
  expect(since).toMatch(/^(1h|60m|36\d\ds|36\d{5}ms)$/);
  expect(query).toBe('*');
  expect(await tail({ fromNanos: BigInt(Date.now() + 60_000) * 1_000_000n })).not.toHaveProperty(
    'start_offset',
  );
});

test('an unavailable server is an error with a hint', async () => {
  const { server, found } = await serve(() => []);
  await server.stop();
  await expect(found({})).rejects.toThrow('no answer from v; is it running?');
});
