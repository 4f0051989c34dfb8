import { once } from 'node:events';
import { Agent, type IncomingHttpHeaders, request } from 'node:http';
import { request as requestTls } from 'node:https';
import { type AddressInfo, connect, createServer } from 'node:net';
import { networkInterfaces } from 'node:os';
import { deflateSync, gzipSync } from 'node:zlib';
import { OtlpHttpReceiver, type OtlpReceiverOptions } from '../../../src/daemon/receivers/index.ts';
import { decodeLogs } from '../../../src/wire/index.ts';
import { MemoryIntake } from '../../zeromq/support/memory-intake.ts';
import { folderForEachTest } from '../sinks/support/folder.ts';
import { certificate, testWithOpenssl } from './support/certificate.ts';
import { jsonRequest, protobufRequest } from './support/requests.ts';

const folder = folderForEachTest();
const PROTOBUF = { 'content-type': 'application/x-protobuf' };
const JSON_TYPE = { 'content-type': 'application/json' };
const MEBIBYTE = 2 ** 20;
const open: OtlpHttpReceiver[] = [];

afterEach(async () => {
  for (const receiver of open.splice(0)) await receiver.stop(0);
});

async function started(more: Partial<OtlpReceiverOptions> = {}) {
  const intake = new MemoryIntake();
  const receiver = new OtlpHttpReceiver({
    address: { host: '127.0.0.1', port: 0 },
    intake,
    setting: 'receivers.otlpHttp.endpoint',
    ...more,
  });
  open.push(receiver);
  await receiver.start();
  const { port } = new URL(receiver.endpoint);
  return { intake, receiver, port: Number(port) };
}

interface Answer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

interface Call {
  readonly path?: string;
  readonly method?: string;
  readonly headers?: Record<string, string>;
  /** With its length, or in pieces without one. */
  readonly body?: Buffer | string | readonly Buffer[];
  readonly host?: string;
}

function call(port: number, { path = '/v1/logs', method = 'POST', headers = {}, body = '', host }: Call) {
  return new Promise<Answer>((resolve, reject) => {
    const agent = new Agent({ keepAlive: false });
    const sent = request({ host: host ?? '127.0.0.1', port, path, method, headers, agent }, (answer) => {
      const pieces: Buffer[] = [];
      answer.on('data', (piece) => pieces.push(piece));
      answer.on('error', reject);
      answer.on('end', () =>
        resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body: Buffer.concat(pieces) }),
      );
    });
    sent.on('error', reject);
    if (typeof body === 'string' || Buffer.isBuffer(body)) return sent.end(body);
    for (const piece of body) sent.write(piece);
    return sent.end();
  });
}

const bodiesOf = ({ batches }: MemoryIntake) =>
  batches.flatMap(({ body }) =>
    decodeLogs(body).resources.flatMap(({ scopes }) =>
      scopes.flatMap(({ records }) => records.map((r) => r.body)),
    ),
  );

test.each([
  ['protobuf', PROTOBUF, protobufRequest('a', 'b'), ''],
  ['protobuf, gzip', { ...PROTOBUF, 'content-encoding': 'gzip' }, gzipSync(protobufRequest('a', 'b')), ''],
  [
    'protobuf, deflate',
    { ...PROTOBUF, 'content-encoding': 'deflate' },
    deflateSync(protobufRequest('a', 'b')),
    '',
  ],
  ['JSON', { 'content-type': 'Application/JSON; charset=utf-8' }, jsonRequest('a', 'b'), '{}'],
  ['JSON, gzip', { ...JSON_TYPE, 'content-encoding': 'GZIP' }, gzipSync(jsonRequest('a', 'b')), '{}'],
  ['pieces without a length', PROTOBUF, [protobufRequest('a'), protobufRequest('b')], ''],
] as const)('takes %s, and answers in the same encoding', async (_what, headers, body, wanted) => {
  const { intake, receiver, port } = await started();
  const answer = await call(port, { headers, body });
  expect(answer.status).toBe(200);
  expect(answer.body.toString()).toBe(wanted);
  expect(answer.headers['content-type']).toBe(wanted === '' ? 'application/x-protobuf' : 'application/json');
  expect(bodiesOf(intake)).toEqual(['a', 'b']);
  expect(receiver.counters).toMatchObject({ batches: 1, records: 2 });
});

test('an empty request is a valid one, and reaches no journal', async () => {
  const { intake, port } = await started();
  expect((await call(port, { headers: PROTOBUF })).status).toBe(200);
  expect((await call(port, { headers: JSON_TYPE, body: '{}' })).status).toBe(200);
  expect(intake.appends).toBe(0);
});

