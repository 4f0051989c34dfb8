import { Pull, Push } from 'zeromq';
import { JsonSerializer, type LogSerializer, OtlpProtobufSerializer } from '../../src/distlog-json/index.ts';
import { decodeLogs } from '../../src/otlp/index.ts';
import {
  type DecodeMessage,
  ZmqPushReceiver,
  type ZmqPushReceiverOptions,
  type ZmqPushReceiverTools,
  zmqPushOptions,
} from '../../src/receivers/zeromq/index.ts';
import type { ReadableLogRecordLike } from '../../src/record/index.ts';
import { resolve } from '../../src/settings/index.ts';
import { ZmqLogRecordExporter, type ZmqLogRecordExporterOptions } from '../../src/zeromq/index.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { deadEndpoint, startDeafPeer } from './support/deaf-peer.ts';
import { closeAll, closeLater, lines, send, turnUntil } from './support/exporting.ts';
import { MemoryIntake } from './support/memory-intake.ts';

afterEach(closeAll);

const json: LogSerializer = {
  contentType: 'application/json',
  encoding: 'J',
  serialize: ([record]: readonly ReadableLogRecordLike[]) => Buffer.from(JSON.stringify(record?.body)),
};

/** Each message becomes a line; unknown topics are refused. */
const decode: DecodeMessage = (letters, body) => {
  const topic = Buffer.from(letters).toString('latin1');
  if (!/^[TSP]L[JO]$/.test(topic)) {
    throw Object.assign(new Error(`topic ${topic}`), { malformed: true, cause: 'unsupported' });
  }
  return { body: Buffer.from(`${topic} ${Buffer.from(body)}\n`), records: 1 };
};

async function newPushReceiver(
  intake: MemoryIntake,
  options: Partial<ZmqPushReceiverOptions> = {},
  tools: Partial<ZmqPushReceiverTools> = {},
) {
  const defaults = resolve(zmqPushOptions, 'zmqPush', { endpoint: 'tcp://127.0.0.1:0' });
  const receiver = new ZmqPushReceiver({ ...defaults, ...options }, { intake, decode, ...tools });
  await receiver.start();
  closeLater(() => receiver.stop(100));
  return receiver;
}

function newPusher(options: Partial<ZmqLogRecordExporterOptions> & { endpoint: string }) {
  const exporter = new ZmqLogRecordExporter({
    mode: 'push',
    serializer: json,
    shutdownTimeoutMillis: 100,
    ...options,
  });
  closeLater(() => exporter.shutdown());
  return exporter;
}

test('each record is one message of topic and body, in order', async () => {
  const pull = new Pull({ linger: 0 });
  closeLater(async () => pull.close());
  await pull.bind('tcp://127.0.0.1:*');
  const exporter = newPusher({ endpoint: pull.lastEndpoint!, system: 'T' });
  expect(await send(exporter, 'one', 'two')).toBeUndefined();
  const messages = [await pull.receive(), await pull.receive()].map((parts) => parts.map(String));
  expect(messages).toEqual([
    ['TLJ', '"one"'],
    ['TLJ', '"two"'],
  ]);
  // The same applies if nothing is pending on an open connection.
  await exporter.forceFlush();
  expect(await send(exporter, 'three')).toBeUndefined();
  expect((await pull.receive()).map(String)).toEqual(['TLJ', '"three"']);
});

test('data that a failed connection had not taken is lost and counted, once', async () => {
  const { endpoint, opened, close } = await startDeafPeer();
  const exporter = newPusher({ endpoint, maxQueueBytes: 40_000_000 });
  const peer = await opened;
  const total = 200;
  for (let at = 0; at < total; at++) await send(exporter, 'x'.repeat(100_000));
  // Until no more data is taken: the buffers of the operating system are full.
  let [exported, turns] = [0, 0];
  await turnUntil(() => {
    turns = exporter.stats().exported === exported ? turns + 1 : 0;
    exported = exporter.stats().exported;
    return exported > 0 && turns > 200;
  });
  const before = exporter.stats();
  expect(before.pending).toBeGreaterThan(0);
  close();
  peer.resetAndDestroy();
  await turnUntil(() => exporter.stats().failed.send > 0);
  const { failed, exported: left, pending } = exporter.stats();
  // The operating system may have taken more data in the meantime.
  expect(pending).toBeLessThanOrEqual(before.pending);
  expect(left + failed.send + pending).toBe(total);
  // About 256 KiB were passed to the socket.
  expect(failed.send).toBeLessThanOrEqual(5);
});

test('OTLP is sent as one message per batch', async () => {
  const pull = new Pull({ linger: 0 });
  closeLater(async () => pull.close());
  await pull.bind('tcp://127.0.0.1:*');
  const exporter = newPusher({ endpoint: pull.lastEndpoint!, serializer: lines });
  expect(await send(exporter, 'one', 'two')).toBeUndefined();
  expect((await pull.receive()).map(String)).toEqual(['PLO', 'one\ntwo']);
});

