import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gunzipSync } from 'node:zlib';
import { status } from '@grpc/grpc-js';
import type { JournalEntry } from '../../src/component/contract.ts';
import { decodeLogs } from '../../src/otlp/index.ts';
import { resolve } from '../../src/settings/index.ts';
import {
  OtlpSink,
  type OtlpSinkOptions,
  type OtlpSinkTools,
  otlpSinkOptions,
} from '../../src/sinks/otlp/index.ts';
import { partialSuccess } from '../support/otlp-answer.js';
import { type OtlpReceiver, startOtlpReceiver } from '../support/otlp-receiver.js';
import { batch, listener, one, record } from './support/logs.ts';
import { MemoryJournal } from './support/memory-journal.ts';

const never = new AbortController().signal;
const endings: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const end of endings.splice(0)) await end();
});

const journal = new MemoryJournal();
const entry = (body: string) => journal.add(one(body));
const entries = (...bodies: string[]) => bodies.map(entry);

async function sinkTo(
  endpoint: string,
  more: Partial<OtlpSinkOptions> = {},
  tools: Partial<OtlpSinkTools> = {},
): Promise<OtlpSink> {
  const defaults = resolve(otlpSinkOptions, 'otlp', { endpoint, protocol: more.protocol });
  const sink = new OtlpSink({ ...defaults, ...more }, { log: listener(), ...tools });
  await sink.open();
  endings.unshift(() => sink.close());
  return sink;
}

async function grpcServer(): Promise<OtlpReceiver> {
  const receiver = await startOtlpReceiver();
  endings.push(() => receiver.stop());
  return receiver;
}

interface HttpRequest {
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  readonly bodies: readonly unknown[];
  readonly port: number;
}

interface HttpReply {
  readonly code: number;
  readonly headers?: Record<string, string>;
  readonly body?: Buffer;
}