test.each([
  ['400', 'malformed', { headers: PROTOBUF, body: Buffer.from([0x0a, 0x7f]) }],
  ['400', 'malformed', { headers: JSON_TYPE, body: '{"resourceLogs":1}' }],
  ['400', 'malformed', { headers: { ...PROTOBUF, 'content-encoding': 'gzip' }, body: 'not gzip' }],
  [
    '400',
    'malformed',
    {
      headers: { ...PROTOBUF, 'content-encoding': 'gzip' },
      body: gzipSync(protobufRequest('a')).subarray(0, 20),
    },
  ],
  ['404', 'path', { path: '/v1/traces', headers: PROTOBUF, body: protobufRequest('a') }],
  ['405', 'method', { method: 'PUT', headers: PROTOBUF, body: protobufRequest('a') }],
  ['405', 'method', { method: 'GET' }],
  ['415', 'content_type', { headers: { 'content-type': 'text/plain' }, body: 'a' }],
  ['415', 'content_type', { body: 'a' }],
  ['415', 'encoding', { headers: { ...PROTOBUF, 'content-encoding': 'zstd' }, body: 'a' }],
  ['413', 'too_large', { headers: PROTOBUF, body: Buffer.alloc(3_000) }],
  ['413', 'too_large', { headers: PROTOBUF, body: [Buffer.alloc(2_000), Buffer.alloc(2_000)] }],
  [
    '413',
    'too_large',
    { headers: PROTOBUF, body: Array.from({ length: 64 }, () => Buffer.alloc(MEBIBYTE / 8)) },
  ],
  [
    '413',
    'too_large',
    { headers: { ...PROTOBUF, 'content-encoding': 'gzip' }, body: gzipSync(Buffer.alloc(MEBIBYTE)) },
  ],
] as const)('answers %s, counted as %s (%#)', async (status, cause, sent) => {
  const { intake, receiver, port } = await started({ maxRequestBytes: 2_048 });
  const answer = await call(port, sent as Call);
  expect(String(answer.status)).toBe(status);
  expect(Object.fromEntries(receiver.counters.refused)).toEqual({ [cause]: 1 });
  expect(intake.appends).toBe(0);
  // The next one is not harmed.
  expect((await call(port, { headers: PROTOBUF, body: protobufRequest('next') })).status).toBe(200);
});

test('a refusal says what is wrong as a google.rpc.Status, in JSON to those who speak it', async () => {
  const { port } = await started();
  const { body } = await call(port, { headers: JSON_TYPE, body: '{"resourceLogs":1}' });
  expect(JSON.parse(body.toString())).toEqual({ code: 3, message: expect.stringContaining('resourceLogs') });
});

test('405 says what is allowed', async () => {
  const { port } = await started();
  expect((await call(port, { method: 'DELETE' })).headers.allow).toBe('POST');
});

test('with a token: 401 without it or with another, before the body is read', async () => {
  const { intake, receiver, port } = await started({ token: 'right-token' });
  const send = (headers: Record<string, string>) =>
    call(port, { headers: { ...PROTOBUF, ...headers }, body: protobufRequest('a') });
  const without = await send({});
  expect(without.status).toBe(401);
  expect(without.headers['www-authenticate']).toBe('Bearer');
  expect((await send({ authorization: 'Bearer wrong-token' })).status).toBe(401);
  expect((await send({ authorization: 'Bearer right-token' })).status).toBe(200);
  expect(receiver.counters.refused.get('unauthorized')).toBe(2);
  expect(intake.appends).toBe(1);
});

test('a full journal: 503 with Retry-After in whole seconds, never less than the journal wishes', async () => {
  const { intake, receiver, port } = await started();
  intake.fullForMillis = 1_001;
  const answer = await call(port, { headers: PROTOBUF, body: protobufRequest('a') });
  expect(answer.status).toBe(503);
  expect(answer.headers['retry-after']).toBe('2');
  expect(receiver.counters.refused.get('full')).toBe(1);
});

test('a failed journal: 500, and nothing is counted as taken', async () => {
  const { intake, receiver, port } = await started();
  intake.broken = new Error('disk on fire');
  const answer = await call(port, { headers: PROTOBUF, body: protobufRequest('a') });
  expect(answer.status).toBe(500);
  expect(answer.body.toString()).not.toContain('fire');
  expect(receiver.counters).toMatchObject({ batches: 0, records: 0 });
  expect(receiver.counters.refused.get('journal')).toBe(1);
});

test('the answer comes only after the journal has it', async () => {
  const { intake, port } = await started();
  intake.hold();
  let isAnswered = false;
  const answer = call(port, { headers: PROTOBUF, body: protobufRequest('a') }).finally(() => {
    isAnswered = true;
  });
  await intake.until(() => intake.waiting === 1);
  // Another whole exchange fits in between.
  expect((await call(port, { method: 'GET' })).status).toBe(405);
  expect(isAnswered).toBe(false);
  intake.release();
  expect((await answer).status).toBe(200);
});

