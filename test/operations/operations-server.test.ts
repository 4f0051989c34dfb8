import { once } from 'node:events';
import { Agent, request } from 'node:http';
import { request as requestTls } from 'node:https';
import { createServer } from 'node:net';
import { isDeepStrictEqual } from 'node:util';
import fc from 'fast-check';
import { OperationsServer, type OperationsServerOptions, type Snapshot } from '../../src/operations/index.ts';
import type { LoopDelay } from '../../src/operations/loop-delay.ts';
import { metricsOf } from '../../src/operations/metrics.ts';
import { prometheusText } from '../../src/operations/prometheus.ts';
import { certificate, hasOpenssl } from '../receivers/otlp/support/certificates.ts';
import { portOf, rawConnection } from '../receivers/otlp/support/http.ts';
import { parsePrometheus } from './support/prometheus.ts';
import { snapshot } from './support/report.ts';

const TOKEN = 'secret-of-sixteen';
const stops: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop();
});

async function serving(options: Partial<OperationsServerOptions> = {}) {
  const replayed: string[] = [];
  const server = new OperationsServer({
    address: { host: '127.0.0.1', port: 0 },
    setting: 'http.endpoint',
    view: () => snapshot(),
    replayDeadLetters: async (sink) => {
      if (sink !== 'files') throw new Error(`no sink ${JSON.stringify(sink)}`);
      replayed.push(sink);
      return { letters: 2, records: 9 };
    },
    ...options,
  });
  await server.start();
  stops.push(() => server.stop());
  return { server, endpoint: server.endpoint, replayed };
}

interface Answered {
  readonly status: number;
  readonly text: string;
  readonly headers: Readonly<Record<string, unknown>>;
}

function get(
  endpoint: string,
  path: string,
  headers: Record<string, string> = {},
  method = 'GET',
  agent = new Agent({ keepAlive: false }),
): Promise<Answered> {
  return new Promise((resolve, reject) => {
    const options = { path, method, headers, agent };
    request(endpoint, options, (response) => {
      let text = '';
      response.setEncoding('utf8').on('data', (piece) => {
        text += piece;
      });
      response.on('end', () => resolve({ status: response.statusCode!, text, headers: response.headers }));
    })
      .on('error', reject)
      .end();
  });
}

test.each([
  ['starting', 200, 503],
  ['ready', 200, 200],
  ['draining', 200, 503],
  ['failed', 503, 503],
] as const)('state %s: health %p, readiness %p', async (state, health, readiness) => {
  const { endpoint } = await serving({ view: () => snapshot({ state, reason: 'why' }), token: TOKEN });

  expect(await get(endpoint, '/healthz')).toMatchObject({ status: health, text: `${state}: why\n` });
  expect(await get(endpoint, '/readyz?verbose')).toMatchObject({ status: readiness });
});

test('it is not ready while no records are accepted, but healthy: a restart would not help', async () => {
  const { endpoint } = await serving({
    view: () => snapshot({ blocked: 'the journal is full' }),
    token: TOKEN,
  });

  expect(await get(endpoint, '/healthz')).toMatchObject({ status: 200, text: 'ready\n' });
  expect(await get(endpoint, '/readyz')).toMatchObject({
    status: 503,
    text: 'blocked: the journal is full\n',
  });
});

test('the status is the whole report, with the state', async () => {
  const { endpoint } = await serving();

  const { status, text, headers } = await get(endpoint, '/status');

  const { report, ...state } = snapshot();
  expect([status, headers['content-type']]).toEqual([200, 'application/json; charset=utf-8']);
  expect(JSON.parse(text)).toEqual({ ...state, ...report });
});

