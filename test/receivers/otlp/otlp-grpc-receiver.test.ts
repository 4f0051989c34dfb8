import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { type ClientHttp2Stream, connect, constants, type OutgoingHttpHeaders } from 'node:http2';
import { queryObjects } from 'node:v8';
import { gzipSync } from 'node:zlib';
import { isTooLarge } from '../../../src/export/index.ts';
import { decodeLogs } from '../../../src/otlp/index.ts';
import {
  OtlpGrpcReceiver,
  type OtlpGrpcReceiverOptions,
  otlpGrpcOptions,
} from '../../../src/receivers/otlp/index.ts';
import { resolve } from '../../../src/settings/index.ts';
import { sendWithTheSdk } from '../../support/plain-sender.ts';
import { field } from '../../support/protobuf.ts';
import { FakeIntake } from './support/fake-intake.ts';
import { call, EXPORT, grpcClient } from './support/grpc.ts';
import { portOf, rawConnection } from './support/http.ts';
import { protobuf } from './support/logs.ts';

const stops: (() => unknown)[] = [];
afterEach(async () => {
  for (const stop of stops.splice(0).reverse()) await stop();
});

const defaults = resolve(otlpGrpcOptions, 'otlpGrpc', { endpoint: '127.0.0.1:0' });

async function receiving(options: Partial<OtlpGrpcReceiverOptions> = {}) {
  const intake = new FakeIntake();
  const { token } = options;
  const tools = { intake, token, setting: 'receivers.otlpGrpc.endpoint' };
  const receiver = new OtlpGrpcReceiver({ ...defaults, ...options }, tools);
  await receiver.start();
  stops.push(() => {
    intake.release();
    return receiver.stop(0);
  });
  return { receiver, intake, endpoint: receiver.endpoint };
}

/** A message with its gRPC prefix. */
function framed(body: Uint8Array, flag = 0, length = body.length): Buffer {
  const prefix = Buffer.alloc(5);
  prefix[0] = flag;
  prefix.writeUInt32BE(length, 1);
  return Buffer.concat([prefix, body]);
}

const HEADERS = { ':method': 'POST', ':path': EXPORT, 'content-type': 'application/grpc', te: 'trailers' };

/** A call without a gRPC library: the test chooses what is sent. */
function open(endpoint: string, headers: OutgoingHttpHeaders = {}): ClientHttp2Stream {
  const session = connect(`http://${endpoint}`);
  session.on('error', () => {});
  stops.push(() => session.destroy());
  const stream = session.request({ ...HEADERS, ...headers });
  stream.on('error', () => {});
  return stream;
}

interface RawAnswer {
  readonly status: number;
  readonly grpc: number;
  readonly message: string;
}

async function answerOf(stream: ClientHttp2Stream): Promise<RawAnswer> {
  const trailers = once(stream, 'trailers').catch(() => [{}]);
  const [headers] = await once(stream, 'response');
  stream.resume();
  const all =
    headers['grpc-status'] === undefined && headers[':status'] === 200 ? (await trailers)[0] : headers;
  const message = decodeURIComponent(String(all['grpc-message'] ?? ''));
  return { status: headers[':status'], grpc: Number(all['grpc-status']), message };
}

test('a call is answered after its records are in the journal, not before', async () => {
  const { receiver, intake, endpoint } = await receiving();
  intake.hold();
  let answered = false;
  const body = protobuf(3);

  const answer = call(endpoint, body).finally(() => {
    answered = true;
  });
  await intake.called(1);
  expect(answered).toBe(false);
  intake.release();

  expect(await answer).toEqual({ code: 0, answer: Buffer.alloc(0) });
  expect(intake.batches).toHaveLength(1);
  expect(Buffer.compare(intake.batches[0]!.body, body)).toBe(0);
  expect(receiver.counters).toMatchObject({ batches: 1, records: 3, bytes: body.length });
  expect(receiver.inFlightBytes).toBe(0);
});

