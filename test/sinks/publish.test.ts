import { Subscriber } from 'zeromq';
import { type CurveServerKeys, newCurveKeyPair } from '../../src/net/index.ts';
import type { Clock } from '../../src/record/index.ts';
import { PublishSink } from '../../src/sinks/publish/index.ts';
import { ManualClock } from '../support/manual-clock.ts';

const log = { emit: () => {} };

async function opened(curve?: CurveServerKeys, clock?: Clock): Promise<PublishSink> {
  const endpoint = 'tcp://127.0.0.1:0';
  const setting = 'sinks.live.endpoint';
  const sink = new PublishSink({ endpoint, topic: 'PLO', curve, setting, log, clock });
  await sink.open();
  return sink;
}

const entry = (text: string, index = 1) => ({
  index,
  receivedMillis: 0,
  records: 1,
  body: Buffer.from(text),
});

/** Publishes until the subscriber receives it: a subscription takes time. */
async function heard(sink: PublishSink, subscriber: Subscriber): Promise<readonly Buffer[]> {
  let isOver = false;
  const message = subscriber.receive();
  void message.then(() => {
    isOver = true;
  });
  while (!isOver) {
    await sink.write([entry('hello')]);
    await new Promise((done) => setTimeout(done, 5));
  }
  return await message;
}

test('a subscriber of libzmq gets numbered batches from its subscription on', async () => {
  const sink = await opened();
  const subscriber = new Subscriber({ linger: 0 });
  subscriber.connect(sink.endpoint);
  subscriber.subscribe('PL');
  const [topic, body, numbers] = await heard(sink, subscriber);
  expect([topic!.toString(), body!.toString()]).toEqual(['PLO', 'hello']);
  await sink.write([entry('one'), entry('two')]);
  const texts: string[] = [];
  let before = numbers!.readBigUInt64BE(0);
  while (texts.at(-1) !== 'two') {
    const [, next, trailer] = await subscriber.receive();
    expect(trailer!.readBigUInt64BE(0)).toBe(before + 1n);
    expect(trailer!.readBigUInt64BE(8)).toBe(0n);
    before += 1n;
    texts.push(next!.toString());
  }
  expect(texts.slice(-2)).toEqual(['one', 'two']);
  subscriber.close();
  await sink.close();
});

test('a subscriber of other topics, and one that has cancelled, get nothing', async () => {
  const sink = await opened();
  const [other, cancelled, wants] = [1, 2, 3].map(() => new Subscriber({ linger: 0 }));
  for (const [subscriber, topic] of [
    [other, 'X'],
    [cancelled, 'P'],
    [wants, 'PLO'],
  ] as const) {
    subscriber!.connect(sink.endpoint);
    subscriber!.subscribe(topic);
  }
  await heard(sink, cancelled!);
  await heard(sink, wants!);
  cancelled!.unsubscribe('P');
  // The connection keeps the order: when this has arrived, the previous one has been processed.
  cancelled!.subscribe('PLO!');
  const before = sink.counters().published_messages!;
  let last = before;
  for (;;) {
    await sink.write([entry('x')]);
    const now = sink.counters().published_messages!;
    if (now === last + 1) break;
    last = now;
    await new Promise((done) => setTimeout(done, 5));
  }
  for (const subscriber of [other, cancelled, wants]) subscriber!.close();
  await sink.close();
});

test('a subscriber that reads misses nothing, however much is sent at once', async () => {
  // A manual clock: on a busy machine a reading subscriber may take longer than 100 ms.
  const sink = await opened(undefined, new ManualClock());
  const subscriber = new Subscriber({ linger: 0, receiveHighWaterMark: 0 });
  subscriber.connect(sink.endpoint);
  subscriber.subscribe();
  await heard(sink, subscriber);
  const entries = Array.from({ length: 100 }, (_, at) => entry(`${at}${'x'.repeat(100_000)}`));
  await sink.write([...entries, entry('last')]);
  let count = 0;
  for await (const [, body] of subscriber) {
    if (body!.length > 5) count += 1;
    if (body!.toString() === 'last') break;
  }
  expect(count).toBe(100);
  expect(sink.counters().missed_messages).toBe(0);
  subscriber.close();
  await sink.close();
});

test('a subscriber that does not read misses messages, which is counted, and does not delay others', async () => {
  const sink = await opened();
  const slow = new Subscriber({ linger: 0, receiveHighWaterMark: 1 });
  slow.connect(sink.endpoint);
  slow.subscribe('PLO');
  await heard(sink, slow);
  const large = entry('x'.repeat(1_000_000));
  while (sink.counters().missed_messages === 0) {
    await sink.write([large]);
    await new Promise((done) => setImmediate(done));
  }
  const { missed_messages: missed } = sink.counters();
  let said = 0n;
  while (said === 0n) {
    const message = slow.receive();
    await sink.write([entry('now')]);
    const [, , trailer] = await message;
    said = trailer!.readBigUInt64BE(8);
  }
  expect(said).toBeGreaterThanOrEqual(BigInt(missed!));
  slow.close();
  await sink.close();
});

test('with CURVE only allowed clients may subscribe', async () => {
  const [server, client] = [newCurveKeyPair(), newCurveKeyPair()];
  const sink = await opened({ secretKey: server.secretKey, clients: [client.publicKey] });
  const subscriber = new Subscriber({
    linger: 0,
    curveServerKey: server.publicKey,
    curvePublicKey: client.publicKey,
    curveSecretKey: client.secretKey,
  });
  subscriber.connect(sink.endpoint);
  subscriber.subscribe();
  const [topic] = await heard(sink, subscriber);
  expect(topic!.toString()).toBe('PLO');
  subscriber.close();
  await sink.close();
});