test('the metrics are Prometheus text, with every figure of the report', async () => {
  const { endpoint } = await serving();

  const { status, text, headers } = await get(endpoint, '/metrics');
  expect([status, headers['content-type']]).toEqual([200, 'text/plain; version=0.0.4; charset=utf-8']);
  const metrics = parsePrometheus(text);
  for (const name of metrics.keys()) expect(name).toMatch(/^distlogd_/);
  const value = (name: string, labels: object) =>
    metrics
      .get(`distlogd_${name}`)
      ?.samples.find((one) => JSON.stringify(one.labels) === JSON.stringify(labels))?.value;

  expect(value('state', { state: 'ready' })).toBe(1);
  expect(value('state', { state: 'failed' })).toBe(0);
  expect(value('info', { version: '1.2.3' })).toBe(1);
  expect(value('journal_bytes', {})).toBe(3_000_000);
  expect(value('journal_refused_batches_total', { cause: 'disk' })).toBe(4);
  expect(value('receiver_records_total', { receiver: 'zmqAck' })).toBe(5_120_000);
  expect(value('receiver_refused_batches_total', { receiver: 'zmqAck', cause: 'full' })).toBe(30);
  expect(value('receiver_dropped_records_total', { receiver: 'zmqPush', cause: 'full' })).toBe(7);
  const fleet = { sink: 'to "the\\\nfleet"', type: 'otlp' };
  expect(value('sink_behind_seconds', fleet)).toBe(95);
  expect(value('sink_behind_batches', fleet)).toBe(4);
  expect(value('sink_dropped_records_total', { ...fleet, cause: 'behind_age' })).toBe(512);
  expect(value('sink_dropped_records_total', { ...fleet, cause: 'partial_success' })).toBe(2);
  expect(value('sink_rejected_records_total', { ...fleet, cause: 'http_400' })).toBe(3);
  expect(value('sink_file_rotations_total', { sink: 'files', type: 'file' })).toBe(2);
  expect(value('sink_last_error_timestamp_seconds', { sink: 'files', type: 'file' })).toBe(1_700_000_000);
  expect(value('sink_failing', fleet)).toBe(1);
  expect(value('sink_failing', { sink: 'files', type: 'file' })).toBe(0);
  expect(value('sink_blocking', fleet)).toBe(1);
  expect(value('cpu_seconds_total', {})).toBeGreaterThan(0);
  expect(value('resident_memory_bytes', {})).toBeGreaterThan(1e6);
});

/** Possible names of a sink or a counter. */
const anyName = fc.oneof(
  fc.string({ unit: 'grapheme' }),
  fc.constantFrom(
    '"',
    '\\',
    '\n',
    '\\n',
    '\r',
    '}',
    '{a="b"}',
    '\u2028',
    'a-b',
    'a_b',
    'records',
    'batches',
    'written',
  ),
);

test('whatever sinks, causes and counters are called, the metrics are Prometheus text, and each value is there', () => {
  const { report, ...state } = snapshot();
  const [first] = report.sinks;
  const sink = fc.record({
    name: anyName,
    type: fc.constantFrom('file', 'my-own', 'written', 'dropped'),
    filtered: fc.dictionary(anyName, fc.nat(), { noNullPrototype: true, maxKeys: 3 }),
    own: fc.dictionary(anyName, fc.oneof(fc.nat(), fc.constantFrom(0.5, 1e21, Number.POSITIVE_INFINITY)), {
      noNullPrototype: true,
      maxKeys: 4,
    }),
  });
  const sinks = fc.uniqueArray(sink, { maxLength: 3, selector: ({ name }) => name });
  const loop = { takeSeconds: () => 0 } as LoopDelay;
  fc.assert(
    fc.property(sinks, (some) => {
      const all = some.map((each) => ({ ...first!, ...each }));
      const page = prometheusText(metricsOf({ ...state, report: { ...report, sinks: all } }, loop));
      const metrics = parsePrometheus(page);
      for (const { name, type, filtered, own } of some) {
        const of = (metric: string, more = {}) => {
          const wanted = { sink: name, type, ...more };
          const fits = (labels: object) => isDeepStrictEqual(labels, wanted);
          return metrics.get(`distlogd_${metric}`)?.samples.find(({ labels }) => fits(labels))?.value;
        };
        for (const [cause, value] of Object.entries(filtered)) {
          if (cause !== '') expect(of('sink_filtered_records_total', { cause })).toBe(value);
        }
        for (const counter of Object.keys(own)) {
          expect(of(`sink_${type}_${counter}_total`.replaceAll(/\W/g, '_'))).toBeDefined();
        }
        expect(of('sink_written_records_total')).toBe(first!.written.records);
      }
    }),
    { numRuns: 200 },
  );
});

test('a daemon without receivers and sinks has metrics as well', async () => {
  const { report } = snapshot();
  const view = () => snapshot({ report: { ...report, receivers: [], sinks: [] } });
  const { endpoint } = await serving({ view });

  const metrics = parsePrometheus((await get(endpoint, '/metrics')).text);
  expect(metrics.has('distlogd_receiver_records_total')).toBe(false);
});

test('HEAD answers like GET, without the text', async () => {
  const { endpoint } = await serving();
  for (const path of ['/healthz', '/readyz', '/metrics', '/status']) {
    const { status, text, headers } = await get(endpoint, path, {}, 'HEAD');
    expect([status, text]).toEqual([200, '']);
    expect(Number(headers['content-length'])).toBeGreaterThan(0);
  }
});

