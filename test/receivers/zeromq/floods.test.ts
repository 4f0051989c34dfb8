import { randomBytes } from 'node:crypto';
import { encodeData, encodeHello, newProducer } from '../../../src/frames/index.ts';
import { ZmqPushReceiver, zmqPushOptions } from '../../../src/receivers/zeromq/index.ts';
import { resolve } from '../../../src/settings/index.ts';
import { closeAll, closeLater, newExporter, newReceiver, send } from '../../zeromq/support/exporting.ts';
import { MemoryIntake } from '../../zeromq/support/memory-intake.ts';
import { RawZmtp } from '../../zeromq/support/raw-zmtp.ts';

afterEach(closeAll);

async function raw(endpoint: string, socketType?: string): Promise<RawZmtp> {
  const peer = await RawZmtp.open(endpoint, socketType);
  closeLater(async () => void peer.socket.destroy());
  return peer;
}

/** Collects what is logged. */
function newLog() {
  const lines: string[] = [];
  return { lines, log: { emit: (_severity: number, message: string) => void lines.push(message) } };
}

function dataOf(producer: Uint8Array, seq: number, text: string, prev = seq - 1) {
  const body = Buffer.from(text);
  return encodeData({
    ...{ producer, seq, prev, body, records: 1, contentType: 1, encoding: 0, length: body.length },
  });
}

async function ackPair(options: object = {}) {
  const intake = new MemoryIntake();
  const { lines, log } = newLog();
  const receiver = await newReceiver(intake, options, { log, setting: 'receivers.zmqAck' });
  return { intake, receiver, lines };
}

test('ack: a message without an end is disconnected at once, counted, and logged with its sender', async () => {
  const { intake, receiver, lines } = await ackPair();
  const peer = await raw(receiver.endpoint);
  for (let at = 0; at < 4; at++) peer.frame(Buffer.alloc(10), { more: true });
  await peer.closed;
  expect([...receiver.counters.refused]).toEqual([['too_many_frames', 1]]);
  expect(lines).toEqual([
    `receivers.zmqAck: refused ${peer.address} (too_many_frames): a message has more than 3 frames`,
  ]);
  expect(await send(newExporter({ endpoint: receiver.endpoint }), 'a')).toBeUndefined();
  expect(intake.texts).toEqual(['a']);
});

test('push: a message without an end is disconnected at once, counted, and logged with its sender', async () => {
  const intake = new MemoryIntake();
  const { lines, log } = newLog();
  const options = resolve(zmqPushOptions, 'zmqPush', { endpoint: 'tcp://127.0.0.1:0' });
  const receiver = new ZmqPushReceiver(options, { intake, log, setting: 'push' });
  await receiver.start();
  closeLater(() => receiver.stop(0));
  const peer = await raw(receiver.endpoint, 'PUSH');
  for (let at = 0; at < 4; at++) peer.frame(Buffer.alloc(10), { more: true });
  await peer.closed;
  expect(receiver.counters.refused.get('too_many_frames')).toBe(1);
  expect(lines[0]).toContain(`refused ${peer.address} (too_many_frames)`);
});

test('a frame that declares more than the limit is disconnected before it is sent', async () => {
  const { receiver } = await ackPair({ maxBatchBytes: 4096 });
  const peer = await raw(receiver.endpoint);
  peer.frame(Buffer.alloc(1), { length: 2 ** 40 });
  await peer.closed;
  expect(receiver.counters.refused.get('too_large')).toBe(1);
});

test('a client that invents producers is disconnected, and the others continue', async () => {
  const { intake, receiver, lines } = await ackPair();
  const exporter = newExporter({ endpoint: receiver.endpoint });
  expect(await send(exporter, 'a')).toBeUndefined();
  const peer = await raw(receiver.endpoint);
  for (let at = 0; at < 1_000; at++) peer.message(...encodeHello({ producer: randomBytes(16), last: 0 }));
  await peer.closed;
  expect(receiver.counters.refused.get('too_many_producers')).toBe(1);
  expect(lines[0]).toContain(`refused ${peer.address} (too_many_producers)`);
  expect(await send(exporter, 'b')).toBeUndefined();
  expect(intake.texts).toEqual(['a', 'b']);
});

