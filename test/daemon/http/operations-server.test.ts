import { once } from 'node:events';
import { request } from 'node:http';
import { request as requestTls } from 'node:https';
import { type AddressInfo, connect, createServer } from 'node:net';
import {
  OperationsServer,
  type OperationsServerOptions,
  type Snapshot,
} from '../../../src/daemon/http/index.ts';
import { certificate, testWithOpenssl } from '../receivers/support/certificate.ts';
import { folderForEachTest } from '../sinks/support/folder.ts';
import { parseExposition } from './support/exposition.ts';

const folder = folderForEachTest();
const open: OperationsServer[] = [];

afterEach(async () => {
  for (const server of open.splice(0)) await server.stop();
});

const nasty = 'a"b\\c\nd';

const report: Snapshot['report'] = {
  version: '1.2.3',
  pid: 7,
  upMillis: 1_500,
  journal: { batches: 3, bytes: 900, maxBytes: 1_000, producers: 2, isFull: true, refused: { bytes: 4 } },
  ownRecordsLost: 5,
  receivers: [
    {
      name: 'otlpHttp',
      endpoint: 'http://127.0.0.1:4318',
      batches: 10,
      records: 100,
      bytes: 1_000,
      duplicates: 1,
      refused: { malformed: 2, full: 3 },
      dropped: {},
    },
    {
      name: 'zmqPush',
      endpoint: 'x',
      batches: 0,
      records: 0,
      duplicates: 0,
      refused: {},
      dropped: { full: 6 },
    },
  ],
  sinks: [
    {
      name: nasty,
      type: 'file',
      behind: { batches: 1, records: 2, bytes: 3, ageMillis: 4_000 },
      written: 98,
      lost: { skipped: 7 },
      deadLetters: 8,
      retries: 9,
      isBlocking: true,
      trouble: 'no space',
    },
  ],
};

async function started(more: Partial<OperationsServerOptions> = {}, state: Partial<Snapshot> = {}) {
  const replays: string[] = [];
  const server = new OperationsServer({
    address: { host: '127.0.0.1', port: 0 },
    setting: 'http.endpoint',
    view: () => ({ state: 'ready', report, ...state }),
    replayDeadLetters: async (sink) => {
      if (sink !== 'good') throw new Error(`there is no sink ${JSON.stringify(sink)}`);
      replays.push(sink);
      return { letters: 2, records: 20 };
    },
    ...more,
  });
  open.push(server);
  await server.start();
  return { server, replays, port: Number(/:(\d+)$/.exec(server.endpoint)![1]) };
}

function ask(port: number, path: string, method = 'GET', headers: Record<string, string> = {}) {
  return new Promise<{ status: number; headers: Record<string, unknown>; text: string }>(
    (resolve, reject) => {
      const sent = request({ host: '127.0.0.1', port, path, method, headers, agent: false }, (answer) => {
        let text = '';
        answer.setEncoding('utf8').on('data', (piece) => {
          text += piece;
        });
        answer.on('end', () => resolve({ status: answer.statusCode ?? 0, headers: answer.headers, text }));
      });
      sent.on('error', reject);
      sent.end();
    },
  );
}

test.each([
  ['ready', 200, 200],
  ['starting', 200, 503],
  ['draining', 200, 503],
  ['failed', 503, 503],
] as const)('%s: healthz %d, readyz %d, with the reason', async (state, healthz, readyz) => {
  const { port } = await started({}, { state, reason: 'because' });
  expect(await ask(port, '/healthz')).toMatchObject({ status: healthz, text: `${state}: because\n` });
  expect(await ask(port, '/readyz')).toMatchObject({ status: readyz, text: `${state}: because\n` });
  expect(await ask(port, '/readyz', 'HEAD')).toMatchObject({ status: readyz, text: '' });
});

test('the metrics page is strictly right, and has every figure', async () => {
  const { port } = await started();
  const { status, headers, text } = await ask(port, '/metrics');
  expect(status).toBe(200);
  expect(headers['content-type']).toBe('text/plain; version=0.0.4; charset=utf-8');
  const families = parseExposition(text);
  const value = (name: string, labels: Record<string, string> = {}) =>
    families
      .get(name)
      ?.samples.find((one) => Object.entries(labels).every(([label, wanted]) => one.labels[label] === wanted))
      ?.value;
  for (const [name, { type }] of families) {
    expect(name).toMatch(/^distlogd_/);
    expect(name.endsWith('_total')).toBe(type === 'counter');
  }
  expect(value('distlogd_info', { version: '1.2.3' })).toBe(1);
  expect(value('distlogd_state', { state: 'ready' })).toBe(1);
  expect(value('distlogd_state', { state: 'failed' })).toBe(0);
  expect(value('distlogd_journal_full')).toBe(1);
  expect(value('distlogd_own_records_lost_total')).toBe(5);
  expect(value('distlogd_receiver_records_total', { receiver: 'otlpHttp' })).toBe(100);
  expect(value('distlogd_receiver_refused_batches_total', { receiver: 'otlpHttp', cause: 'full' })).toBe(3);
  expect(value('distlogd_receiver_dropped_records_total', { receiver: 'zmqPush', cause: 'full' })).toBe(6);
  expect(value('distlogd_sink_lost_records_total', { sink: nasty, cause: 'skipped' })).toBe(7);
  expect(value('distlogd_sink_behind_seconds', { sink: nasty })).toBe(4);
  expect(value('distlogd_sink_failing', { sink: nasty })).toBe(1);
  expect(value('distlogd_event_loop_delay_p99_seconds')).toBeLessThan(5);
});