test('compressed messages are read', async () => {
  const { intake, endpoint } = await receiving();
  const body = protobuf(1_000, 100);

  expect((await call(endpoint, body, { gzip: true })).code).toBe(0);
  const deflated = open(endpoint, { 'grpc-encoding': 'gzip' });
  deflated.end(framed(gzipSync(body), 1));
  expect((await answerOf(deflated)).grpc).toBe(0);

  for (const batch of intake.batches) expect(Buffer.compare(batch.body, body)).toBe(0);
  expect(intake.batches).toHaveLength(2);
});

test('large messages and many calls on one connection come through', async () => {
  const { receiver, intake, endpoint } = await receiving();
  const client = grpcClient(endpoint);
  stops.push(() => client.close());
  const small = protobuf();

  const calls = [call(endpoint, protobuf(1, 30_000_000), { client })];
  for (let i = 0; i < 300; i++) calls.push(call(endpoint, small, { client }));

  expect(new Set((await Promise.all(calls)).map(({ code }) => code))).toEqual(new Set([0]));
  expect(intake.batches).toHaveLength(301);
  expect(receiver.inFlightBytes).toBe(0);
});

test('an empty request is a success, and nothing is written', async () => {
  const { intake, endpoint } = await receiving();

  expect((await call(endpoint, new Uint8Array())).code).toBe(0);
  expect(intake.appends).toBe(0);
});

test.each([
  ['no protobuf', framed(Buffer.from('hello world')), {}, 3, 'malformed'],
  ['no message', Buffer.alloc(0), {}, 3, 'malformed'],
  ['half of a prefix', Buffer.alloc(3), {}, 3, 'malformed'],
  ['a message shorter than it says', framed(Buffer.alloc(3), 0, 9), {}, 3, 'malformed'],
  ['two messages', Buffer.concat([framed(protobuf()), framed(protobuf())]), {}, 3, 'malformed'],
  ['an unknown flag', framed(protobuf(), 7), {}, 3, 'malformed'],
  ['compressed without an encoding', framed(gzipSync(protobuf()), 1), {}, 3, 'malformed'],
  ['no gzip', framed(Buffer.from('hello'), 1), { 'grpc-encoding': 'gzip' }, 3, 'malformed'],
  ['an unknown encoding', framed(protobuf(), 1), { 'grpc-encoding': 'snappy' }, 12, 'encoding'],
  ['another method', framed(protobuf()), { ':path': EXPORT.replace('Export', 'Import') }, 12, 'path'],
  ['another service', framed(protobuf()), { ':path': '/grpc.health.v1.Health/Check' }, 12, 'path'],
])('refused: %s', async (_name, bytes, headers, code, cause) => {
  const { receiver, intake, endpoint } = await receiving();
  const stream = open(endpoint, headers);
  stream.end(bytes);

  expect(await answerOf(stream)).toEqual({ status: 200, grpc: code, message: expect.stringMatching(/\w/) });
  expect([...receiver.counters.refused]).toEqual([[cause, 1]]);
  expect(intake.appends).toBe(0);
  expect(receiver.inFlightBytes).toBe(0);
});

test.each([
  [{ ':method': 'GET' }, 405, 'method'],
  [{ 'content-type': 'application/json' }, 415, 'content_type'],
  [{ 'content-type': 'application/grpc-web' }, 415, 'content_type'],
])('what is not gRPC is answered in HTTP: %p', async (headers, status, cause) => {
  const { receiver, endpoint } = await receiving();
  const stream = open(endpoint, headers);
  stream.end();

  expect((await answerOf(stream)).status).toBe(status);
  expect([...receiver.counters.refused]).toEqual([[cause, 1]]);
});

