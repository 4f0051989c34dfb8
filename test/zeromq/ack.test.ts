import { randomBytes } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { diag } from '@opentelemetry/api';
import { Dealer, Router } from 'zeromq';
import { decodeReply, ENCODING_GZIP, encodeData, encodeHello } from '../../src/frames/index.ts';
import { listen } from '../support/diag-listener.ts';
import { ManualClock } from '../support/manual-clock.ts';
import {
  closeAll,
  closeLater,
  newExporter,
  newReceiver,
  record,
  send,
  turnUntil,
} from './support/exporting.ts';
import { MemoryIntake } from './support/memory-intake.ts';

afterEach(async () => {
  await closeAll();
  diag.disable();
});

async function pair(options: Parameters<typeof newExporter>[0] | object = {}, receiverOptions: object = {}) {
  const intake = new MemoryIntake();
  const receiver = await newReceiver(intake, receiverOptions);
  const exporter = newExporter({ endpoint: receiver.endpoint, ...options });
  return { intake, receiver, exporter };
}

test('a batch is in the journal when its export succeeds', async () => {
  const { intake, receiver, exporter } = await pair();
  expect(await send(exporter, 'one', 'two')).toBeUndefined();
  expect(intake.texts).toEqual(['one\ntwo']);
  expect(receiver.counters).toMatchObject({ batches: 1, records: 2, bytes: 7, duplicates: 0 });
  expect(exporter.stats()).toMatchObject({ received: 2, exported: 2, pending: 0 });
});

test('an export does not succeed before the journal has accepted it', async () => {
  const { intake, exporter } = await pair();
  intake.hold();
  let isOver = false;
  const sent = send(exporter, 'one').then(() => {
    isOver = true;
  });
  await intake.until(() => intake.waiting === 1);
  expect(isOver).toBe(false);
  expect(exporter.stats()).toMatchObject({ pending: 1, exported: 0 });
  intake.release();
  await sent;
});

test('batches keep their order, through a window of eight', async () => {
  const { intake, exporter } = await pair();
  for (let round = 0; round < 50; round++) {
    await Promise.all([...'abcdefgh'].map((letter) => send(exporter, `${round}${letter}`)));
  }
  const expected = Array.from({ length: 50 }, (_, round) =>
    [...'abcdefgh'].map((letter) => `${round}${letter}`),
  ).flat();
  expect(intake.texts).toEqual(expected);
  expect(exporter.stats().resent).toBe(0);
});

test('it declares as many concurrent exports to its processor as its window has', async () => {
  const { exporter } = await pair({ windowBatches: 3, exportTimeoutMillis: 1000 });
  expect(exporter.maxConcurrentExports).toBe(3);
  expect(exporter.worstCaseMillis).toBe(1000);
});

test('an export beyond the window fails at once, is counted and logged', async () => {
  const messages: string[] = [];
  listen((message) => messages.push(message));
  const { intake, exporter } = await pair({ windowBatches: 2 });
  intake.hold();
  const first = [send(exporter, 'a'), send(exporter, 'b')];
  expect((await send(exporter, 'c'))?.code).toBe('window_full');
  intake.release();
  expect(await Promise.all(first)).toEqual([undefined, undefined]);
  expect(exporter.stats()).toMatchObject({ received: 3, exported: 2 });
  expect(exporter.stats().failed.window_full).toBe(1);
  expect(messages.join()).toContain(
    '1 record was lost (window_full): more than windowBatches (2) concurrent exports',
  );
});

test('at most windowBytes are in flight, but one batch is always allowed', async () => {
  const { intake, exporter } = await pair({ windowBytes: 10 });
  intake.hold();
  const exports = ['a'.repeat(20), 'b'.repeat(6), 'c'.repeat(4), 'd'].map((text) => send(exporter, text));
  await intake.until(() => intake.waiting === 1);
  expect(exporter.stats()).toMatchObject({ pendingBatches: 4, pendingBytes: 20 });
  intake.release();
  expect(await Promise.all(exports)).toEqual([undefined, undefined, undefined, undefined]);
});

test('compressed batches arrive unchanged', async () => {
  const { intake, receiver, exporter } = await pair({ compression: 'gzip' });
  const text = 'the same words again and again '.repeat(1000);
  expect(await send(exporter, text)).toBeUndefined();
  expect(intake.texts).toEqual([text]);
  expect(receiver.counters.bytes).toBe(text.length);
  // The checksum from the wire is that of the compressed body, and does not apply to what is written to disk.
  expect(intake.batches[0]!.bodyCrc).toBeUndefined();
});

