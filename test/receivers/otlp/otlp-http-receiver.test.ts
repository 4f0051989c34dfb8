import { randomBytes } from 'node:crypto';
import { Agent } from 'node:http';
import * as zlib from 'node:zlib';
import { decodeLogs } from '../../../src/otlp/index.ts';
import {
  OtlpHttpReceiver,
  type OtlpHttpReceiverOptions,
  type OtlpReceiverTools,
  otlpHttpOptions,
} from '../../../src/receivers/otlp/index.ts';
import { resolve } from '../../../src/settings/index.ts';
import { partialSuccessOf } from '../../../src/sinks/otlp/partial-success.ts';
import { jsonLine } from '../../otlp/records.ts';
import { listener } from '../../sinks/support/logs.ts';
import { freePort } from '../../support/free-port.js';
import { decodeLogsRequest } from '../../support/otlp-decode.js';
import { field } from '../../support/protobuf.ts';
import { FakeIntake } from './support/fake-intake.ts';
import { ask, JSON_TYPE, PROTOBUF, portOf, rawConnection, statusOf } from './support/http.ts';
import { logs, protobuf } from './support/logs.ts';

const { deflateSync, gzipSync } = zlib;
const stops: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0)) await stop();
});

const defaults = resolve(otlpHttpOptions, 'otlpHttp', { endpoint: '127.0.0.1:0' });

async function receiving(
  options: Partial<OtlpHttpReceiverOptions> = {},
  more: Partial<OtlpReceiverTools> = {},
) {
  const intake = new FakeIntake();
  const { token } = options;
  const tools = { intake, token, setting: 'receivers.otlpHttp.endpoint', ...more };
  const receiver = new OtlpHttpReceiver({ ...defaults, ...options }, tools);
  await receiver.start();
  stops.push(() => {
    intake.release();
    return receiver.stop(0);
  });
  return { receiver, intake, endpoint: receiver.endpoint, port: portOf(receiver.endpoint) };
}

test('a request is answered after it is in the journal, not before', async () => {
  const { receiver, intake, endpoint } = await receiving();
  intake.hold();
  let answered = false;
  const body = protobuf(3);

  const answer = ask(endpoint, { body }).finally(() => {
    answered = true;
  });
  await intake.called(1);
  expect(answered).toBe(false);
  intake.release();

  expect(await answer).toMatchObject({
    status: 200,
    headers: { 'content-type': 'application/x-protobuf', 'content-length': '0' },
  });
  expect(intake.batches).toEqual([{ body, records: 3 }]);
  expect(receiver.counters).toMatchObject({ batches: 1, records: 3, bytes: body.length });
  expect(receiver.inFlightBytes).toBe(0);
});

test('JSON is accepted, stored as protobuf, and answered in JSON', async () => {
  const { intake, endpoint } = await receiving();

  const { status, headers, body } = await ask(endpoint, {
    headers: { 'content-type': 'application/json; charset=utf-8' },
    body: jsonLine(logs(2)),
  });

  expect({ status, type: headers['content-type'], text: body.toString() }).toEqual({
    status: 200,
    type: 'application/json',
    text: '{}',
  });
  expect(decodeLogsRequest(intake.batches[0]!.body)).toHaveLength(2);
});

test.each([
  ['gzip', gzipSync],
  ['GZIP', gzipSync],
  ['x-gzip', gzipSync],
  ['deflate', deflateSync],
  ['identity', (bytes: Buffer) => bytes],
  ['', (bytes: Buffer) => bytes],
])('content encoding %p is read', async (encoding, pack) => {
  const { intake, endpoint } = await receiving();
  const body = protobuf(100);

  const answer = await ask(endpoint, {
    headers: { ...PROTOBUF, 'content-encoding': encoding },
    body: pack(body),
  });

  expect(answer.status).toBe(200);
  expect(Buffer.compare(intake.batches[0]!.body, body)).toBe(0);
});

test('an empty request is a success, and nothing is written', async () => {
  const { intake, endpoint } = await receiving();

  expect((await ask(endpoint, { body: '' })).status).toBe(200);
  expect((await ask(endpoint, { headers: JSON_TYPE, body: '{}' })).status).toBe(200);
  expect(intake.appends).toBe(0);
});

