import { mkdtempSync, rmSync } from 'node:fs';
import type { ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { compileCondition } from '../../src/ottl/index.ts';
import { DaemonSource, type Found, isNotice, viewOf } from '../../src/reader/index.ts';
import { bodyText, parseDuration } from '../../src/text/index.ts';
import { otlpLine } from '../tree/otlp-lines.ts';
import { record, TRACE } from '../tree/story.ts';
import { type DaemonServer, startDaemonServer } from './daemon-server.ts';

const servers: DaemonServer[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await server.stop();
});

async function serve(...args: Parameters<typeof startDaemonServer>) {
  const server = await startDaemonServer(...args);
  servers.push(server);
  return server;
}

const line = (body: string) => `${otlpLine(record({ body }))}\n`;
const said = (distlog: object) => `${JSON.stringify({ distlog })}\n`;
const signal = new AbortController().signal;
const shown = (found: Found) => (isNotice(found) ? [found] : found.records.map(bodyText));

async function all(finding: AsyncIterable<Found>) {
  const items: unknown[] = [];
  for await (const found of finding) items.push(...shown(found));
  return items;
}

const ends = (response: ServerResponse, ...lines: string[]) => {
  response.writeHead(200, { 'content-type': 'application/x-ndjson' });
  for (const each of lines) response.write(each);
  response.end();
};

test('a query is sent as parameters, and its answer is read as records', async () => {
  const server = await serve((_path, _query, response) =>
    ends(response, line('one'), line('two'), said({ records: 2, more: true })),
  );
  const source = new DaemonSource({ name: 'the daemon', url: server.url });
  const query = {
    words: 'order "25"',
    when: compileCondition('severity_number > 3'),
    traceId: TRACE,
    fromNanos: 5n,
    toNanos: 7n,
    limit: Number.POSITIVE_INFINITY,
    order: 'oldest',
  } as const;
  expect(await all(source.find(query, signal))).toEqual(['one', 'two', { notice: 'more' }]);
  const { pathname, searchParams } = new URL(server.asked[0]!, 'http://x');
  expect(pathname).toBe('/api/v1/records');
  expect(Object.fromEntries(searchParams)).toEqual({
    words: 'order "25"',
    when: '(severity_number > 3)',
    trace: TRACE,
    from: '5',
    to: '7',
    limit: '100000',
    order: 'oldest',
  });
});

test('a prefix of a trace id is sent as a condition', async () => {
  const server = await serve((_path, _query, response) => ends(response, said({ records: 0 })));
  const source = new DaemonSource({ name: 'the daemon', url: server.url });
  await all(source.find({ traceId: 'abcd', when: compileCondition('flags == 1'), limit: 5 }, signal));
  const when = new URL(server.asked[0]!, 'http://x').searchParams.get('when')!;
  expect(when).toBe('(flags == 1) and (HasPrefix(trace_id.string, "abcd"))');
  expect(() => compileCondition(when)).not.toThrow();
});

test('an incomplete answer is shown, and reported as incomplete', async () => {
  const cut = { notice: 'problem', message: expect.stringContaining('the answer is incomplete') };
  const ended = await serve((_path, _query, response) => ends(response, line('one')));
  const query = { limit: 10 };
  expect(await all(new DaemonSource({ name: 'd', url: ended.url }).find(query, signal))).toEqual([
    'one',
    cut,
  ]);
  const broken = await serve((_path, _query, response) => {
    response.write(line('one'), () => response.destroy());
  });
  expect(await all(new DaemonSource({ name: 'd', url: broken.url }).find(query, signal))).toEqual([
    'one',
    cut,
  ]);
});

test('counts', async () => {
  const server = await serve((_path, _query, response) =>
    ends(response, said({ records: 7, atLeast: true })),
  );
  const source = new DaemonSource({ name: 'd', url: server.url });
  expect(await source.count({ words: 'x' }, signal)).toEqual({ records: 7, atLeast: true });
  expect(server.asked).toEqual(['/api/v1/count?words=x']);
});

test('a count without an answer is an error, and after an abort a lower bound', async () => {
  const server = await serve((_path, _query, response) => ends(response, said({ heartbeat: true })));
  const source = new DaemonSource({ name: 'd', url: server.url });
  await expect(source.count({}, signal)).rejects.toMatchObject({
    kind: 'answer',
    message: 'd returned no count',
  });
  expect(await source.count({}, AbortSignal.abort())).toEqual({ records: 0, atLeast: true });
});

test('without words, time and order a query requests the newest; blanks are not words', async () => {
  const server = await serve((_path, _query, response) => ends(response, said({ records: 0 })));
  const source = new DaemonSource({ name: 'd', url: server.url });
  await all(source.find({ words: ' ', limit: 100_001 }, signal));
  await all(source.find({ words: 'x', ...viewOf('bursts'), limit: 1 }, signal));
  await all(source.find({ ...viewOf('bursts'), limit: 1 }, signal));
  await all(source.find({ ...viewOf('errors'), limit: 1 }, signal));
  const asked = server.asked.map((each) => Object.fromEntries(new URL(each, 'http://x').searchParams));
  expect(asked[0]).toEqual({ order: 'newest', limit: '100000' });
  expect(asked.map(({ words }) => words)).toEqual([
    undefined,
    'x burst.released',
    'burst.released',
    undefined,
  ]);
});

test('a live view that never connects is an error; so is one that fails with another error later', async () => {
  let isFirst = true;
  const server = await serve((_path, _query, response) => {
    if (!isFirst) response.writeHead(401).end('a token is needed');
    else response.write(line('x'), () => response.destroy());
    isFirst = false;
  });
  const source = new DaemonSource({ name: 'd', url: server.url });
  const items: unknown[] = [];
  const reading = (async () => {
    for await (const found of source.tail({}, signal)) items.push(...shown(found));
  })();
  await expect(reading).rejects.toMatchObject({ kind: 'refused' });
  expect(items).toEqual(['x', { notice: 'problem', message: 'd closed the connection; reconnecting' }]);
  await server.stop();
  await expect(all(source.tail({}, signal))).rejects.toMatchObject({ kind: 'unavailable' });
});