test('the journal gets the checksum from the wire, so that damage in between is detected', async () => {
  const { intake, exporter } = await pair();
  expect(await send(exporter, 'one')).toBeUndefined();
  expect(intake.batches[0]!.bodyCrc).toBe(crc32('one'));
});

test('a batch that the daemon rejects fails, and the following ones arrive', async () => {
  const { intake, receiver, exporter } = await pair();
  const [a, bad, b, c] = await Promise.all(['a', 'bad', 'b', 'c'].map((text) => send(exporter, text)));
  expect([a, b, c]).toEqual([undefined, undefined, undefined]);
  expect(bad?.code).toBe('rejected');
  expect(intake.texts).toEqual(['a', 'b', 'c']);
  expect(receiver.counters.refused.get('protobuf')).toBeGreaterThan(0);
});

test("a batch over the daemon's limit fails without being sent, with an error after which it can be split", async () => {
  const { intake, receiver, exporter } = await pair({}, { maxBatchBytes: 2048 });
  const failure = await send(exporter, 'x'.repeat(2049));
  expect(failure?.code).toBe('too_large');
  expect(failure?.message).toMatch(/too large/);
  expect(await send(exporter, 'x'.repeat(2048))).toBeUndefined();
  expect(intake.texts).toHaveLength(1);
  expect(receiver.counters.refused.size).toBe(0);
});

test('while the journal is full batches wait; then they arrive once and in order', async () => {
  const { intake, exporter } = await pair();
  intake.fullForMillis = 30;
  const exports = ['a', 'b', 'c'].map((text) => send(exporter, text));
  await intake.until(() => intake.appends >= 3);
  const refused = intake.appends;
  await intake.until(() => intake.appends > refused);
  intake.fullForMillis = undefined;
  expect(await Promise.all(exports)).toEqual([undefined, undefined, undefined]);
  expect(intake.texts).toEqual(['a', 'b', 'c']);
});

test('a batch that is not acknowledged in time fails, and the following ones declare the gap', async () => {
  const clock = new ManualClock();
  const { intake, exporter } = await pair({ exportTimeoutMillis: 1e6, clock });
  expect(await send(exporter, 'zero')).toBeUndefined();
  // Only this batch, until its timeout: another attempt of it may still be in flight then.
  intake.fullForMillis = 10;
  intake.fullFor = (text) => text === 'lost';
  const lost = send(exporter, 'lost');
  await intake.until(() => intake.appends === 2);
  clock.advance(1e6);
  expect((await lost)?.code).toBe('timeout');
  const next = send(exporter, 'next');
  // The daemon requested a pause.
  await turnUntil(() => {
    clock.advance(1);
    return intake.texts.length === 2;
  });
  expect(await next).toBeUndefined();
  expect(intake.texts).toEqual(['zero', 'next']);
  expect(intake.batches.map(({ origin }) => [origin?.seq, origin?.prev])).toEqual([
    [1, 0],
    [3, 1],
  ]);
});

test('a receiver that starts later gets everything', async () => {
  const intake = new MemoryIntake();
  const probe = await newReceiver(new MemoryIntake());
  const { endpoint } = probe;
  await probe.stop(0);
  const exporter = newExporter({ endpoint });
  const exports = ['a', 'b'].map((text) => send(exporter, text));
  await newReceiver(intake, { endpoint });
  expect(await Promise.all(exports)).toEqual([undefined, undefined]);
  expect(intake.texts).toEqual(['a', 'b']);
});

test('after a restart with the same journal no batch is duplicated', async () => {
  const first = new MemoryIntake();
  const receiver = await newReceiver(first);
  const { endpoint } = receiver;
  const exporter = newExporter({ endpoint });
  expect(await send(exporter, 'a')).toBeUndefined();
  // Accepted, but the acknowledgement is never sent.
  first.hold();
  const exports = ['b', 'c'].map((text) => send(exporter, text));
  await first.until(() => first.waiting === 2);
  await receiver.stop(0);
  first.release();
  await first.until(() => first.texts.length === 3);
  const again = await newReceiver(first, { endpoint });
  expect(await Promise.all(exports)).toEqual([undefined, undefined]);
  expect(first.texts).toEqual(['a', 'b', 'c']);
  expect(again.counters.batches).toBe(0);
});