test.each([
  [
    'a request of spans',
    { headers: JSON_TYPE, body: '{"resourceSpans":[{}]}' },
    'unknown name resourceSpans',
  ],
  [
    'a record of Java, alone',
    { headers: JSON_TYPE, body: '{"resource":{},"scopeLogs":[]}' },
    'unknown name resource',
  ],
  [
    'a typo',
    { headers: JSON_TYPE, body: '{"resourceLogs":[{"scope_log":[]}]}' },
    'unknown name resourceLogs[0].scope_log',
  ],
  ['fields that are not known, in protobuf', { body: field(9, [1]) }, ''],
] as const)(
  '%s holds no record: a partial success with a warning, counted, logged',
  async (_name, asked, hint) => {
    const log = listener();
    const { receiver, intake, endpoint } = await receiving({}, { log });

    const { status, body } = await ask(endpoint, asked);

    expect(status).toBe(200);
    const warning = `the request has no log records${hint === '' ? '' : `; ${hint}`}`;
    if ('headers' in asked) {
      expect(JSON.parse(body.toString())).toEqual({ partialSuccess: { errorMessage: warning } });
    } else
      expect(partialSuccessOf(body, 'application/x-protobuf')).toEqual({
        rejectedRecords: 0,
        message: warning,
      });
    expect(intake.appends).toBe(0);
    expect(receiver.counters.refused).toEqual(new Map([['no_records', 1]]));
    expect(log.said).toEqual([
      expect.stringMatching(
        /^receivers.otlpHttp.endpoint: refused a request of 127\.0\.0\.1 port \d+ \(no_records\): /,
      ),
    ]);
  },
);

test('refused requests are logged with their sender and the reason', async () => {
  const log = listener();
  const { endpoint } = await receiving({}, { log });
  await ask(endpoint, { body: 'hello' });
  expect(log.said).toEqual([
    expect.stringMatching(/refused a request of 127\.0\.0\.1 port \d+ \(malformed\): .* at byte \d+$/),
  ]);
});

test.each([
  ['another host', { host: 'evil.example' }, 403],
  ['a web page of another origin', { origin: 'https://evil.example' }, 403],
  ['this machine by its name', { host: 'localhost:4318' }, 200],
  ['an address', { host: '192.0.2.1' }, 200],
])('without a token, a request that names %s is answered %#', async (_name, headers, status) => {
  const { intake, endpoint } = await receiving();
  expect((await ask(endpoint, { headers: { ...PROTOBUF, ...headers }, body: protobuf(1) })).status).toBe(
    status,
  );
  expect(intake.appends).toBe(status === 200 ? 1 : 0);
});

test('with a token, and in absolute form, any host may be named', async () => {
  const { endpoint, port } = await receiving({ token: 'secret' });
  const headers = { ...PROTOBUF, host: 'logs.example', authorization: 'Bearer secret' };
  expect((await ask(endpoint, { headers, body: protobuf(1) })).status).toBe(200);
  const path = `http://127.0.0.1:${port}/v1/logs`;
  expect((await ask(endpoint, { path, headers, body: protobuf(1) })).status).toBe(200);
});

const refused = [
  ['other path', { path: '/v1/traces' }, 404, 'path', 12],
  ['other method', { method: 'GET' }, 405, 'method', 12],
  ['a browser that asks first', { method: 'OPTIONS' }, 405, 'method', 12],
  ['no content type', { headers: {} }, 415, 'content_type', 3],
  ['other content type', { headers: { 'content-type': 'text/plain' } }, 415, 'content_type', 3],
  ['unknown encoding', { headers: { ...PROTOBUF, 'content-encoding': 'br' } }, 415, 'encoding', 12],
  ['two encodings', { headers: { ...PROTOBUF, 'content-encoding': 'gzip, gzip' } }, 415, 'encoding', 12],
  ['no protobuf', { body: 'hello world' }, 400, 'malformed', 3],
  ['no gzip', { headers: { ...PROTOBUF, 'content-encoding': 'gzip' }, body: 'hello' }, 400, 'malformed', 3],
  [
    'half of a gzip',
    { headers: { ...PROTOBUF, 'content-encoding': 'gzip' }, body: gzipSync(protobuf(9)).subarray(0, 30) },
    400,
    'malformed',
    3,
  ],
  ['no JSON', { headers: JSON_TYPE, body: '{"resourceLogs":[' }, 400, 'malformed', 3],
  ['JSON of another form', { headers: JSON_TYPE, body: '{"resourceLogs":1}' }, 400, 'malformed', 3],
] as const;