test('a client that floods and does not read is no longer read itself', async () => {
  const { intake, receiver } = await ackPair();
  const peer = await raw(receiver.endpoint);
  peer.socket.pause();
  // A PING is answered by a PONG of nearly the same size.
  const ping = Buffer.concat([Buffer.from([4, 23]), Buffer.from(`\x04PING\0\0${'x'.repeat(16)}`, 'latin1')]);
  const pings = Buffer.concat(Array.from({ length: 40_000 }, () => ping));
  for (let at = 0; at < 20; at++) peer.socket.write(pings);
  const exporter = newExporter({ endpoint: receiver.endpoint });
  for (let at = 0; at < 50; at++) expect(await send(exporter, 'a')).toBeUndefined();
  // The rest of 20 MB was not sent, except for what the sockets of both sides buffer.
  expect(peer.socket.writableLength).toBeGreaterThan(2_000_000);
  peer.socket.resume();
  await new Promise<void>((resolve) => peer.socket.once('drain', resolve));
  expect(intake.texts).toHaveLength(50);
});

test('connections beyond the bound are closed at once, counted and logged', async () => {
  const { receiver, lines } = await ackPair({ maxConnections: 2 });
  await raw(receiver.endpoint);
  await raw(receiver.endpoint);
  const third = RawZmtp.open(receiver.endpoint);
  void third.catch(() => {});
  while (!receiver.counters.refused.has('connections')) await new Promise((resolve) => setImmediate(resolve));
  expect(lines[0]).toContain('the limit of 2 connections is reached');
});

describe('a producer of an exporter belongs to it', () => {
  test('another connection that knows its id can neither send as this producer nor receive its replies', async () => {
    const { intake, receiver, lines } = await ackPair();
    const { id, secret } = newProducer();
    const owner = await raw(receiver.endpoint);
    owner.message(...encodeHello({ producer: id, secret, last: 0 }));
    owner.message(...dataOf(id, 1, 'one'));
    await intake.until(() => intake.texts.length === 1);
    const thief = await raw(receiver.endpoint);
    thief.message(...encodeHello({ producer: id, last: 0 }));
    thief.message(...encodeHello({ producer: id, secret: randomBytes(16), last: 0 }));
    thief.message(...dataOf(id, 1_000, 'stolen', 0));
    while (receiver.counters.refused.get('not_owner') !== 3) {
      await new Promise((resolve) => setImmediate(resolve));
    }
    owner.message(...dataOf(id, 2, 'two'));
    await intake.until(() => intake.texts.length === 2);
    expect(intake.texts).toEqual(['one', 'two']);
    expect(lines[0]).toBe(
      `receivers.zmqAck: refused ${thief.address} (not_owner): it uses a producer that belongs to another client`,
    );
  });

  test('its secret continues it on another connection', async () => {
    const { intake, receiver } = await ackPair();
    const { id, secret } = newProducer();
    const first = await raw(receiver.endpoint);
    first.message(...encodeHello({ producer: id, secret, last: 0 }));
    first.message(...dataOf(id, 1, 'one'));
    await intake.until(() => intake.texts.length === 1);
    const second = await raw(receiver.endpoint);
    second.message(...encodeHello({ producer: id, secret, last: 1 }));
    second.message(...dataOf(id, 2, 'two'));
    await intake.until(() => intake.texts.length === 2);
    expect(receiver.counters.refused.size).toBe(0);
  });

  test('an older client, whose ids have no owner, is served as before', async () => {
    const { intake, receiver } = await ackPair();
    const producer = randomBytes(16);
    for (const seq of [1, 2]) {
      const peer = await raw(receiver.endpoint);
      peer.message(...dataOf(producer, seq, `batch ${seq}`));
      await intake.until(() => intake.texts.length === seq);
    }
    expect(receiver.counters.refused.size).toBe(0);
  });
});