test('a new journal gets only what the previous one has not acknowledged', async () => {
  const messages: string[] = [];
  listen((message) => messages.push(message));
  const old = new MemoryIntake();
  const receiver = await newReceiver(old);
  const { endpoint } = receiver;
  const exporter = newExporter({ endpoint });
  expect(await send(exporter, 'a')).toBeUndefined();
  old.hold();
  const exports = ['b', 'c'].map((text) => send(exporter, text));
  await old.until(() => old.waiting === 2);
  await receiver.stop(0);
  const intake = new MemoryIntake();
  await newReceiver(intake, { endpoint });
  expect(await Promise.all(exports)).toEqual([undefined, undefined]);
  expect(intake.texts).toEqual(['b', 'c']);
  expect(exporter.stats()).toMatchObject({ journalChanges: 1, resent: 2, exported: 3, pending: 0 });
  expect(messages.join()).toMatch(/the daemon has a different journal; 2 batches/);
});

test('a journal that has dropped its producers learns where to continue', async () => {
  const messages: string[] = [];
  listen((message) => messages.push(message));
  const { intake, exporter } = await pair();
  expect(await send(exporter, 'a')).toBeUndefined();
  intake.forget();
  expect(await send(exporter, 'b')).toBeUndefined();
  expect(intake.texts).toEqual(['a', 'b']);
  expect(messages.join()).toContain('the daemon no longer has batches that it had acknowledged');
  expect(exporter.stats()).toMatchObject({ resent: 1, journalChanges: 0 });
});

test('when the journal fails nothing is acknowledged any more', async () => {
  const clock = new ManualClock();
  const { intake, receiver, exporter } = await pair({ exportTimeoutMillis: 200, clock });
  intake.broken = new Error('fsync failed');
  const sent = send(exporter, 'a');
  await turnUntil(() => receiver.counters.refused.has('journal'));
  clock.advance(200);
  expect((await sent)?.code).toBe('timeout');
});

test('a flush waits for batches that were in flight before it', async () => {
  const { intake, exporter } = await pair();
  intake.hold();
  const sent = send(exporter, 'a');
  let isFlushed = false;
  const flush = exporter.forceFlush().then(() => {
    isFlushed = true;
  });
  await intake.until(() => intake.waiting === 1);
  expect(isFlushed).toBe(false);
  intake.release();
  await flush;
  expect(exporter.stats().pending).toBe(0);
  await sent;
});

test("a flush ends after flushTimeoutMillis, or after the caller's timeout, and the rest stays pending", async () => {
  const { intake, exporter } = await pair({ flushTimeoutMillis: 20 });
  intake.hold();
  const sent = send(exporter, 'a');
  await exporter.forceFlush();
  await exporter.forceFlush({ timeoutMillis: 0 });
  expect(exporter.stats()).toMatchObject({ pending: 1, exported: 0 });
  intake.release();
  await exporter.forceFlush({ timeoutMillis: 60_000 });
  await sent;
  expect(exporter.stats()).toMatchObject({ pending: 0, exported: 1 });
});

test('shutdown waits for the window, ends within its bound, and may be called twice', async () => {
  const { intake, exporter } = await pair({ shutdownTimeoutMillis: 100 });
  intake.hold();
  const sent = send(exporter, 'a');
  await intake.until(() => intake.waiting === 1);
  const end = exporter.shutdown();
  expect(exporter.shutdown()).toBe(end);
  await end;
  expect((await sent)?.code).toBe('shutdown');
  expect((await send(exporter, 'b'))?.code).toBe('shutdown');
  await exporter.forceFlush();
  expect(exporter.stats()).toMatchObject({ received: 2, exported: 0, pending: 0 });
  expect(exporter.stats().failed.shutdown).toBe(2);
});

test('an error of the serializer reaches the caller before anything is sent; the exporter continues', async () => {
  const intake = new MemoryIntake();
  const { endpoint } = await newReceiver(intake);
  const serializer = {
    contentType: 'text/plain',
    encoding: 'O' as const,
    serialize: (records: readonly { body?: unknown }[]) => {
      if (records[0]?.body === 'poison') throw new RangeError('poison');
      return Buffer.from(String(records[0]?.body));
    },
  };
  const exporter = newExporter({ endpoint, serializer });
  expect(() => exporter.export([record('poison')], () => {})).toThrow(RangeError);
  expect(await send(exporter, 'good')).toBeUndefined();
  expect(exporter.stats()).toMatchObject({ received: 1, exported: 1 });
});