test('the status is the whole report', async () => {
  const { port } = await started();
  const { status, text } = await ask(port, '/status');
  expect(status).toBe(200);
  expect(JSON.parse(text)).toEqual({ state: 'ready', ...report });
});

test.each([
  ['GET', '/', 404],
  ['GET', '/metrics/', 404],
  ['GET', '//', 400],
  ['POST', '/status', 405],
  ['DELETE', '/healthz', 405],
  ['GET', '/dlq/replay?sink=good', 405],
] as const)('%s %s: %d', async (method, path, status) => {
  const { port, replays } = await started();
  const answer = await ask(port, path, method);
  expect(answer.status).toBe(status);
  if (status === 405) expect(answer.headers.allow).toBe(path.startsWith('/dlq') ? 'POST' : 'GET, HEAD');
  expect(replays).toEqual([]);
});

test('a replay tells how much was handed back, or why not', async () => {
  const { port, replays } = await started();
  const good = await ask(port, '/dlq/replay?sink=good', 'POST');
  expect(good.status).toBe(200);
  expect(JSON.parse(good.text)).toEqual({ letters: 2, records: 20 });
  const bad = await ask(port, '/dlq/replay?sink=b%22d', 'POST');
  expect(bad.status).toBe(409);
  expect(JSON.parse(bad.text)).toEqual({ error: 'there is no sink "b\\"d"' });
  expect(replays).toEqual(['good']);
});

test.each([
  ['another name in Host', { host: 'evil.example' }, 403],
  ['a name that ends like ours', { host: 'localhost.evil.example' }, 403],
  ['a Host that is none', { host: 'me@127.0.0.1' }, 403],
  ['a page of elsewhere', { origin: 'http://evil.example' }, 403],
  ['a page without an origin of its own', { origin: 'null' }, 403],
  ['localhost', { host: 'localhost:1' }, 200],
  ['an address', { host: '[::1]:1' }, 200],
] as const)('%s: %j gets %d', async (_what, headers, status) => {
  const { port, replays } = await started();
  expect((await ask(port, '/status', 'GET', headers)).status).toBe(status);
  expect((await ask(port, '/dlq/replay?sink=good', 'POST', headers)).status).toBe(status);
  expect(replays).toHaveLength(status === 200 ? 1 : 0);
  // What a supervisor asks says nothing worth keeping.
  expect((await ask(port, '/healthz', 'GET', headers)).status).toBe(200);
});

test('a page of the same host at another port is of elsewhere too', async () => {
  const { port } = await started();
  const host = `127.0.0.1:${port}`;
  const from = (origin: string) => ask(port, '/dlq/replay?sink=good', 'POST', { host, origin });
  expect((await from('http://127.0.0.1:3000')).status).toBe(403);
  expect((await from('http://localhost:3000')).status).toBe(403);
  expect((await from(`http://${host}`)).status).toBe(200);
});

test('with a token: all but health and readiness need it', async () => {
  const { port } = await started({ token: 'right-token' });
  expect((await ask(port, '/healthz')).status).toBe(200);
  expect((await ask(port, '/readyz')).status).toBe(200);
  for (const path of ['/metrics', '/status']) {
    const without = await ask(port, path);
    expect(without.status).toBe(401);
    expect(without.headers['www-authenticate']).toBe('Bearer');
    expect((await ask(port, path, 'GET', { authorization: 'Bearer right-toke' })).status).toBe(401);
    expect((await ask(port, path, 'GET', { authorization: 'Bearer right-token' })).status).toBe(200);
  }
});

test('a view that throws is a 500, and the server goes on', async () => {
  let isBroken = true;
  const view = () => {
    if (isBroken) throw new Error('broken');
    return { state: 'ready' as const, report };
  };
  const { port } = await started({ view });
  expect((await ask(port, '/status')).status).toBe(500);
  isBroken = false;
  expect((await ask(port, '/status')).status).toBe(200);
});

test('a port in use names the setting', async () => {
  const taken = createServer().listen(0, '127.0.0.1');
  await once(taken, 'listening');
  const { port } = taken.address() as AddressInfo;
  await expect(started({ address: { host: '127.0.0.1', port } })).rejects.toThrow(
    'http.endpoint chooses another',
  );
  taken.close();
});

test('stop() waits for nobody, and may be called twice', async () => {
  const { server, port } = await started();
  const silent = connect(port, '127.0.0.1').on('error', () => {});
  const closed = once(silent.resume(), 'close');
  await once(silent, 'connect');
  await server.stop();
  await server.stop();
  await closed;
});

testWithOpenssl()('speaks TLS (needs openssl)', async () => {
  const { cert, key } = certificate(folder());
  const { server } = await started({ tls: { cert, key } });
  expect(server.endpoint).toMatch(/^https:/);
  const status = await new Promise((resolve, reject) => {
    const options = { ca: cert, agent: false as const };
    requestTls(`${server.endpoint}/readyz`, options, (answer) => resolve(answer.resume().statusCode))
      .on('error', reject)
      .end();
  });
  expect(status).toBe(200);
});