test('a gzip bomb is stopped at the bound, and memory stays bounded', async () => {
  const { intake, receiver, port } = await started({ maxRequestBytes: 8 * MEBIBYTE });
  const bomb = gzipSync(Buffer.alloc(512 * MEBIBYTE));
  const before = process.memoryUsage();
  let most = 0;
  const look = setInterval(() => {
    const { external, arrayBuffers } = process.memoryUsage();
    most = Math.max(most, external + arrayBuffers - before.external - before.arrayBuffers);
  }, 1);
  const headers = { ...PROTOBUF, 'content-encoding': 'gzip' };
  const answers = await Promise.all([1, 2, 3, 4].map(() => call(port, { headers, body: bomb })));
  clearInterval(look);
  expect(answers.map(({ status }) => status)).toEqual([413, 413, 413, 413]);
  expect(receiver.counters.refused.get('too_large')).toBe(4);
  expect(intake.appends).toBe(0);
  expect(most).toBeLessThan(256 * MEBIBYTE);
});

test('requests beyond the bound of all together: 503, and the room comes back', async () => {
  const { intake, receiver, port } = await started({ maxRequestBytes: 4_096, maxInFlightBytes: 4_096 });
  intake.hold();
  const first = call(port, { headers: PROTOBUF, body: protobufRequest('x'.repeat(3_000)) });
  await intake.until(() => intake.waiting === 1);
  const second = await call(port, { headers: PROTOBUF, body: protobufRequest('y'.repeat(3_000)) });
  expect(second.status).toBe(503);
  expect(second.headers['retry-after']).toBe('1');
  intake.release();
  expect((await first).status).toBe(200);
  expect((await call(port, { headers: PROTOBUF, body: protobufRequest('y'.repeat(3_000)) })).status).toBe(
    200,
  );
  expect(receiver.counters.refused.get('busy')).toBe(1);
});

test.each(['identity', 'gzip'])(
  'a client that goes away in mid-body (%s) leaves nothing behind',
  async (encoding) => {
    const { intake, receiver, port } = await started({ maxRequestBytes: 4_096, maxInFlightBytes: 4_096 });
    const whole =
      encoding === 'gzip' ? gzipSync(protobufRequest('z'.repeat(3_000))) : protobufRequest('z'.repeat(3_000));
    for (let times = 0; times < 20; times += 1) {
      const socket = connect(port, '127.0.0.1');
      await once(socket, 'connect');
      socket.write(
        `POST /v1/logs HTTP/1.1\r\nhost: x\r\ncontent-type: application/x-protobuf\r\ncontent-encoding: ${encoding}\r\ncontent-length: ${whole.length}\r\n\r\n`,
      );
      // The answer to `100-continue` is not needed: once this is written the server has the headers, or will have.
      await new Promise((done) => socket.write(whole.subarray(0, whole.length - 5), done));
      socket.resetAndDestroy();
    }
    await until(
      () =>
        (receiver.counters.refused.get('aborted') ?? 0) + (receiver.counters.refused.get('protocol') ?? 0) >
        0,
    );
    // All of the room is there again.
    await expect(
      eventually(() => call(port, { headers: PROTOBUF, body: protobufRequest('z'.repeat(4_000)) })),
    ).resolves.toBe(200);
    expect(intake.batches).toHaveLength(1);
  },
);

test('clients that are slow with their headers are cut off, with 408, and counted', async () => {
  const { receiver, port } = await started({ headersMillis: 50, requestMillis: 100 });
  const begun = [
    'POST /v1/logs HTTP/1.1\r\nhost:',
    'POST /v1/logs HTTP/1.1\r\nhost: x\r\ncontent-length: 9\r\n\r\n',
  ];
  for (const text of begun) {
    const socket = connect(port, '127.0.0.1');
    let said = '';
    socket.on('data', (piece) => {
      said += piece;
    });
    socket.write(text);
    await once(socket, 'close');
    if (text.endsWith(':')) expect(said).toMatch(/^HTTP\/1\.1 408 /);
  }
  expect(receiver.counters.refused.get('slow')).toBeGreaterThan(0);
});

test.each([
  'hello\r\n\r\n',
  '\x16\x03\x01\x02\x00',
  'GET / HTTP/9.9\r\n\r\n',
  `GET / HTTP/1.1\r\na: ${'b'.repeat(70_000)}`,
])('what is no HTTP is refused and counted (%#)', async (garbage) => {
  const { receiver, port } = await started();
  const socket = connect(port, '127.0.0.1');
  socket.on('error', () => {});
  socket.resume();
  socket.write(garbage, 'latin1');
  await once(socket, 'close');
  expect(receiver.counters.refused.get('protocol')).toBe(1);
});