test('an export ends when it is queued, even without a server; the records are sent later', async () => {
  const endpoint = await deadEndpoint();
  const exporter = newPusher({ endpoint, reconnectMillis: 10, reconnectMaxMillis: 20 });
  for (let at = 0; at < 100; at++) expect(await send(exporter, `a${at}`, `b${at}`)).toBeUndefined();
  const intake = new MemoryIntake();
  const receiver = await newPushReceiver(intake, { endpoint });
  await intake.until(() => intake.batches.reduce((sum, { records }) => sum + records, 0) === 200);
  expect(receiver.counters).toMatchObject({ records: 200 });
  expect(intake.texts.join('').split('\n').slice(0, 3)).toEqual(['PLJ "a0"', 'PLJ "b0"', 'PLJ "a1"']);
});

test('an export that exceeds maxQueueBytes fails completely and is counted', async () => {
  const exporter = newPusher({ endpoint: await deadEndpoint(), maxQueueBytes: 10_000 });
  let taken = 0;
  for (let at = 0; at < 1_000; at++) {
    const failure = await send(exporter, 'x'.repeat(95), 'y'.repeat(95));
    if (failure === undefined) taken += 2;
    else expect(failure.code).toBe('queue_full');
  }
  // A message has 100 bytes with its topic. Without a connection all of them are queued.
  expect(taken).toBe(100);
  expect(exporter.stats()).toMatchObject({
    ...{ received: 2_000, exported: 0, pending: 100, pendingBatches: 100, pendingBytes: 10_000 },
    failed: { queue_full: 1_900 },
  });
});

test('records that were not sent at the end of shutdown are counted as lost', async () => {
  const exporter = newPusher({ endpoint: await deadEndpoint() });
  for (let at = 0; at < 1_000; at++) await send(exporter, `record ${at}`);
  await exporter.shutdown();
  const { failed, exported, pending } = exporter.stats();
  expect(pending).toBe(0);
  expect(failed.shutdown).toBeGreaterThan(500);
  expect(exported + failed.shutdown).toBe(1_000);
});

test('a flush waits until everything was sent, and shutdown lets it arrive', async () => {
  const intake = new MemoryIntake();
  const receiver = await newPushReceiver(intake);
  const exporter = newPusher({ endpoint: receiver.endpoint, shutdownTimeoutMillis: 5_000 });
  for (let at = 0; at < 5_000; at++) void send(exporter, `record ${at}`);
  await exporter.forceFlush();
  expect(exporter.stats()).toMatchObject({ exported: 5_000, pending: 0 });
  await exporter.shutdown();
  await intake.until(() => intake.batches.reduce((sum, { records }) => sum + records, 0) === 5_000);
});

test('single records go to the journal in groups, and no record waits longer than groupMillis', async () => {
  const intake = new MemoryIntake();
  const clock = new ManualClock();
  const receiver = await newPushReceiver(intake, { groupRecords: 100, groupMillis: 20 }, { clock });
  const exporter = newPusher({ endpoint: receiver.endpoint });
  for (let at = 0; at < 250; at++) void send(exporter, `record ${at}`);
  await intake.until(() => intake.batches.length === 2);
  // The first message after a group starts the time of the next.
  await turnUntil(() => {
    if (clock.pendingTimers > 0) clock.advance(20);
    return intake.batches.reduce((sum, { records }) => sum + records, 0) === 250;
  });
  expect(intake.batches.slice(0, 2).map(({ records }) => records)).toEqual([100, 100]);
  const { batches, records, bytes } = receiver.counters;
  const sum = intake.batches.reduce((total, { body }) => total + body.length, 0);
  expect({ batches, records, bytes }).toEqual({ batches: intake.batches.length, records: 250, bytes: sum });
});

async function rawPush(endpoint: string) {
  const socket = new Push({ linger: 0 });
  socket.connect(endpoint);
  closeLater(async () => socket.close());
  return socket;
}

const dropped = (receiver: ZmqPushReceiver) =>
  [...receiver.counters.dropped.values()].reduce((a, b) => a + b, 0);

test('a group of a mebibyte goes to the journal at once, however few records it has', async () => {
  const intake = new MemoryIntake();
  const bounds = { groupMillis: Number.POSITIVE_INFINITY, groupRecords: 1_000_000 };
  const receiver = await newPushReceiver(intake, bounds);
  const socket = await rawPush(receiver.endpoint);
  // Topic, space and line feed are added to each.
  const body = 'x'.repeat(524_288 - 5);
  await socket.send(['PLJ', body]);
  await socket.send(['PLJ', body]);
  await intake.until(() => intake.texts.length === 1);
  expect(intake.texts[0]).toHaveLength(1_048_576);
});