test.each([
  ['GET', '/', 404],
  ['GET', '/healthz/', 404],
  ['GET', '//', 404],
  ['GET', '/%', 404],
  ['POST', '/status', 405],
  ['DELETE', '/healthz', 405],
  ['OPTIONS', '/metrics', 405],
  ['GET', '/dlq/replay?sink=files', 405],
])('%s %s is answered %p', async (method, path, expected) => {
  const { endpoint, replayed } = await serving();
  const { status, headers } = await get(endpoint, path, {}, method);
  expect(status).toBe(expected);
  if (expected === 405) expect(headers.allow).toMatch(/GET, HEAD|POST/);
  expect(replayed).toEqual([]);
});

test('the token is needed for all but health and readiness', async () => {
  const { endpoint, replayed } = await serving({ token: TOKEN });
  const authorization = `Bearer ${TOKEN}`;

  for (const path of ['/metrics', '/status']) {
    expect(await get(endpoint, path)).toMatchObject({
      status: 401,
      headers: { 'www-authenticate': 'Bearer' },
    });
    expect((await get(endpoint, path, { authorization: `${authorization}x` })).status).toBe(401);
    expect((await get(endpoint, path, { authorization })).status).toBe(200);
  }
  expect((await get(endpoint, '/dlq/replay?sink=files', {}, 'POST')).status).toBe(401);
  expect(replayed).toEqual([]);
  expect((await get(endpoint, '/healthz')).status).toBe(200);
});

test.each([
  [{ host: '127.0.0.1:1' }, 200],
  [{ host: 'localhost:9' }, 200],
  [{ host: '[::1]:9' }, 200],
  [{ host: '10.1.2.3' }, 200],
  [{ host: 'evil.example' }, 403],
  [{ host: 'evil.example:80' }, 403],
  [{ host: '127.0.0.1.evil.example' }, 403],
  [{ host: 'localhost:9', origin: 'http://localhost:9' }, 200],
  [{ host: 'localhost:9', origin: 'http://localhost:10' }, 403],
  [{ host: 'localhost:9', origin: 'https://evil.example' }, 403],
  [{ host: 'localhost:9', origin: 'null' }, 403],
])('a request with %p is answered %p', async (headers, expected) => {
  const { endpoint } = await serving();
  expect((await get(endpoint, '/status', headers as Record<string, string>)).status).toBe(expected);
});

test.each([
  { host: 'logs.example.org:5080' },
  { host: 'distlogd:5080' },
  { origin: 'https://elsewhere.example' },
])('with the token a request may come with %p: a web page does not know it', async (headers) => {
  const { endpoint, replayed } = await serving({ token: TOKEN });
  const authorized = { ...headers, authorization: `Bearer ${TOKEN}` } as Record<string, string>;

  for (const path of ['/metrics', '/status'])
    expect((await get(endpoint, path, authorized)).status).toBe(200);
  expect((await get(endpoint, '/dlq/replay?sink=files', authorized, 'POST')).status).toBe(200);
  expect(replayed).toEqual(['files']);
  expect((await get(endpoint, '/status', headers as Record<string, string>)).status).toBe(401);
});

(hasOpenssl() ? test : test.skip)(
  'over TLS a name of the certificate is as good as an address: with the token, or with a client certificate',
  async () => {
    const { key, cert } = certificate('logs.example.org');
    const clientKeys = certificate('prometheus');
    const ask = (endpoint: string, more: object, headers: Record<string, string> = {}) =>
      new Promise<number>((resolve, reject) => {
        const options = { ...more, ca: cert, servername: 'logs.example.org', agent: false as const };
        const all = { host: `logs.example.org:${portOf(endpoint)}`, ...headers };
        requestTls(`${endpoint}/metrics`, { ...options, headers: all }, (response) => {
          response.resume();
          resolve(response.statusCode!);
        })
          .on('error', reject)
          .end();
      });

    const withToken = await serving({ tls: { key, cert }, token: TOKEN });
    expect(await ask(withToken.endpoint, {}, { authorization: `Bearer ${TOKEN}` })).toBe(200);
    expect(await ask(withToken.endpoint, {})).toBe(401);

    const withCertificates = await serving({ tls: { key, cert, ca: clientKeys.cert } });
    expect(await ask(withCertificates.endpoint, clientKeys)).toBe(200);
    // A browser sends its certificate automatically, from any page.
    expect(await ask(withCertificates.endpoint, clientKeys, { origin: 'https://elsewhere.example' })).toBe(
      403,
    );
    await expect(ask(withCertificates.endpoint, {})).rejects.toThrow();

    const withNeither = await serving({ tls: { key, cert } });
    expect(await ask(withNeither.endpoint, {})).toBe(403);
  },
);