test('a client that resets an idle connection is no fault', async () => {
  const { receiver, port } = await started();
  const socket = connect(port, '127.0.0.1');
  socket.write('GET /nothing HTTP/1.1\r\nhost: x\r\n\r\n');
  await once(socket, 'data');
  socket.resetAndDestroy();
  await call(port, { headers: PROTOBUF });
  expect(Object.fromEntries(receiver.counters.refused)).toEqual({ path: 1 });
});

test('a port in use: says so, and by which setting to choose another', async () => {
  const taken = createServer().listen(0, '127.0.0.1');
  await once(taken, 'listening');
  const { port } = taken.address() as AddressInfo;
  await expect(started({ address: { host: '127.0.0.1', port } })).rejects.toThrow(
    `cannot listen on 127.0.0.1:${port}: the port is in use by another process; receivers.otlpHttp.endpoint chooses another`,
  );
  taken.close();
});

test('a host that does not exist names the setting too', async () => {
  const address = { host: 'nowhere.invalid', port: 0 };
  await expect(started({ address, insecure: true })).rejects.toThrow('receivers.otlpHttp.endpoint');
});

test('beyond loopback it needs TLS and a token, or an explicit word', () => {
  const options = { intake: new MemoryIntake(), setting: 'receivers.otlpHttp.endpoint' };
  const address = { host: '0.0.0.0', port: 0 };
  expect(() => new OtlpHttpReceiver({ ...options, address })).toThrow('receivers.otlpHttp.endpoint: 0.0.0.0');
  expect(() => new OtlpHttpReceiver({ ...options, address, token: 'right-token' })).toThrow('tls');
  expect(() => new OtlpHttpReceiver({ ...options, address, insecure: true })).not.toThrow();
});

const hasIpv6 = Object.values(networkInterfaces()).some((all) =>
  all?.some(({ address }) => address === '::1'),
);
(hasIpv6 ? test : test.skip)('listens on IPv6', async () => {
  const { receiver, port } = await started({ address: { host: '::1', port: 0 } });
  expect(receiver.endpoint).toBe(`http://[::1]:${port}`);
  expect((await call(port, { host: '::1', headers: PROTOBUF, body: protobufRequest('a') })).status).toBe(200);
});

testWithOpenssl()(
  'speaks TLS, asks clients for a certificate if told so, and counts those without (needs openssl)',
  async () => {
    const [server, client] = [certificate(folder()), certificate(folder(), 'client')];
    const { receiver, port } = await started({
      tls: { cert: server.cert, key: server.key, ca: client.cert },
    });
    expect(receiver.endpoint).toMatch(/^https:/);
    const send = (own: object) =>
      new Promise<number>((resolve, reject) => {
        const options = {
          port,
          host: 'localhost',
          path: '/v1/logs',
          method: 'POST',
          headers: PROTOBUF,
          agent: false,
        };
        const sent = requestTls({ ...options, ca: server.cert, ...own }, (answer) => {
          answer.resume();
          resolve(answer.statusCode ?? 0);
        });
        sent.on('error', reject);
        sent.end(protobufRequest('a'));
      });
    expect(await send({ cert: client.cert, key: client.key })).toBe(200);
    await expect(send({})).rejects.toThrow();
    expect(receiver.counters.refused.get('protocol')).toBe(1);
  },
);

test('stop() answers what is under way, and waits for no connection that sends nothing', async () => {
  const { intake, receiver, port } = await started();
  const idle = connect(port, '127.0.0.1');
  const idleClosed = once(idle.resume(), 'close');
  await once(idle, 'connect');
  intake.hold();
  const answer = call(port, {
    headers: { ...PROTOBUF, connection: 'keep-alive' },
    body: protobufRequest('a'),
  });
  await intake.until(() => intake.waiting === 1);
  const stopped = receiver.stop(60_000);
  intake.release();
  expect(await answer).toMatchObject({ status: 200, headers: { connection: 'close' } });
  await stopped;
  await idleClosed;
  await receiver.stop(0);
  await expect(call(port, { headers: PROTOBUF })).rejects.toThrow('ECONNREFUSED');
});

test('stop() cuts off what takes longer than its grace', async () => {
  const { intake, receiver, port } = await started();
  intake.hold();
  const answer = call(port, { headers: PROTOBUF, body: protobufRequest('a') });
  const refused = expect(answer).rejects.toThrow();
  await intake.until(() => intake.waiting === 1);
  await receiver.stop(20);
  await refused;
});

/** Looks after each turn of the loop. */
async function until(isDone: () => boolean): Promise<void> {
  while (!isDone()) await new Promise((done) => setImmediate(done));
}

/** The status, once it is no 503: the other requests are on their way out. */
async function eventually(send: () => Promise<Answer>): Promise<number> {
  const { status } = await send();
  return status === 503 ? eventually(send) : status;
}
