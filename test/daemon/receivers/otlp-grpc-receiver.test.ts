import { once } from 'node:events';
import { type AddressInfo, connect, createServer } from 'node:net';
import { Client, credentials, Metadata, type ServiceError } from '@grpc/grpc-js';
import { OTLPLogExporter } from '@opentelemetry/exporter-logs-otlp-grpc';
import { CompressionAlgorithm } from '@opentelemetry/otlp-exporter-base';
import { InMemoryLogRecordExporter, LoggerProvider, SimpleLogRecordProcessor } from '@opentelemetry/sdk-logs';
import { OtlpGrpcReceiver, type OtlpReceiverOptions } from '../../../src/daemon/receivers/index.ts';
import { RetryingLogRecordExporter, retryAfterMillis } from '../../../src/export/index.ts';
import type { ExportResultLike } from '../../../src/record/index.ts';
import { decodeLogs } from '../../../src/wire/index.ts';
import { MemoryIntake } from '../../zeromq/support/memory-intake.ts';
import { folderForEachTest } from '../sinks/support/folder.ts';
import { certificate, testWithOpenssl } from './support/certificate.ts';
import { protobufRequest } from './support/requests.ts';

const METHOD = '/opentelemetry.proto.collector.logs.v1.LogsService/Export';
const SETTING = 'receivers.otlpGrpc.endpoint';
const MEBIBYTE = 2 ** 20;
const folder = folderForEachTest();
const closers: (() => unknown)[] = [];

afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

async function started(more: Partial<OtlpReceiverOptions> = {}) {
  const intake = new MemoryIntake();
  const address = { host: '127.0.0.1', port: 0 };
  const receiver = new OtlpGrpcReceiver({ address, intake, setting: SETTING, ...more });
  closers.push(() => receiver.stop(0));
  await receiver.start();
  return { intake, receiver, target: receiver.endpoint };
}

function clientOf(target: string, channel = credentials.createInsecure()): Client {
  const client = new Client(target, channel, { 'grpc.max_send_message_length': -1 });
  closers.push(() => client.close());
  return client;
}

const same = (bytes: Buffer) => bytes;

/** @returns the error of the call, or undefined when it was taken */
function call(client: Client, body: Buffer, headers: Record<string, string> = {}, path = METHOD) {
  const metadata = new Metadata();
  for (const [name, value] of Object.entries(headers)) metadata.set(name, value);
  return new Promise<ServiceError | undefined>((resolve) => {
    client.makeUnaryRequest(path, same, same, body, metadata, (error) => resolve(error ?? undefined));
  });
}

function recordsOf(count: number) {
  const memory = new InMemoryLogRecordExporter();
  const provider = new LoggerProvider({ processors: [new SimpleLogRecordProcessor({ exporter: memory })] });
  for (let index = 0; index < count; index += 1) provider.getLogger('test').emit({ body: `record ${index}` });
  return memory.getFinishedLogRecords();
}

test.each([CompressionAlgorithm.NONE, CompressionAlgorithm.GZIP])(
  'takes what the official exporter sends, compression %s',
  async (compression) => {
    const { intake, receiver, target } = await started();
    const exporter = new OTLPLogExporter({ url: `http://${target}`, compression });
    closers.push(() => exporter.shutdown());
    const result = await new Promise<ExportResultLike>((resolve) => exporter.export(recordsOf(3), resolve));
    expect(result).toMatchObject({ code: 0 });
    const [resource] = decodeLogs(intake.batches[0]!.body).resources;
    expect(resource?.scopes[0]?.records.map(({ body }) => body)).toEqual([
      'record 0',
      'record 1',
      'record 2',
    ]);
    expect(receiver.counters).toMatchObject({ batches: 1, records: 3 });
  },
);

test('an empty request is taken, and reaches no journal', async () => {
  const { intake, target } = await started();
  expect(await call(clientOf(target), Buffer.alloc(0))).toBeUndefined();
  expect(intake.appends).toBe(0);
});