test('an invalid message is dropped and counted, and the next one is accepted', async () => {
  const intake = new MemoryIntake();
  const receiver = await newPushReceiver(intake);
  const socket = await rawPush(receiver.endpoint);
  await socket.send('one frame');
  await socket.send(['PLJ', 'two', 'three']);
  await socket.send(['PLP', Buffer.from([0x80, 4])]);
  await socket.send(['x'.repeat(1000), 'body']);
  await socket.send(['PLJ', '"good"']);
  await intake.until(() => intake.texts.length === 1);
  expect(intake.texts).toEqual(['PLJ "good"\n']);
  expect([...receiver.counters.dropped]).toEqual([
    ['malformed', 3],
    ['unsupported', 1],
  ]);
});

test('if the journal is full or has failed, messages are dropped and counted by record', async () => {
  const intake = new MemoryIntake();
  const bounds = { groupMillis: Number.POSITIVE_INFINITY, groupRecords: 10 };
  const receiver = await newPushReceiver(intake, bounds);
  const socket = await rawPush(receiver.endpoint);
  intake.fullForMillis = 100;
  for (let at = 0; at < 10; at++) await socket.send(['PLJ', '1']);
  await intake.until(() => intake.appends === 1 && intake.waiting === 0);
  intake.fullForMillis = undefined;
  intake.broken = new Error('fsync');
  for (let at = 0; at < 10; at++) await socket.send(['PLJ', '1']);
  await intake.until(() => intake.appends === 2 && intake.waiting === 0);
  // Nothing waits for the journal any more: the limit is not used up.
  await receiver.stop(3_600_000);
  expect([...receiver.counters.dropped]).toEqual([
    ['full', 10],
    ['journal', 10],
  ]);
});

test('while too much waits for the journal nothing is read, and senders keep their records', async () => {
  const intake = new MemoryIntake();
  intake.hold();
  const receiver = await newPushReceiver(intake, {
    maxMessageBytes: 1024,
    maxInFlightBytes: 4096,
    groupRecords: 1,
  });
  const socket = await rawPush(receiver.endpoint);
  for (let at = 0; at < 20; at++) await socket.send(['PLJ', 'x'.repeat(1000)]);
  await intake.until(() => intake.waiting === 5);
  intake.release();
  await intake.until(() => intake.texts.length === 20);
  expect(receiver.counters.dropped.size).toBe(0);
});

test('stop appends what was read, within its limit, and may be called twice', async () => {
  const intake = new MemoryIntake();
  const receiver = await newPushReceiver(intake, { groupMillis: Number.POSITIVE_INFINITY, groupRecords: 3 });
  const socket = await rawPush(receiver.endpoint);
  for (let at = 0; at < 4; at++) await socket.send(['PLJ', String(at)]);
  await intake.until(() => intake.texts.length === 1);
  const stopped = receiver.stop(1_000);
  expect(receiver.stop(1_000)).toBe(stopped);
  await stopped;
  expect(receiver.counters.records + dropped(receiver)).toBeGreaterThanOrEqual(3);
});

test("distlog's own JSON, and OTLP, arrive as OTLP without a decode function; a pickle is dropped", async () => {
  const intake = new MemoryIntake();
  const receiver = await newPushReceiver(intake, {}, { decode: undefined });
  const readable = newPusher({ endpoint: receiver.endpoint, serializer: new JsonSerializer(), system: 'S' });
  expect(await send(readable, 'as JSON', 'as JSON too')).toBeUndefined();
  await intake.until(() => intake.batches.length > 0);
  const binary = newPusher({ endpoint: receiver.endpoint, serializer: new OtlpProtobufSerializer() });
  expect(await send(binary, 'as OTLP', 'as OTLP too')).toBeUndefined();
  await intake.until(() => intake.batches.reduce((sum, { records }) => sum + records, 0) === 4);
  const socket = await rawPush(receiver.endpoint);
  await socket.send(['PLP', Buffer.from([0x80, 4, 0x4e, 0x2e])]);
  await socket.send(['PLO', Buffer.from([0x0a, 0xff])]);
  await turnUntil(() => dropped(receiver) === 2);
  expect([...receiver.counters.dropped]).toEqual([
    ['unsupported', 1],
    ['protobuf', 1],
  ]);
  const bodies = intake.batches
    .flatMap(({ body }) => decodeLogs(body).resources)
    .flatMap(({ scopes }) => scopes)
    .flatMap(({ records }) => records)
    .map(({ body }) => body);
  expect(bodies).toEqual(['as JSON', 'as JSON too', 'as OTLP', 'as OTLP too']);
});