test.each(refused)('refused: %s', async (_name, asked, status, cause, code) => {
  const { receiver, intake, endpoint } = await receiving();

  const answer = await ask(endpoint, asked);

  expect(answer.status).toBe(status);
  expect([...receiver.counters.refused]).toEqual([[cause, 1]]);
  const isProtobuf = answer.headers['content-type'] === 'application/x-protobuf';
  expect(isProtobuf).toBe(
    'headers' in asked
      ? 'content-type' in asked.headers && asked.headers['content-type'] === PROTOBUF['content-type']
      : true,
  );
  const refusal = isProtobuf ? statusOf(answer.body) : JSON.parse(answer.body.toString());
  expect(refusal).toEqual({ code, message: expect.stringMatching(/\w/) });
  expect(intake.appends).toBe(0);
  expect(receiver.inFlightBytes).toBe(0);
});

test('too large requests are refused: by their length, while they arrive, and while they are decompressed', async () => {
  const { receiver, intake, endpoint } = await receiving({ maxRequestBytes: 10_000 });
  const body = protobuf(1, 20_000);
  const chunked = { ...PROTOBUF, 'transfer-encoding': 'chunked' };
  const gzip = { ...PROTOBUF, 'content-encoding': 'gzip' };

  expect((await ask(endpoint, { body })).status).toBe(413);
  expect((await ask(endpoint, { headers: chunked, body })).status).toBe(413);
  expect((await ask(endpoint, { headers: gzip, body: gzipSync(Buffer.alloc(2 ** 24)) })).status).toBe(413);
  expect((await ask(endpoint, { headers: JSON_TYPE, body: ' '.repeat(10_001) })).status).toBe(413);
  expect((await ask(endpoint, { body: protobuf(1, 9_000) })).status).toBe(200);
  expect(Object.fromEntries(receiver.counters.refused)).toEqual({ too_large: 4 });
  expect(intake.batches).toHaveLength(1);
  expect(receiver.inFlightBytes).toBe(0);
});

test('a request in JSON may be as large as one in protobuf; it is read in pieces, and becomes one batch', async () => {
  const { intake, endpoint, receiver } = await receiving();
  const record = { body: { stringValue: 'x'.repeat(2_000) } };
  const logRecords = Array.from({ length: 6_500 }, () => record);
  const body = JSON.stringify({ resourceLogs: [{ scopeLogs: [{ logRecords }] }] });
  expect(body.length).toBeGreaterThan(12 * 2 ** 20);

  expect((await ask(endpoint, { headers: JSON_TYPE, body })).status).toBe(200);
  expect(intake.batches.map(({ records }) => records)).toEqual([6_500]);
  const damaged = `${body.slice(0, -5)},${body.slice(-5)}`;
  expect((await ask(endpoint, { headers: JSON_TYPE, body: damaged })).status).toBe(400);
  expect(intake.batches).toHaveLength(1);
  expect(receiver.inFlightBytes).toBe(0);
});

test('a client that sends megabytes without a token can read why it is refused', async () => {
  const { endpoint, receiver } = await receiving({ token: 'secret-of-sixteen' });

  for (let round = 0; round < 20; round++) {
    const { status, headers, body } = await ask(endpoint, { body: randomBytes(3_000_000) });
    expect({ status, refusal: statusOf(body).code, ask: headers['www-authenticate'] }).toEqual({
      status: 401,
      refusal: 16,
      ask: 'Bearer',
    });
  }
  expect(receiver.counters.refused.get('unauthorized')).toBe(20);
});

test.each([
  [undefined, 401],
  ['Bearer wrong', 401],
  ['Basic secret-of-sixteen', 401],
  ['Bearer secret-of-sixteen', 200],
  ['bearer secret-of-sixteen', 200],
])('the token %p is answered %p', async (authorization, status) => {
  const { endpoint } = await receiving({ token: 'secret-of-sixteen' });
  const headers = authorization === undefined ? PROTOBUF : { ...PROTOBUF, authorization };

  expect((await ask(endpoint, { headers, body: protobuf() })).status).toBe(status);
});