test('malformed: INVALID_ARGUMENT, counted', async () => {
  const { receiver, target } = await started();
  expect(await call(clientOf(target), Buffer.from([0x0a, 0x7f]))).toMatchObject({ code: 3 });
  expect(Object.fromEntries(receiver.counters.refused)).toEqual({ malformed: 1 });
});

test('too large, as it comes or decompressed: RESOURCE_EXHAUSTED, counted; the next is not harmed', async () => {
  const { receiver, target } = await started({ maxRequestBytes: MEBIBYTE });
  const client = clientOf(target);
  expect(await call(client, Buffer.alloc(MEBIBYTE + 1))).toMatchObject({ code: 8 });
  const bomb = { 'grpc-internal-encoding-request': 'gzip' };
  expect(await call(client, Buffer.alloc(64 * MEBIBYTE), bomb)).toMatchObject({ code: 8 });
  expect(Object.fromEntries(receiver.counters.refused)).toEqual({ unreadable: 2 });
  expect(await call(client, protobufRequest('a'))).toBeUndefined();
});

test('what another method is called: UNIMPLEMENTED', async () => {
  const { target } = await started();
  expect(await call(clientOf(target), protobufRequest('a'), {}, '/x.Y/Z')).toMatchObject({ code: 12 });
});

test('full: UNAVAILABLE with a RetryInfo that RetryingLogRecordExporter obeys', async () => {
  const { intake, receiver, target } = await started();
  intake.fullForMillis = 300;
  const error = await call(clientOf(target), protobufRequest('a'));
  expect(error).toMatchObject({ code: 14 });
  expect(retryAfterMillis(error)).toBe(300);

  const times: number[] = [];
  const append = intake.append.bind(intake);
  intake.append = (batch) => {
    times.push(performance.now());
    if (times.length === 2) intake.fullForMillis = undefined;
    return append(batch);
  };
  const exporter = new RetryingLogRecordExporter({
    exporter: new OTLPLogExporter({ url: `http://${target}` }),
    initialBackoffMillis: 10,
  });
  closers.push(() => exporter.shutdown());
  const result = await new Promise((resolve) => exporter.export(recordsOf(1), resolve));
  expect(result).toMatchObject({ code: 0 });
  expect(times[1]! - times[0]!).toBeGreaterThanOrEqual(295);
  expect(receiver.counters.refused.get('full')).toBe(2);
  expect(intake.batches).toHaveLength(1);
});

test('a failed journal: INTERNAL', async () => {
  const { intake, receiver, target } = await started();
  intake.broken = new Error('disk on fire');
  expect(await call(clientOf(target), protobufRequest('a'))).toMatchObject({ code: 13 });
  expect(receiver.counters).toMatchObject({ batches: 0 });
});

test('requests beyond the bound of all together: UNAVAILABLE, and the room comes back', async () => {
  const { intake, receiver, target } = await started({ maxRequestBytes: 4_096, maxInFlightBytes: 4_096 });
  const client = clientOf(target);
  intake.hold();
  const first = call(client, protobufRequest('x'.repeat(3_000)));
  await intake.until(() => intake.waiting === 1);
  const refused = await call(client, protobufRequest('y'.repeat(3_000)));
  expect(refused).toMatchObject({ code: 14 });
  expect(retryAfterMillis(refused)).toBe(1_000);
  intake.release();
  expect(await first).toBeUndefined();
  expect(await call(client, protobufRequest('y'.repeat(3_000)))).toBeUndefined();
  expect(receiver.counters.refused.get('busy')).toBe(1);
});

test('with a token: UNAUTHENTICATED without it or with another', async () => {
  const { intake, receiver, target } = await started({ token: 'right-token' });
  const client = clientOf(target);
  expect(await call(client, protobufRequest('a'))).toMatchObject({ code: 16 });
  expect(await call(client, protobufRequest('a'), { authorization: 'Bearer wrong' })).toMatchObject({
    code: 16,
  });
  expect(await call(client, protobufRequest('a'), { authorization: 'Bearer right-token' })).toBeUndefined();
  expect(receiver.counters.refused.get('unauthorized')).toBe(2);
  expect(intake.appends).toBe(1);
});