test('too large messages are refused by their prefix, before they arrive, and while they are decompressed', async () => {
  const { receiver, intake, endpoint } = await receiving({ maxRequestBytes: 10_000 });

  const declared = open(endpoint);
  declared.write(framed(Buffer.alloc(0), 0, 10_001));
  expect((await answerOf(declared)).grpc).toBe(8);
  const bomb = open(endpoint, { 'grpc-encoding': 'gzip' });
  bomb.end(framed(gzipSync(Buffer.alloc(9_000_000)), 1));
  expect((await answerOf(bomb)).grpc).toBe(8);
  const large = await call(endpoint, protobuf(1, 5_000_000));
  expect(large).toMatchObject({ code: 8, retryAfterMillis: undefined });
  // Our own delivery and the otlp sink then send it in smaller requests.
  expect(isTooLarge(large.code, large.message)).toBe(true);
  expect((await call(endpoint, protobuf(1, 9_000))).code).toBe(0);

  expect(Object.fromEntries(receiver.counters.refused)).toEqual({ too_large: 3 });
  expect(intake.batches).toHaveLength(1);
  expect(receiver.inFlightBytes).toBe(0);
});

test('the token is checked before anything is read', async () => {
  const { receiver, intake, endpoint } = await receiving({ token: 'secret-of-sixteen' });
  const stream = open(endpoint, { authorization: 'Bearer other' });

  expect((await answerOf(stream)).grpc).toBe(16);
  expect((await call(endpoint, protobuf())).code).toBe(16);
  expect((await call(endpoint, protobuf(1, 3_000_000), { token: 'wrong' })).code).toBe(16);
  expect(intake.appends).toBe(0);
  expect((await call(endpoint, protobuf(), { token: 'secret-of-sixteen' })).code).toBe(0);
  expect(Object.fromEntries(receiver.counters.refused)).toEqual({ unauthorized: 3 });
});

test('if the journal is full or has failed, the answer is UNAVAILABLE with a retry delay', async () => {
  const { receiver, intake, endpoint } = await receiving();

  intake.answer = { kind: 'full', retryAfterMillis: 2_300 };
  expect(await call(endpoint, protobuf())).toMatchObject({ code: 14, retryAfterMillis: 2_300 });
  intake.answer = new Error('EIO');
  expect(await call(endpoint, protobuf())).toMatchObject({ code: 14, retryAfterMillis: 1_000 });

  expect(Object.fromEntries(receiver.counters.refused)).toEqual({ full: 1, journal: 1 });
});

test('requests in flight are bounded; others are answered with a retry delay, and accepted later', async () => {
  const { receiver, intake, endpoint } = await receiving({
    maxRequestBytes: 50_000,
    maxInFlightBytes: 100_000,
  });
  intake.hold();
  const body = protobuf(1, 40_000);

  const first = [call(endpoint, body), call(endpoint, body)];
  await intake.called(2);
  expect(await call(endpoint, body)).toMatchObject({ code: 14, retryAfterMillis: 1_000 });
  expect(receiver.inFlightBytes).toBeLessThanOrEqual(100_000);
  intake.release();
  for (const { code } of await Promise.all(first)) expect(code).toBe(0);

  expect((await call(endpoint, body)).code).toBe(0);
  expect(receiver.inFlightBytes).toBe(0);
});

test('an aborted call releases its memory', async () => {
  const { receiver, intake, endpoint } = await receiving();
  for (const cut of ['stream', 'session'] as const) {
    const stream = open(endpoint);
    stream.write(framed(Buffer.alloc(20_000), 0, 50_000));
    while (receiver.inFlightBytes < 20_000) await new Promise(setImmediate);
    if (cut === 'stream') stream.close(constants.NGHTTP2_CANCEL);
    else stream.session?.destroy();
    while (receiver.inFlightBytes > 0) await new Promise(setImmediate);
  }

  // Node's client ends a stream before it resets it, so a short message may be seen first.
  const { aborted = 0, malformed = 0 } = Object.fromEntries(receiver.counters.refused);
  expect([aborted + malformed, aborted > 0]).toEqual([2, true]);
  expect(intake.appends).toBe(0);
});

test('a client that disconnects before the answer does not affect others', async () => {
  const { receiver, intake, endpoint } = await receiving();
  intake.hold();
  const stream = open(endpoint);
  stream.end(framed(protobuf()));
  await intake.called(1);
  stream.session?.destroy();
  await once(stream, 'close');
  intake.release();

  expect((await call(endpoint, protobuf())).code).toBe(0);
  expect(receiver.inFlightBytes).toBe(0);
  expect(intake.batches).toHaveLength(2);
});