test('if the journal is full or has failed, the answer has a retry delay, because the request can be accepted later', async () => {
  const { receiver, intake, endpoint } = await receiving();

  intake.answer = { kind: 'full', retryAfterMillis: 2_300 };
  const full = await ask(endpoint, { body: protobuf() });
  intake.answer = new Error('EIO');
  const failed = await ask(endpoint, { body: protobuf() });

  expect([full.status, full.headers['retry-after'], statusOf(full.body).code]).toEqual([503, '3', 14]);
  expect([failed.status, failed.headers['retry-after']]).toEqual([503, '1']);
  expect(Object.fromEntries(receiver.counters.refused)).toEqual({ full: 1, journal: 1 });
  expect(receiver.counters.batches).toBe(0);
});

test('requests in flight are bounded; others are answered with a retry delay, and accepted later', async () => {
  const { receiver, intake, endpoint } = await receiving({
    maxRequestBytes: 50_000,
    maxInFlightBytes: 100_000,
  });
  intake.hold();
  const body = protobuf(1, 40_000);

  const first = [ask(endpoint, { body }), ask(endpoint, { body })];
  await intake.called(2);
  const third = await ask(endpoint, { body });
  expect(third.status).toBe(503);
  expect(third.headers['retry-after']).toBe('1');
  expect(receiver.inFlightBytes).toBeLessThanOrEqual(100_000);
  intake.release();
  for (const { status } of await Promise.all(first)) expect(status).toBe(200);

  expect((await ask(endpoint, { body })).status).toBe(200);
  expect(receiver.counters.refused.get('busy')).toBe(1);
  expect(receiver.inFlightBytes).toBe(0);
});

test('an aborted request releases its memory', async () => {
  const { receiver, intake, port } = await receiving();
  const { socket, rest } = await rawConnection(port);
  const head =
    'POST /v1/logs HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-protobuf\r\nContent-Length: 50000\r\n\r\n';
  socket.write(head + 'x'.repeat(20_000));
  while (receiver.inFlightBytes < 20_000) await new Promise(setImmediate);

  socket.destroy();
  await rest;
  while (receiver.inFlightBytes > 0) await new Promise(setImmediate);

  expect(Object.fromEntries(receiver.counters.refused)).toEqual({ aborted: 1 });
  expect(intake.appends).toBe(0);
});

test('a client that disconnects before the answer does not affect others', async () => {
  const { receiver, intake, port, endpoint } = await receiving();
  intake.hold();
  const { socket, rest } = await rawConnection(port);
  const body = protobuf();
  socket.write(
    `POST /v1/logs HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-protobuf\r\nContent-Length: ${body.length}\r\n\r\n`,
  );
  socket.write(body);
  await intake.called(1);
  socket.destroy();
  await rest;
  intake.release();

  expect((await ask(endpoint, { body })).status).toBe(200);
  expect(receiver.inFlightBytes).toBe(0);
  expect(intake.batches).toHaveLength(2);
});

test('a connection is reused, and pipelined requests are answered in order', async () => {
  const { intake, port } = await receiving();
  const { socket, rest } = await rawConnection(port);
  const body = protobuf();
  const good = `POST /v1/logs HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-protobuf\r\nContent-Length: ${body.length}\r\n\r\n`;
  const bad = 'GET /v1/logs HTTP/1.1\r\nHost: localhost\r\n\r\n';
  const last = good.replace('Host: localhost', 'Host: localhost\r\nConnection: close');
  const round = Buffer.concat([Buffer.from(good), body, Buffer.from(bad)]);
  socket.write(Buffer.concat([...Array.from({ length: 50 }, () => round), Buffer.from(last), body]));

  const statuses = [...(await rest).matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, status]) => Number(status));

  expect(statuses).toEqual([...Array.from({ length: 50 }, () => [200, 405]).flat(), 200]);
  expect(intake.batches).toHaveLength(51);
});