async function httpServer(answer: (request: HttpRequest) => HttpReply | undefined) {
  const requests: HttpRequest[] = [];
  const server: Server = createServer((incoming, response) => {
    const chunks: Buffer[] = [];
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
    incoming.on('end', () => {
      const raw = Buffer.concat(chunks);
      const bytes = incoming.headers['content-encoding'] === 'gzip' ? gunzipSync(raw) : raw;
      const request = {
        url: incoming.url ?? '',
        headers: incoming.headers,
        bodies: bodiesOf(bytes),
        port: incoming.socket.remotePort!,
      };
      requests.push(request);
      const reply = answer(request);
      if (reply === undefined) return;
      response.writeHead(reply.code, { 'content-type': 'application/x-protobuf', ...reply.headers });
      response.end(reply.body);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  endings.push(
    () =>
      new Promise((resolve) => {
        server.close(resolve);
        server.closeAllConnections();
      }),
  );
  return { requests, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}

function bodiesOf(bytes: Uint8Array): readonly unknown[] {
  return decodeLogs(bytes).resources.flatMap(({ scopes }) =>
    scopes.flatMap(({ records }) => records.map(({ body }) => body)),
  );
}

const indexesOf = (list: readonly JournalEntry[]) => list.map(({ index }) => index);
const bodiesIn = (receiver: OtlpReceiver) =>
  receiver.requests.map(({ records }) => records.map(({ body }) => body));

test.each(['gzip', 'none'] as const)(
  'gRPC: small entries go out as one request (%s)',
  async (compression) => {
    const receiver = await grpcServer();
    const sink = await sinkTo(receiver.url, { compression, headers: { authorization: 'Bearer x' } });
    await sink.write(entries('one', 'two', 'three'), never);
    expect(bodiesIn(receiver)).toEqual([['one', 'two', 'three']]);
    expect(receiver.requests[0]!.metadata.authorization).toBe('Bearer x');
    expect(sink.counters()).toMatchObject({ requests: 1 });
    expect(sink.dropped()).toEqual({ partial_success: 0 });
  },
);

test.each(['gzip', 'none'] as const)(
  'HTTP: over one connection, to /v1/logs, with headers (%s)',
  async (compression) => {
    const server = await httpServer(() => ({ code: 200 }));
    const sink = await sinkTo(`${server.url}/otlp`, {
      protocol: 'http',
      compression,
      headers: { 'x-scope': 'shop' },
    });
    await sink.write(entries('one', 'two'), never);
    await sink.write(entries('three'), never);
    expect(server.requests.map(({ bodies }) => bodies)).toEqual([['one', 'two'], ['three']]);
    expect(server.requests[0]).toMatchObject({
      url: '/otlp/v1/logs',
      headers: { 'x-scope': 'shop', 'content-type': 'application/x-protobuf' },
    });
    expect(new Set(server.requests.map(({ port }) => port)).size).toBe(1);
  },
);

test('requests stay below the limit: entries are grouped up to it, and a long one is split between records', async () => {
  const receiver = await grpcServer();
  const sink = await sinkTo(receiver.url, { maxRequestBytes: 4_096 });
  const long = journal.add(
    batch(Array.from({ length: 30 }, (_, at) => record(`${at} ${'x'.repeat(500)}`))),
    30,
  );
  await sink.write([...entries('a'.repeat(1_500), 'b'.repeat(1_500), 'c'.repeat(1_500)), long], never);
  for (const { bytes } of receiver.requests) expect(bytes).toBeLessThanOrEqual(4_096);
  expect(receiver.records).toHaveLength(33);
  expect(receiver.requests.length).toBeLessThan(10);
});

test('gRPC: retryable failures are retried, not before the server allows it', async () => {
  const receiver = await grpcServer();
  const sink = await sinkTo(receiver.url);
  receiver.respond(() => ({ code: status.UNAVAILABLE, retryDelayMillis: 2_500 }));
  await expect(sink.write(entries('one'), never)).rejects.toMatchObject({ retryAfterMillis: 2_500 });
  receiver.respond(() => ({ code: status.RESOURCE_EXHAUSTED, retryDelayMillis: 100 }));
  await expect(sink.write(entries('one'), never)).rejects.toMatchObject({ retryAfterMillis: 100 });
});

test.each([
  [429, '7', 7_000],
  [503, 'a date in a minute', 60_000],
  [502, undefined, 0],
  [504, 'soon', 0],
])('HTTP %i with Retry-After %s is retried', async (code, retryAfter, millis) => {
  const inMinute = () => new Date(Date.now() + 60_000).toUTCString();
  const server = await httpServer(() => ({
    code,
    headers:
      retryAfter === undefined
        ? {}
        : { 'retry-after': retryAfter === 'a date in a minute' ? inMinute() : retryAfter },
  }));
  const sink = await sinkTo(server.url, { protocol: 'http' });
  const asked = Date.now();
  const error = (await sink.write(entries('one'), never).catch((each) => each)) as {
    retryAfterMillis: number;
  };
  expect(error.retryAfterMillis).toBeLessThanOrEqual(millis);
  // A date has whole seconds, and the time since it was written counts.
  expect(error.retryAfterMillis).toBeGreaterThan(millis - 1_000 - (Date.now() - asked));
});

test('after a call that failed in between, only entries that were not accepted are resent', async () => {
  const receiver = await grpcServer();
  const sink = await sinkTo(receiver.url, { maxRequestBytes: 1_024 });
  const list = entries('a'.repeat(800), 'b'.repeat(800), 'c'.repeat(800));
  receiver.respond((_request, index) => (index === 1 ? { code: status.UNAVAILABLE } : 'ok'));
  await expect(sink.write(list, never)).rejects.toThrow('UNAVAILABLE');
  await sink.write(list, never);
  expect(receiver.records.map(({ body }) => String(body)[0])).toEqual(['a', 'b', 'c']);
});

test('a partial success is counted and logged, and is not retried', async () => {
  const receiver = await grpcServer();
  const log = listener();
  const sink = await sinkTo(receiver.url, {}, { log });
  receiver.respond(() => ({ rejectedLogRecords: 2, errorMessage: 'too old' }));
  await sink.write(entries('one', 'two', 'three'), never);
  expect(sink.counters()).toMatchObject({ requests: 1 });
  expect(sink.dropped()).toEqual({ partial_success: 2 });
  expect(log.said.join()).toContain('rejected 2 records (2 since the start): too old');

  const protobuf = await httpServer(() => ({ code: 200, body: partialSuccess(1, 'no') }));
  const json = await httpServer(() => ({
    code: 200,
    headers: { 'content-type': 'application/json' },
    body: Buffer.from('{"partialSuccess":{"rejectedLogRecords":"1","errorMessage":"no"}}'),
  }));
  for (const { url } of [protobuf, json]) {
    const http = await sinkTo(url, { protocol: 'http' });
    await http.write(entries('one'), never);
    expect(http.dropped()).toEqual({ partial_success: 1 });
  }
});

test('gRPC: of a rejected request, the entries that caused it are found and rejected alone', async () => {
  const receiver = await grpcServer();
  const sink = await sinkTo(receiver.url);
  receiver.respond(({ records }) =>
    records.some(({ body }) => String(body).startsWith('bad'))
      ? { code: status.INVALID_ARGUMENT, message: 'a bad one' }
      : 'ok',
  );
  const list = entries('1', '2', 'bad 3', '4', '5', '6', 'bad 7', '8');
  await expect(sink.write(list, never)).rejects.toMatchObject({
    rejected: true,
    cause: 'grpc_invalid_argument',
    indexes: [list[2]!.index, list[6]!.index],
  });
  expect(receiver.records.map(({ body }) => body)).toEqual(['1', '2', '4', '5', '6', '8']);
});

test('HTTP 400: the same', async () => {
  const server = await httpServer(({ bodies }) => ({ code: bodies.includes('bad') ? 400 : 200 }));
  const sink = await sinkTo(server.url, { protocol: 'http' });
  const list = entries('1', 'bad', '3');
  await expect(sink.write(list, never)).rejects.toMatchObject({
    cause: 'http_400',
    indexes: [list[1]!.index],
  });
});

test('if a server rejects everything, not every entry is sent alone', async () => {
  const server = await httpServer(() => ({ code: 400 }));
  const sink = await sinkTo(server.url, { protocol: 'http', compression: 'none' });
  const list = Array.from({ length: 2_000 }, (_, at) => entry(`${at}`));
  await expect(sink.write(list, never)).rejects.toMatchObject({ indexes: indexesOf(list) });
  expect(server.requests.length).toBeLessThan(300);
});

test('a too large request is split, down to a record, which is rejected', async () => {
  const receiver = await grpcServer();
  const sink = await sinkTo(receiver.url);
  receiver.respond(({ bytes }) =>
    bytes > 3_000
      ? {
          code: status.RESOURCE_EXHAUSTED,
          message: `grpc: received message larger than max (${bytes} vs. 3000)`,
        }
      : 'ok',
  );
  const halved = journal.add(
    batch(Array.from({ length: 40 }, (_, at) => record(`${at} ${'x'.repeat(300)}`))),
    40,
  );
  const huge = entry('y'.repeat(4_000));
  await expect(sink.write([...entries('a', 'b'), halved, huge], never)).rejects.toMatchObject({
    cause: 'grpc_resource_exhausted',
    indexes: [huge.index],
  });
  expect(new Set(receiver.records.map(({ body }) => body)).size).toBe(42);
  expect(receiver.records).toHaveLength(42);

  const server = await httpServer(({ bodies }) => ({ code: bodies.length > 5 ? 413 : 200 }));
  const http = await sinkTo(server.url, { protocol: 'http' });
  await http.write([halved], never);
  expect(
    server.requests.filter(({ bodies }) => bodies.length <= 5).flatMap(({ bodies }) => bodies),
  ).toHaveLength(40);
});

test.each([
  ['a wrong token', status.UNAUTHENTICATED, 401],
  ['a service that is not there', status.UNIMPLEMENTED, 404],
])('%s costs time, not records', async (_what, grpc, http) => {
  const receiver = await grpcServer();
  receiver.respond(() => ({ code: grpc, message: 'not you' }));
  const wished = { retryAfterMillis: 30_000 };
  await expect((await sinkTo(receiver.url)).write(entries('one'), never)).rejects.toMatchObject(wished);
  const server = await httpServer(() => ({
    code: http,
    headers: { 'content-type': 'text/plain' },
    body: Buffer.from('not you'),
  }));
  const sink = await sinkTo(server.url, { protocol: 'http' });
  await expect(sink.write(entries('one'), never)).rejects.toMatchObject(wished);
  await expect(sink.write(entries('one'), never)).rejects.toThrow('not you');
});

test.each(['grpc', 'http'] as const)(
  '%s: a server that is down, and one that hangs, may be tried again',
  async (protocol) => {
    const down = await sinkTo('http://127.0.0.1:9', { protocol });
    await expect(down.write(entries('one'), never)).rejects.toMatchObject({ retryAfterMillis: 0 });

    const receiver = await grpcServer();
    receiver.respond(() => 'never');
    const { url } = protocol === 'grpc' ? receiver : await httpServer(() => undefined);
    const hanging = await sinkTo(url, { protocol, timeoutMillis: 100 });
    await expect(hanging.write(entries('one'), never)).rejects.toMatchObject({ retryAfterMillis: 0 });
  },
);

test.each(['grpc', 'http'] as const)('%s: an abort ends the call', async (protocol) => {
  const abort = new AbortController();
  const receiver = await grpcServer();
  receiver.respond(() => 'never');
  const server = await httpServer(() => {
    abort.abort(new Error('stop'));
    return undefined;
  });
  const sink = await sinkTo(protocol === 'grpc' ? receiver.url : server.url, { protocol });
  const written = sink.write(entries('one'), abort.signal);
  if (protocol === 'grpc') receiver.waitForRequests(1).then(() => abort.abort(new Error('stop')));
  await expect(written).rejects.toThrow('stop');
});