test('a slow client is disconnected: before its handshake, and during its message', async () => {
  const hasty = await receiving({ headersMillis: 100 });
  await (await rawConnection(portOf(hasty.endpoint))).rest;
  // On a busy machine its headers may take as long as the limit for a message.
  const { receiver, endpoint } = await receiving({ requestMillis: 200 });
  const slow = open(endpoint);
  slow.write(framed(Buffer.alloc(3), 0, 9));

  expect((await answerOf(slow)).grpc).toBe(4);
  expect(Object.fromEntries(receiver.counters.refused)).toEqual({ timeout: 1 });
  expect(receiver.inFlightBytes).toBe(0);
});

test('a client that sends GOAWAY and does not close is disconnected', async () => {
  const { endpoint } = await receiving({ headersMillis: 50 });
  const { socket, rest } = await rawConnection(portOf(endpoint));
  socket.allowHalfOpen = true;
  const settings = [0, 0, 0, 4, 0, 0, 0, 0, 0];
  const goAway = [0, 0, 8, 7, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0];
  socket.write('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
  socket.write(Buffer.from([...settings, ...goAway]));

  // It does not end its side, so that it sees a reset.
  await new Promise((resolve) => socket.once('end', resolve).once('close', resolve));
  const probe = setInterval(() => socket.write(Buffer.from(settings)), 20);
  await rest;
  clearInterval(probe);
});

test('stopping answers requests in flight, and accepts no new ones', async () => {
  const { receiver, intake, endpoint } = await receiving();
  const client = grpcClient(endpoint);
  stops.push(() => client.close());
  intake.hold();
  const underWay = call(endpoint, protobuf(), { client });
  await intake.called(1);

  const stopped = receiver.stop(10_000);
  expect((await call(endpoint, protobuf())).code).toBe(14);
  intake.release();

  expect((await underWay).code).toBe(0);
  await Promise.all([stopped, receiver.stop(10_000)]);
  expect(intake.batches).toHaveLength(1);
});

test('stopping waits no longer than its limit', async () => {
  const { receiver, intake, endpoint } = await receiving();
  intake.hold();
  const underWay = call(endpoint, protobuf());
  await intake.called(1);

  await receiver.stop(50);

  expect((await underWay).code).not.toBe(0);
});

test('the exporter of OpenTelemetry is a client', async () => {
  const { receiver, intake, endpoint } = await receiving();
  const records = Array.from({ length: 1_000 }, (_, index) => ({
    severityNumber: 9,
    body: `number ${index}`,
  }));

  await sendWithTheSdk(`http://${endpoint}`, records);

  const bodies = intake.batches.flatMap(({ body }) =>
    decodeLogs(body).resources.flatMap(({ scopes }) => scopes.flatMap((scope) => scope.records)),
  );
  // The SDK exports its last batches concurrently, so their order is undefined.
  const numbers = bodies.map(({ body }) => Number(String(body).replace('number ', '')));
  expect(numbers.toSorted((a, b) => a - b)).toEqual(records.map((_, index) => index));
  expect(receiver.counters.records).toBe(1_000);
});

test('any bytes on the socket are refused and counted, and the receiver continues', async () => {
  const { receiver, endpoint } = await receiving({ headersMillis: 50 });
  const preface = Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n');
  const settings = Buffer.from([0, 0, 0, 4, 0, 0, 0, 0, 0]);
  const kinds = [
    () => randomBytes(1 + Math.floor(Math.random() * 2_000)),
    () => Buffer.from('GET / HTTP/1.1\r\nHost: x\r\n\r\n'),
    () => Buffer.concat([preface, randomBytes(200)]),
    () => Buffer.concat([preface, settings, Buffer.from([0, 0, 4, 1, 4, 0, 0, 0, 1]), randomBytes(4)]),
    () => Buffer.concat([preface, settings, Buffer.from([255, 255, 255, 0, 0, 0, 0, 0, 1])]),
    () => preface.subarray(0, 10),
  ];

  for (let round = 0; round < 300; round += 20) {
    await Promise.all(
      Array.from({ length: 20 }, async (_, index) => {
        const { socket, rest } = await rawConnection(portOf(endpoint));
        socket.end(kinds[(round + index) % kinds.length]!());
        await rest;
      }),
    );
  }

  expect(receiver.counters.refused.get('protocol')).toBeGreaterThan(0);
  // On a busy machine some were disconnected before their bytes were read; with enough time each is counted.
  const patient = await receiving();
  for (let count = 1; count <= 20; count += 1) {
    const { socket, rest } = await rawConnection(portOf(patient.endpoint));
    socket.end(kinds[1]!());
    await rest;
    expect(patient.receiver.counters.refused.get('protocol')).toBe(count);
  }
});

test('any bytes in calls are refused and counted, and the receiver continues', async () => {
  const { receiver, intake, endpoint } = await receiving();
  const good = protobuf(3);
  for (let round = 0; round < 200; round++) {
    const bytes = framed(good);
    bytes[Math.floor(Math.random() * bytes.length)] = randomBytes(1)[0]!;
    const stream = open(endpoint);
    stream.end(
      bytes.subarray(0, Math.random() < 0.5 ? bytes.length : Math.floor(Math.random() * bytes.length)),
    );
    await answerOf(stream);
    stream.session?.destroy();
  }

  expect(receiver.counters.refused.get('malformed')).toBeGreaterThan(50);
  for (const { body } of intake.batches) expect(() => decodeLogs(body)).not.toThrow();
  expect((await call(endpoint, good)).code).toBe(0);
  expect(receiver.inFlightBytes).toBe(0);
});

test('connections that do not speak gRPC leave nothing behind', async () => {
  const { receiver, endpoint } = await receiving();
  const session = connect(`http://${endpoint}`);
  stops.push(() => session.destroy());
  const count = 300;
  for (let done = 0; done < count; done += 1) {
    const { socket } = await rawConnection(portOf(endpoint));
    socket.write('GET / HTTP/1.1\r\n\r\n', () => socket.destroy());
    await once(socket, 'close');
  }
  while ((receiver.counters.refused.get('protocol') ?? 0) < count) await turn();
  // The common class of server and client sessions.
  const Http2Session = Object.getPrototypeOf(session.constructor);
  // Sessions of the last turns may still exist, but not all of them.
  expect(queryObjects(Http2Session)).toBeLessThan(count / 3);
});

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

test('a message is read in any chunks, up to exactly the maximum size', async () => {
  const { receiver, intake, endpoint } = await receiving({ maxRequestBytes: 20_000 });
  const record = protobuf(1);
  const ofBytes = (bytes: number) => {
    const unknown = field(9, Buffer.alloc(bytes - record.length - 4));
    expect(record.length + unknown.length).toBe(bytes);
    return Buffer.concat([record, unknown]);
  };
  const most = framed(ofBytes(20_000));
  for (const cuts of [[1], [4], [5], [6], [1, 2, 3, 4, 5, 6], [3, 7, 5_000, 20_004], []]) {
    const stream = open(endpoint);
    const answer = answerOf(stream);
    let from = 0;
    for (const cut of cuts) {
      await new Promise((resolve) => stream.write(most.subarray(from, cut), resolve));
      from = cut;
    }
    stream.end(most.subarray(from));
    expect(await answer).toMatchObject({ status: 200, grpc: 0 });
  }
  for (const wrong of [
    framed(ofBytes(20_001)),
    Buffer.concat([most, Buffer.alloc(1)]),
    most.subarray(0, -1),
  ]) {
    const stream = open(endpoint);
    const answer = answerOf(stream);
    stream.end(wrong);
    expect([3, 8]).toContain((await answer).grpc);
  }
  expect(intake.batches.map(({ body }) => Buffer.compare(body, most.subarray(5)))).toEqual(
    new Array(7).fill(0),
  );
  expect(Object.fromEntries(receiver.counters.refused)).toEqual({ too_large: 1, malformed: 2 });
  expect(receiver.inFlightBytes).toBe(0);
});