test('a request with Expect: 100-continue is answered at once', async () => {
  const { port, intake } = await receiving({ token: 'secret-of-sixteen' });
  const body = protobuf();
  const head = (token: string) =>
    `POST /v1/logs HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nExpect: 100-continue\r\nAuthorization: Bearer ${token}\r\nContent-Type: application/x-protobuf\r\nContent-Length: ${body.length}\r\n\r\n`;
  const refused = await rawConnection(port);
  refused.socket.write(head('no'));
  expect(await refused.rest).toMatch(/^HTTP\/1\.1 401 /);

  const taken = await rawConnection(port);
  taken.socket.write(head('secret-of-sixteen'));
  taken.socket.once('data', () => taken.socket.write(body));
  expect(await taken.rest).toMatch(/^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 200 OK/);
  expect(intake.batches).toHaveLength(1);
});

test('a slow client is disconnected: before its first byte, during its headers, during its body', async () => {
  const { receiver, port } = await receiving({ headersMillis: 100, requestMillis: 200 });
  const head =
    'POST /v1/logs HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-protobuf\r\nContent-Length: 100\r\n';
  const silent = await rawConnection(port);
  const slowHead = await rawConnection(port);
  slowHead.socket.write(head);
  const slowBody = await rawConnection(port);
  slowBody.socket.write(`${head}\r\nabc`);

  // Data that a client sends too late is not read, and a connection with unread data is reset.
  expect(await silent.rest).toMatch(/^(HTTP\/1\.1 503 |$)/);
  expect(await slowHead.rest).toMatch(/^(HTTP\/1\.1 503 |$)/);
  await slowBody.rest;
  expect(receiver.counters.refused.get('timeout')).toBeGreaterThanOrEqual(2);
  while (receiver.inFlightBytes > 0) await new Promise(setImmediate);
});

test('headers beyond their bound are refused', async () => {
  const { receiver, port } = await receiving();
  const { socket, rest } = await rawConnection(port);

  socket.write(`POST /v1/logs HTTP/1.1\r\nHost: localhost\r\nX: ${'y'.repeat(100_000)}\r\n\r\n`);

  expect(await rest).toMatch(/^(HTTP\/1\.1 431 |$)/);
  expect(receiver.counters.refused.get('headers_too_large')).toBe(1);
});

test('connections beyond the limit are closed and counted, and there is room again afterwards', async () => {
  const { receiver, port, endpoint } = await receiving({ maxConnections: 3 });
  const open = await Promise.all([1, 2, 3].map(() => rawConnection(port)));

  const { rest } = await rawConnection(port);
  expect(await rest).toBe('');
  expect(receiver.counters.refused.get('connections')).toBe(1);

  for (const { socket } of open) socket.end();
  await Promise.all(open.map((one) => one.rest));
  expect((await ask(endpoint, { body: protobuf() })).status).toBe(200);
});

test('stopping answers requests in flight, accepts no new ones, and closes idle connections', async () => {
  const { receiver, intake, endpoint } = await receiving({
    endpoint: { host: '127.0.0.1', port: await freePort() },
  });
  const agent = new Agent({ keepAlive: true });
  await ask(endpoint, { agent, body: protobuf() });
  const silent = await rawConnection(portOf(endpoint));
  intake.hold();
  const underWay = ask(endpoint, { body: protobuf() });
  await intake.called(2);

  const stopped = receiver.stop(600_000);
  await silent.rest;
  await expect(ask(endpoint, { body: protobuf() })).rejects.toThrow(/ECONNREFUSED/);
  intake.release();
  const { status, headers } = await underWay;
  await Promise.all([stopped, receiver.stop(600_000)]);

  expect([status, headers.connection]).toEqual([200, 'close']);
  agent.destroy();
});

test('stopping waits no longer than its limit', async () => {
  const { receiver, intake, endpoint } = await receiving();
  intake.hold();
  const underWay = ask(endpoint, { body: protobuf() });
  await intake.called(1);

  await receiver.stop(50);

  await expect(underWay).rejects.toThrow(/socket hang up|ECONNRESET/);
});

test('a receiver that never started can be stopped', async () => {
  await new OtlpHttpReceiver(defaults, { intake: new FakeIntake(), setting: 'x' }).stop(10);
});