testWithOpenssl()('speaks TLS, and asks clients for a certificate if told so (needs openssl)', async () => {
  const [server, own] = [certificate(folder()), certificate(folder(), 'client')];
  const { intake, target } = await started({ tls: { cert: server.cert, key: server.key, ca: own.cert } });
  const named = target.replace('127.0.0.1', 'localhost');
  const known = clientOf(named, credentials.createSsl(server.cert, own.key, own.cert));
  expect(await call(known, protobufRequest('a'))).toBeUndefined();
  const unknown = clientOf(named, credentials.createSsl(server.cert));
  expect(await call(unknown, protobufRequest('a'))).toMatchObject({ code: 14 });
  expect(intake.appends).toBe(1);
});

test('a port in use: says so, and by which setting to choose another', async () => {
  const taken = createServer().listen(0, '127.0.0.1');
  await once(taken, 'listening');
  closers.push(() => taken.close());
  const { port } = taken.address() as AddressInfo;
  await expect(started({ address: { host: '127.0.0.1', port } })).rejects.toThrow(
    `cannot listen on 127.0.0.1:${port}: the port is in use by another process; ${SETTING} chooses another`,
  );
});

test('without @grpc/grpc-js it says which package is missing', async () => {
  await jest.isolateModulesAsync(async () => {
    jest.doMock('@grpc/grpc-js', () => {
      throw new Error('Cannot find module');
    });
    const { OtlpGrpcReceiver: Alone } = await import('../../../src/daemon/receivers/index.ts');
    const options = { address: { host: '127.0.0.1', port: 0 }, intake: new MemoryIntake(), setting: SETTING };
    await expect(new Alone(options).start()).rejects.toThrow(
      `${SETTING} needs the package @grpc/grpc-js: npm install @grpc/grpc-js`,
    );
    jest.dontMock('@grpc/grpc-js');
  });
});

test('stop() answers what is under way; idle clients and silent connections do not hold it', async () => {
  const { intake, receiver, target } = await started();
  const client = clientOf(target);
  await call(client, protobufRequest('a'));
  const silent = connect(Number(target.split(':')[1]), '127.0.0.1');
  silent.on('error', () => {});
  await once(silent, 'connect');
  intake.hold();
  const answer = call(client, protobufRequest('b'));
  await intake.until(() => intake.waiting === 1);
  const stopped = receiver.stop(20_000);
  intake.release();
  expect(await answer).toBeUndefined();
  await stopped;
  await receiver.stop(0);
});

test('stop() cuts off what takes longer than its grace', async () => {
  const { intake, receiver, target } = await started();
  intake.hold();
  const answer = call(clientOf(target), protobufRequest('a'));
  await intake.until(() => intake.waiting === 1);
  await receiver.stop(20);
  expect(await answer).toMatchObject({ code: expect.any(Number) });
});

test('garbage on the connection harms only that connection', async () => {
  const { target } = await started();
  const port = Number(target.split(':')[1]);
  for (const garbage of [
    'GET / HTTP/1.1\r\n\r\n',
    'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\xff\xff\xff\xff\xff',
    '\0'.repeat(99),
  ]) {
    const socket = connect(port, '127.0.0.1');
    socket.on('error', () => {});
    socket.resume();
    socket.end(garbage, 'latin1');
    await once(socket, 'close');
  }
  expect(await call(clientOf(target), protobufRequest('a'))).toBeUndefined();
});

test('a connection that says nothing is closed after a while, and counted', async () => {
  const { receiver, target } = await started({ headersMillis: 30 });
  const silent = connect(Number(target.split(':')[1]), '127.0.0.1');
  silent.on('error', () => {});
  silent.resume();
  await once(silent, 'close');
  expect(receiver.counters.refused.get('slow')).toBe(1);
});