test.each([
  ['http://127.0.0.1:5080/healthz', 'logs.example.org', 200],
  ['HTTP://localhost/status', 'logs.example.org', 200],
  // The target counts, not the header.
  ['http://logs.example.org:5080/status', '127.0.0.1', 403],
  ['http://127.0.0.1', '127.0.0.1', 404],
  ['http://user@127.0.0.1/status', '127.0.0.1', 403],
])('the absolute target %s is understood', async (target, host, expected) => {
  const { endpoint } = await serving();
  const { socket, rest } = await rawConnection(portOf(endpoint));
  socket.end(`GET ${target} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`);
  expect((await rest).toString()).toMatch(new RegExp(`^HTTP/1.1 ${expected} `));
});

test('idle connections do not keep a liveness probe out, whether they were ever used or not', async () => {
  const { endpoint } = await serving({ token: TOKEN });
  const port = portOf(endpoint);
  const closed: number[] = [];
  const agents = new Agent({ keepAlive: true, maxSockets: 1 });
  // The connection in use is kept.
  const often = () => get(endpoint, '/healthz', {}, 'GET', agents);
  await often();
  for (let at = 0; at < 600; at += 1) {
    const { socket, rest } = await rawConnection(port);
    rest.then(() => closed.push(at)).catch(() => closed.push(at));
    if (at % 2 === 0) {
      socket.write('GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n');
      await once(socket, 'data');
    }
    if (at % 100 === 0) expect((await often()).status).toBe(200);
  }

  expect((await get(endpoint, '/healthz')).status).toBe(200);
  const socketsOf = Object.values(agents.freeSockets).flatMap((sockets) => sockets ?? []);
  expect(socketsOf).toHaveLength(1);
  agents.destroy();
  // The oldest was closed first.
  expect(closed.length).toBeGreaterThan(300);
  expect(Math.max(...closed)).toBeLessThan(400);
});

test('dead letters are replayed by POST; errors are reported', async () => {
  const { endpoint, replayed } = await serving();

  const done = await get(endpoint, '/dlq/replay?sink=files', {}, 'POST');
  expect([done.status, JSON.parse(done.text), replayed]).toEqual([
    200,
    { letters: 2, records: 9 },
    ['files'],
  ]);
  const wrong = await get(endpoint, '/dlq/replay?sink=no%20such', {}, 'POST');
  expect([wrong.status, JSON.parse(wrong.text)]).toEqual([409, { error: 'no sink "no such"' }]);
});

test('a view that throws is an answer, not the end of the daemon', async () => {
  const view = (): Snapshot => {
    throw new Error('no view');
  };
  const { endpoint } = await serving({ view });

  expect(await get(endpoint, '/status')).toMatchObject({ status: 500, text: 'Error: no view\n' });
});

test('a port in use is reported with the setting that changes it', async () => {
  const other = createServer().listen(0, '127.0.0.1');
  await once(other, 'listening');
  const { port } = other.address() as { port: number };

  await expect(serving({ address: { host: '127.0.0.1', port } })).rejects.toThrow(
    `cannot listen on 127.0.0.1:${port}: the port is in use by another process; http.endpoint chooses another`,
  );
  other.close();
});

test('stopping ends open connections, and may be done twice', async () => {
  const { server, endpoint } = await serving();
  const { socket, rest } = await rawConnection(portOf(endpoint));
  socket.write('GET /sta');

  await Promise.all([server.stop(), server.stop()]);
  await rest;
});

test('arbitrary bytes on the socket have no effect', async () => {
  const { endpoint } = await serving();
  const sent = [
    '\0\0\0',
    'GET',
    'GET /\r\n\r\n',
    `GET /${'x'.repeat(99_999)} HTTP/1.1\r\n\r\n`,
    'POST /status HTTP/1.1\r\nContent-Length: 9\r\n\r\n',
  ];
  for (const text of sent) {
    const { socket, rest } = await rawConnection(portOf(endpoint));
    socket.end(text);
    await rest;
  }
  expect((await get(endpoint, '/healthz')).status).toBe(200);
});