test('any bytes on the socket are refused and counted, and the receiver continues', async () => {
  const { receiver, intake, port, endpoint } = await receiving();
  const head = 'POST /v1/logs HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-protobuf\r\n';
  const good = Buffer.concat([
    Buffer.from(`${head}Content-Length: ${protobuf().length}\r\n\r\n`),
    protobuf(),
  ]);
  const kinds = [
    () => randomBytes(1 + Math.floor(Math.random() * 2_000)),
    () => good.subarray(0, Math.floor(Math.random() * good.length)),
    () => Buffer.concat([good, randomBytes(50)]),
    () => Buffer.from(`${head}Transfer-Encoding: chunked\r\n\r\nffffffff\r\n${'x'.repeat(300)}`),
    () => Buffer.from(`${head}Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n12345`),
    () => Buffer.from(`${head}Content-Length: 99999999999999999999999\r\n\r\n`),
    () => Buffer.from(`${head}Content-Length: -1\r\n\r\n`),
    () => Buffer.from(`${head}${'a: b\r\n'.repeat(3_000)}\r\n`),
    () =>
      Buffer.from(
        `${head}Content-Encoding: gzip\r\nContent-Length: 40\r\n\r\n${'\x1f\x8b\x08'.padEnd(40, 'q')}`,
        'latin1',
      ),
    () => Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'),
  ];

  for (let round = 0; round < 600; round += 20) {
    await Promise.all(
      Array.from({ length: 20 }, async (_, index) => {
        const { socket, rest } = await rawConnection(port);
        const bytes = kinds[(round + index) % kinds.length]!();
        for (let i = 0; i < bytes.length; i++) if (Math.random() < 0.01) bytes[i] = randomBytes(1)[0]!;
        socket.end(bytes);
        await rest;
      }),
    );
  }

  while (receiver.inFlightBytes > 0) await new Promise(setImmediate);
  expect(receiver.counters.refused.get('protocol')).toBeGreaterThan(100);
  for (const { body } of intake.batches) expect(() => decodeLogs(body)).not.toThrow();
  expect((await ask(endpoint, { body: protobuf() })).status).toBe(200);
});

test('incomplete bodies are evicted for smaller requests, the largest first', async () => {
  const MIB = 2 ** 20;
  const { receiver, intake, endpoint, port } = await receiving({
    maxRequestBytes: MIB,
    maxInFlightBytes: 2 * MIB,
  });
  const head = `POST /v1/logs HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-protobuf\r\nContent-Length: ${MIB}\r\n\r\n`;
  const slow = await Promise.all([rawConnection(port), rawConnection(port)]);
  for (const [at, { socket }] of slow.entries()) {
    socket.write(head);
    socket.write(Buffer.alloc(MIB - 100_000 * (2 - at)));
  }
  // Each chunk has an overhead, and the system decides how many chunks there are.
  while (receiver.inFlightBytes < 2 * MIB - 300_000) await new Promise((resolve) => setImmediate(resolve));

  expect((await ask(endpoint, { body: protobuf(1, 400_000) })).status).toBe(200);

  expect(intake.batches).toHaveLength(1);
  expect(receiver.counters.refused).toEqual(new Map([['busy', 1]]));
  expect(await slow[1]!.rest).toMatch(/^HTTP\/1\.1 503 /);
  slow[0]!.socket.destroy();
});

test('compressed bytes are bounded too, whatever they decompress to', async () => {
  const { intake, endpoint } = await receiving({ maxRequestBytes: 65_536 });
  const empty = gzipSync(Buffer.alloc(0));
  const headers = { ...PROTOBUF, 'content-encoding': 'gzip', 'transfer-encoding': 'chunked' };
  const body = Buffer.concat(Array.from({ length: 65_536 / empty.length + 1 }, () => empty));
  expect((await ask(endpoint, { headers, body })).status).toBe(413);
  expect(intake.appends).toBe(0);
});

const { zstdCompressSync: zstd } = zlib as { zstdCompressSync?: (bytes: Buffer) => Buffer };
test('zstd is read if Node supports it', async () => {
  const { intake, endpoint } = await receiving();
  const headers = { ...PROTOBUF, 'content-encoding': 'zstd' };
  const body = zstd === undefined ? Buffer.from('x') : zstd(protobuf(100));
  expect((await ask(endpoint, { headers, body })).status).toBe(zstd === undefined ? 415 : 200);
  expect(intake.appends).toBe(zstd === undefined ? 0 : 1);
});