test('a callback that throws has no other effect', async () => {
  const { intake, exporter } = await pair();
  exporter.export([record('a')], () => {
    throw new Error('from the callback');
  });
  expect(await send(exporter, 'b')).toBeUndefined();
  expect(intake.texts).toEqual(['a', 'b']);
});

test('after ten seconds without a connection or a reply it warns, with advice', async () => {
  const messages: string[] = [];
  listen((message) => messages.push(message));
  const silent = new Router({ linger: 0 });
  await silent.bind('tcp://127.0.0.1:*');
  const endpoint = silent.lastEndpoint!;
  const stateAfter = async (isThere: boolean) => {
    messages.length = 0;
    const clock = new ManualClock();
    const options = { endpoint, clock, ackTimeoutMillis: 60_000, shutdownTimeoutMillis: 0 };
    const exporter = newExporter(options);
    void send(exporter, 'a');
    if (isThere) await silent.receive();
    clock.advance(9_999);
    expect(messages).toEqual([]);
    clock.advance(1);
    const end = exporter.shutdown();
    clock.advance(0);
    await end;
    return messages[0];
  };
  const advice = `1 batches are pending: check that distlogd listens on ${endpoint}`;
  expect(await stateAfter(true)).toContain(`connected, but no reply for 10 s; ${advice}`);
  silent.close();
  expect(await stateAfter(false)).toMatch(/no connection for 10 s.*; 1 batches are pending/);
});

/** A client with free choice of its frames. */
async function rawClient(endpoint: string) {
  const socket = new Dealer({ linger: 0 });
  void socket.events;
  socket.connect(endpoint);
  closeLater(async () => socket.close());
  return socket;
}

test('any bytes are refused and counted, and the next client is served', async () => {
  const { intake, receiver, exporter } = await pair();
  const raw = await rawClient(receiver.endpoint);
  for (let at = 0; at < 50; at++) await raw.send([randomBytes(3), randomBytes(at), randomBytes(20)]);
  await raw.send('one frame');
  await raw.send(['DL1', Buffer.alloc(48, 1), 'x']);
  const producer = randomBytes(16);
  await raw.send(encodeHello({ producer, last: 0 }) as Buffer[]);
  const welcome = decodeReply(await raw.receive());
  expect(welcome).toMatchObject({ kind: 'welcome', last: 0, credit: 8, maxBytes: 64 * 1024 * 1024 });
  expect(await send(exporter, 'a')).toBeUndefined();
  expect(intake.texts).toEqual(['a']);
  const refused = [...receiver.counters.refused.values()].reduce((sum, count) => sum + count, 0);
  expect(refused).toBe(52);
});

test('a decompression bomb is rejected permanently', async () => {
  const { receiver } = await pair({}, { maxBatchBytes: 4096 });
  const raw = await rawClient(receiver.endpoint);
  const frame = {
    producer: randomBytes(16),
    seq: 1,
    prev: 0,
    records: 1,
    contentType: 1,
    encoding: ENCODING_GZIP,
    length: 1_000_000_000,
    body: randomBytes(20),
  };
  await raw.send(encodeData(frame) as Buffer[]);
  expect(decodeReply(await raw.receive())).toMatchObject({ kind: 'reject', seq: 1, cause: 'too_large' });
  await raw.send(encodeData({ ...frame, seq: 2, contentType: 7, length: 20 }) as Buffer[]);
  expect(decodeReply(await raw.receive())).toMatchObject({ kind: 'reject', seq: 2, cause: 'unknown' });
});