test('a live view from a future time requests the shortest period', async () => {
  const server = await serve((_path, _query, response) => response.write(line('x')));
  const source = new DaemonSource({ name: 'd', url: server.url });
  const stop = new AbortController();
  const fromNanos = BigInt(Date.now() + 60_000) * 1_000_000n;
  for await (const _ of source.tail({ fromNanos }, stop.signal)) stop.abort();
  expect(server.asked).toEqual(['/api/v1/tail?since=1ms']);
});

test.each([
  [
    400,
    '{"error":{"message":"column 1: unknown path x","parameter":"when","column":1}}',
    { kind: 'query', message: 'when: column 1: unknown path x' },
  ],
  [404, '{"error":{"message":"no store sink"}}', { kind: 'not_found', message: 'd: no store sink' }],
  [
    401,
    'a token is needed',
    { kind: 'refused', message: 'd: a token is needed; set the token with --token-file or DISTLOG_TOKEN' },
  ],
  [503, '{"error":{"message":"too many"}}', { kind: 'unavailable', message: 'd answered 503: too many' }],
])('status %i is an error that says what to do', async (status, body, error) => {
  const server = await serve((_path, _query, response) => response.writeHead(status).end(body));
  const source = new DaemonSource({ name: 'd', url: server.url, busyMillis: [1, 1] });
  await expect(all(source.find({ limit: 1 }, signal))).rejects.toMatchObject(error);
  await expect(all(source.tail({}, signal))).rejects.toMatchObject(error);
});

test('a server that does not exist, or sends an invalid answer', async () => {
  const server = await serve((_path, _query, response) => ends(response, '<html>\n'));
  await expect(
    all(new DaemonSource({ name: 'd', url: server.url }).find({ limit: 1 }, signal)),
  ).rejects.toThrow(/^d sent an invalid answer: invalid JSON/);
  await server.stop();
  await expect(
    all(new DaemonSource({ name: 'd', url: server.url }).find({ limit: 1 }, signal)),
  ).rejects.toMatchObject({ kind: 'unavailable', message: 'no answer from d; is distlogd running?' });
});

test('a request to a server that is starting is retried', async () => {
  let requests = 0;
  const server = await serve((_path, _query, response) => {
    requests += 1;
    if (requests < 3) response.writeHead(503).end('{"error":{"message":"the store is starting"}}');
    else ends(response, line('x'), said({ records: 1 }));
  });
  expect(await all(new DaemonSource({ name: 'd', url: server.url }).find({ limit: 1 }, signal))).toEqual([
    'x',
  ]);
  expect(requests).toBe(3);
});

test('a token is sent, and a socket in the file system is used', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'distlog-'));
  const socketPath = join(folder, 'd.sock');
  let authorization: string | undefined;
  const server = await serve((_path, _query, response, request) => {
    ({ authorization } = request.headers);
    ends(response, line('x'), said({ records: 1 }));
  }, socketPath);
  const source = new DaemonSource({
    name: 'd',
    url: new URL('http://localhost'),
    socketPath,
    token: 'secret',
  });
  expect(await all(source.find({ limit: 1 }, signal))).toEqual(['x']);
  expect(authorization).toBe('Bearer secret');
  await server.stop();
  rmSync(folder, { recursive: true });
});

test('a live view shows new records, reports missed ones, and reconnects when the daemon is back', async () => {
  let connections = 0;
  const server = await serve((path, _query, response) => {
    connections += 1;
    expect(path).toBe('/api/v1/tail');
    response.writeHead(200);
    response.write(said({ heartbeat: true }));
    response.write(line(`of connection ${connections}`));
    response.write(said({ missed: 3 }), () => {
      if (connections === 1) response.destroy();
    });
  });
  const stop = new AbortController();
  const items: unknown[] = [];
  const source = new DaemonSource({ name: 'd', url: server.url });
  const asked = Date.now();
  const query = { when: compileCondition('flags >= 0'), fromNanos: BigInt(asked - 60_000) * 1_000_000n };
  for await (const found of source.tail(query, stop.signal)) {
    items.push(...shown(found));
    if (items.length === 6) stop.abort();
  }
  expect(items).toEqual([
    'of connection 1',
    { notice: 'missed', records: 3 },
    { notice: 'problem', message: 'd closed the connection; reconnecting' },
    { notice: 'problem', message: expect.stringMatching(/^d is back after .* are not shown/) },
    'of connection 2',
    { notice: 'missed', records: 3 },
  ]);
  const [first, second] = server.asked.map((each) => new URL(each, 'http://x').searchParams);
  expect(first!.get('when')).toBe('flags >= 0');
  const sinceMillis = parseDuration(first!.get('since')!)!;
  expect(sinceMillis).toBeGreaterThanOrEqual(60_000);
  expect(sinceMillis).toBeLessThanOrEqual(60_000 + Date.now() - asked);
  // Records that were already shown are not requested again.
  expect(second!.has('since')).toBe(false);
});

test('a live view filters words itself', async () => {
  const server = await serve((_path, _query, response) => {
    response.write(line('order 25'));
    response.write(line('order 26'));
  });
  const stop = new AbortController();
  const source = new DaemonSource({ name: 'd', url: server.url });
  for await (const found of source.tail({ words: '26' }, stop.signal)) {
    expect(shown(found)).toEqual(['order 26']);
    stop.abort();
  }
});