/** A request of exactly this size: an unknown field follows its record. */
function ofBytes(bytes: number): Buffer {
  const body = protobuf(1);
  const rest = bytes - body.length;
  const padding = field(9, Buffer.alloc(rest - field(9, Buffer.alloc(rest)).length + rest));
  return Buffer.concat([body, padding]);
}

const MOST = 20_000;
const chunked = { ...PROTOBUF, 'transfer-encoding': 'chunked' };
test.each<[string, Record<string, string>, (bytes: Buffer) => Buffer]>([
  ['with a length', PROTOBUF, (bytes) => bytes],
  ['in chunks', chunked, (bytes) => bytes],
  ['by gzip', { ...PROTOBUF, 'content-encoding': 'gzip' }, gzipSync],
  ['by gzip in chunks', { ...chunked, 'content-encoding': 'gzip' }, gzipSync],
  ['by deflate', { ...PROTOBUF, 'content-encoding': 'deflate' }, deflateSync],
  [
    'by gzip in several members',
    { ...PROTOBUF, 'content-encoding': 'gzip' },
    (bytes) => Buffer.concat([gzipSync(bytes.subarray(0, 9_999)), gzipSync(bytes.subarray(9_999))]),
  ],
])(
  'a request %s may have exactly as many bytes as are allowed, and not one more',
  async (_name, headers, pack) => {
    const { receiver, intake, endpoint } = await receiving({ maxRequestBytes: MOST });
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const [most, more] = [ofBytes(MOST), ofBytes(MOST + 1)];
    expect([most.length, more.length]).toEqual([MOST, MOST + 1]);

    expect((await ask(endpoint, { agent, headers, body: pack(most) })).status).toBe(200);
    expect((await ask(endpoint, { agent, headers, body: pack(more) })).status).toBe(413);
    expect((await ask(endpoint, { agent, headers, body: pack(most) })).status).toBe(200);

    expect(intake.batches.map(({ body }) => Buffer.compare(body, most))).toEqual([0, 0]);
    expect(receiver.counters.refused).toEqual(new Map([['too_large', 1]]));
    expect(receiver.inFlightBytes).toBe(0);
    agent.destroy();
  },
);

test('chunks of one byte count with their overhead: they are refused when they fill the memory, and others are not', async () => {
  const { receiver, intake, endpoint, port } = await receiving({
    maxRequestBytes: 50_000,
    maxInFlightBytes: 100_000,
  });
  const { socket, rest } = await rawConnection(port);
  const head = 'POST /v1/logs HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-protobuf\r\n';
  socket.write(`${head}Transfer-Encoding: chunked\r\n\r\n${'1\r\nx\r\n'.repeat(2_000)}`);

  expect(await rest).toMatch(/^HTTP\/1\.1 503 /);
  expect(receiver.counters.refused).toEqual(new Map([['busy', 1]]));
  expect((await ask(endpoint, { body: protobuf() })).status).toBe(200);
  expect(receiver.inFlightBytes).toBe(0);
  expect(intake.batches).toHaveLength(1);
});

test('a request within the body of a refused one is never read, and the following bytes are the next request or none', async () => {
  const { intake, port } = await receiving({ maxRequestBytes: 10_000 });
  const request = (content: Buffer, more = '') => {
    const head = 'POST /v1/logs HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-protobuf\r\n';
    return Buffer.concat([Buffer.from(`${head}${more}Content-Length: ${content.length}\r\n\r\n`), content]);
  };
  const within = Buffer.concat([Buffer.alloc(20_000), request(protobuf(2))]);
  const zipped = gzipSync(Buffer.alloc(20_000), { level: 0 });
  for (const refused of [
    request(Buffer.from('hello')),
    request(within),
    request(Buffer.concat([zipped, request(protobuf(2))]), 'Content-Encoding: gzip\r\n'),
    request(protobuf(2), 'Content-Encoding: br\r\n'),
  ]) {
    const { socket, rest } = await rawConnection(port);
    socket.write(Buffer.concat([refused, request(protobuf(1), 'Connection: close\r\n')]));
    const statuses = [...(await rest).matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, status]) => Number(status));
    expect(statuses[0]).toBeGreaterThanOrEqual(400);
    expect(statuses.length).toBeLessThanOrEqual(2);
    expect(statuses[1] ?? 200).toBe(200);
  }
  expect(intake.batches.filter(({ records }) => records !== 1)).toEqual([]);
});