test('a gap is answered each time with the last batch on disk, and counted', async () => {
  const { intake, receiver } = await pair();
  const raw = await rawClient(receiver.endpoint);
  const producer = randomBytes(16);
  const dataOf = (seq: number, prev: number) =>
    encodeData({
      ...{ producer, seq, prev, records: 1, contentType: 1, encoding: 0, length: 1, body: Buffer.from('a') },
    }) as Buffer[];
  await raw.send(dataOf(1, 0));
  expect(decodeReply(await raw.receive())).toMatchObject({ kind: 'ack', last: 1 });
  for (const seq of [5, 6, 7]) {
    await raw.send(dataOf(seq, seq - 1));
    expect(decodeReply(await raw.receive())).toMatchObject({ kind: 'nack', last: 1 });
  }
  await raw.send(dataOf(1, 0));
  expect(decodeReply(await raw.receive())).toMatchObject({ kind: 'ack', last: 1 });
  const { refused, batches, records, bytes, duplicates } = receiver.counters;
  expect([...refused]).toEqual([['gap', 3]]);
  expect({ batches, records, bytes, duplicates }).toEqual({
    batches: 1,
    records: 1,
    bytes: 1,
    duplicates: 1,
  });
  expect(intake.texts).toEqual(['a']);
});

test("a message over the socket's limit ends only its own connection", async () => {
  const { intake, receiver, exporter } = await pair({}, { maxBatchBytes: 4096 });
  const raw = await rawClient(receiver.endpoint);
  await raw.send(['DL1', 'x', Buffer.alloc(100_000)]);
  for await (const event of raw.events) if (event.type === 'disconnect') break;
  expect(await send(exporter, 'a')).toBeUndefined();
  expect(intake.texts).toEqual(['a']);
});

test('a client that sends more than twice its credit is not read until something is acknowledged', async () => {
  const { intake, receiver } = await pair({}, { credit: 2 });
  intake.hold();
  const raw = await rawClient(receiver.endpoint);
  const producer = randomBytes(16);
  for (let seq = 1; seq <= 9; seq++) {
    const body = Buffer.from('a');
    const frame = { producer, seq, prev: seq - 1, records: 1, contentType: 1, encoding: 0, length: 1, body };
    await raw.send(encodeData(frame) as Buffer[]);
  }
  await intake.until(() => intake.waiting === 4);
  // Other clients are served in the meantime.
  const other = await rawClient(receiver.endpoint);
  await other.send(encodeHello({ producer: randomBytes(16), last: 0 }) as Buffer[]);
  await other.receive();
  expect(intake.waiting).toBe(4);
  intake.release();
  await intake.until(() => intake.texts.length === 9);
  for (let last = 0; last < 9; ) {
    const reply = decodeReply(await raw.receive());
    expect(reply).toMatchObject({ kind: 'ack', credit: 2 });
    last = (reply as { last: number }).last;
  }
  expect(receiver.counters.refused.size).toBe(0);
});

test('while too much waits for the journal no client is read, and everything arrives in the end', async () => {
  const { intake, receiver } = await pair({}, { maxInFlightBatches: 4 });
  intake.hold();
  const exporters = [1, 2, 3].map(() => newExporter({ endpoint: receiver.endpoint }));
  const exports = exporters.flatMap((exporter) => [...'abcdefgh'].map((text) => send(exporter, text)));
  await intake.until(() => intake.waiting === 4);
  intake.release();
  expect(new Set(await Promise.all(exports))).toEqual(new Set([undefined]));
  expect(intake.texts).toHaveLength(24);
  expect(exporters.map((exporter) => exporter.stats().resent)).toEqual([0, 0, 0]);
});

test('many clients share the batches that may wait for the journal', async () => {
  const { intake, receiver } = await pair({}, { maxInFlightBatches: 16 });
  const exporters = Array.from({ length: 8 }, () => newExporter({ endpoint: receiver.endpoint }));
  expect(await Promise.all(exporters.map((exporter) => send(exporter, 'first')))).toEqual(
    Array(8).fill(undefined),
  );
  const raw = await rawClient(receiver.endpoint);
  await raw.send(encodeHello({ producer: randomBytes(16), last: 0 }) as Buffer[]);
  expect(decodeReply(await raw.receive())).toMatchObject({ kind: 'welcome', credit: 2 });
  expect(intake.texts).toHaveLength(8);
});

test('a connection without replies is replaced repeatedly', async () => {
  // A peer that completes its handshake, reads everything, and sends nothing.
  const silent = new Router({ linger: 0 });
  closeLater(async () => silent.close());
  await silent.bind('tcp://127.0.0.1:*');
  const routes = new Set<string>();
  const exporter = newExporter({ endpoint: silent.lastEndpoint!, ackTimeoutMillis: 30 });
  void send(exporter, 'a');
  while (routes.size < 3) routes.add(String((await silent.receive())[0]!.toString('hex')));
  expect(exporter.stats()).toMatchObject({ pending: 1 });
});
