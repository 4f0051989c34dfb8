import { gzipSync } from 'node:zlib';
import type { Accepted, Batch } from '../../../src/component/index.ts';
import { encodeData } from '../../../src/frames/index.ts';
import type { ScanBody } from '../../../src/receivers/zeromq/ack-receiver.ts';
import { ClientSessions } from '../../../src/receivers/zeromq/client-sessions.ts';
import type { Clock } from '../../../src/record/index.ts';
import { ManualClock } from '../../support/manual-clock.ts';
import { closeAll, closeLater, newReceiver, scanLines } from '../../zeromq/support/exporting.ts';
import { MemoryIntake } from '../../zeromq/support/memory-intake.ts';
import { RawZmtp } from '../../zeromq/support/raw-zmtp.ts';
import { ScriptedClient } from '../../zeromq/support/scripted-client.ts';

afterEach(closeAll);

async function world(options: object = {}, tools: object = {}) {
  const intake = new MemoryIntake();
  const lines: string[] = [];
  const log = { emit: (_severity: number, line: string) => void lines.push(line) };
  const receiver = await newReceiver(intake, options, { log, setting: 'zmqAck', ...tools });
  const connect = async (producer?: Uint8Array) => {
    const client = await ScriptedClient.connect(receiver.endpoint, producer);
    closeLater(async () => client.close());
    return client;
  };
  return { intake, receiver, lines, connect, client: await connect() };
}

/** For conditions without an event: checks in each turn of the event loop. */
async function turnUntil(isDone: () => boolean): Promise<void> {
  while (!isDone()) await new Promise((resolve) => setImmediate(resolve));
}

/** A manual clock that records for each timer whether it keeps the process alive. */
function newClock() {
  const manual = new ManualClock();
  const kept: [number, boolean | undefined][] = [];
  const clock: Clock = {
    now: () => manual.now(),
    monotonicNow: () => manual.monotonicNow(),
    after: (millis, callback, keepsAlive) => {
      kept.push([millis, keepsAlive]);
      return manual.after(millis, callback);
    },
  };
  return { manual, clock, kept };
}

test('a batch is appended to the journal with its origin and the address of its sender', async () => {
  const { intake, client, receiver } = await world();
  client.data(3, 'one\ntwo', { prev: 0 });
  await client.until(() => client.replies.length === 1);
  expect(client.replies).toEqual(['ack 3']);
  const [{ body, origin, ...batch }] = intake.batches as [Batch];
  expect([String(body), batch.records]).toEqual(['one\ntwo', 2]);
  expect(origin).toMatchObject({ seq: 3, prev: 0, owner: '127.0.0.1' });
  expect(Buffer.compare(origin!.producer, client.producer)).toBe(0);
  expect(receiver.counters).toMatchObject({ batches: 1, records: 2, bytes: 7 });
});

test('a batch whose client has gone while it was read belongs to that client', async () => {
  const closed = jest.spyOn(ClientSessions.prototype, 'closed');
  let release = () => {};
  const gate = new Promise<void>((resolve) => {
    release = resolve;
  });
  const scan = jest.fn<ReturnType<ScanBody>, Parameters<ScanBody>>(async (body, maxBytes) => {
    await gate;
    return scanLines(body, maxBytes);
  });
  const { intake, client } = await world({}, { scan });
  client.data(1, 'one', { prev: 0 });
  await turnUntil(() => scan.mock.calls.length === 1);
  client.close();
  await turnUntil(() => closed.mock.calls.length === 1);
  closed.mockRestore();
  release();
  await turnUntil(() => intake.batches.length === 1);
  expect(intake.batches[0]!.origin).toMatchObject({ seq: 1, owner: '127.0.0.1' });
});

test.each<[string, string, string, Parameters<ScriptedClient['data']>[2], string]>([
  ['of an unknown content', 'unknown', 'unknown content type 9', { contentType: 9 }, 'a'],
  ['of an unknown encoding', 'unknown', 'unknown encoding 7', { encoding: 7 }, 'a'],
  ['with another count', 'malformed', 'the header declares 2 records, the body has 1', { records: 2 }, 'a'],
  ['that is none', 'protobuf', 'not a batch', {}, 'bad'],
  ['that does not unpack', 'encoding', 'the body cannot be decompressed: ', { encoding: 1 }, 'a'],
  [
    'that unpacks to another length, large',
    ...(['encoding', 'the body has 200000 bytes, the header declares 200001'] as const),
    { encoding: 1, length: 200_001, body: gzipSync(Buffer.alloc(200_000, 'a')) },
    '',
  ],
])('a batch %s is rejected, counted and logged with its sender', async (_what, cause, why, change, text) => {
  const { intake, client, receiver, lines } = await world();
  client.data(1, text, change);
  client.data(2, 'next', { prev: 0 });
  await client.until(() => client.replies.length === 2);
  expect(client.replies).toEqual([`reject 1 ${cause}`, 'ack 2']);
  expect(intake.texts).toEqual(['next']);
  expect([...receiver.counters.refused]).toEqual([[cause, 1]]);
  expect(lines).toHaveLength(1);
  expect(lines[0]).toMatch(/^zmqAck: refused 127\.0\.0\.1:\d+ \(\w+\): /);
  expect(lines[0]).toContain(why);
});

test('bodies that are scanned in turns are accepted or rejected like others', async () => {
  const scan = async (body: Uint8Array) => {
    await new Promise((resolve) => setImmediate(resolve));
    return scanLines(body, 0);
  };
  const { intake, client, receiver } = await world({}, { scan });
  client.data(1, 'bad');
  client.data(2, 'good', { prev: 0 });
  client.data(3, 'x', { encoding: 1, length: 200_000, body: gzipSync(Buffer.alloc(200_000, 'x')), prev: 2 });
  await client.until(() => client.replies.at(-1) === 'ack 3');
  expect(client.replies[0]).toBe('reject 1 protobuf');
  expect(intake.texts.map((text) => text.length)).toEqual([4, 200_000]);
  expect([...receiver.counters.refused]).toEqual([['protobuf', 1]]);
});

test('the batches of one journal group get one reply', async () => {
  const { intake, client } = await world();
  intake.hold();
  for (const seq of [1, 2, 3, 4]) client.data(seq, 'a');
  await intake.until(() => intake.waiting === 4);
  intake.release();
  await client.until(() => client.replies.includes('ack 4'));
  await client.fence();
  expect(client.replies).toEqual(['ack 4']);
  client.data(5, 'b');
  await client.until(() => client.replies.length === 2);
  expect(client.replies).toEqual(['ack 4', 'ack 5']);
});

test('a HELLO is answered when no batch of its producer waits, with the last batch on disk at that time', async () => {
  const { intake, client } = await world({ credit: 5, maxBatchBytes: 70_000 });
  intake.hold();
  client.data(1, 'a');
  client.hello();
  await client.fence();
  expect(client.replies).toEqual([]);
  intake.release();
  await client.until(() => client.replies.length === 2);
  expect(client.replies).toEqual(['ack 1', 'welcome 1']);
  expect(client.last).toMatchObject({ credit: 5, maxBytes: 70_000, journal: new Uint8Array(intake.id) });
});

test('if the journal is full, the retry delay is up to half longer than that of the journal, at least a millisecond', async () => {
  const { intake, client, receiver } = await world();
  const waits: number[] = [];
  for (const millis of [1_000, 0, 1e12]) {
    intake.fullForMillis = millis;
    client.data(1, 'a');
    await client.until(() => client.replies.length === waits.length + 1);
    waits.push((client.last as { afterMillis: number }).afterMillis);
  }
  expect(client.replies).toEqual(['retry 0', 'retry 0', 'retry 0']);
  const [long, none, endless] = waits;
  expect(long).toBeGreaterThanOrEqual(1_000);
  expect(long).toBeLessThanOrEqual(1_500);
  expect([none, endless]).toEqual([1, 0xffff_ffff]);
  expect([...receiver.counters.refused]).toEqual([['full', 3]]);
});

test('retry delays are spread, so that not all clients retry at the same time', async () => {
  const { intake, client } = await world();
  intake.fullForMillis = 1_000_000_000;
  const waits = new Set<number>();
  for (let each = 1; each <= 5; each += 1) {
    client.data(1, 'a');
    await client.until(() => client.replies.length === each);
    waits.add((client.last as { afterMillis: number }).afterMillis);
  }
  expect(waits.size).toBeGreaterThan(1);
});

test('if the journal fails, no client is answered, it is logged, and the room is released', async () => {
  const { intake, client, receiver, lines } = await world();
  intake.broken = new Error('no space on the disk');
  client.data(1, 'a');
  await turnUntil(() => lines.length === 1);
  await client.fence();
  expect(client.replies).toEqual([]);
  expect(lines[0]).toMatch(/^zmqAck: refused 127\.0\.0\.1:\d+ \(journal\): Error: no space on the disk$/);
  expect([...receiver.counters.refused]).toEqual([['journal', 1]]);
  await receiver.stop(3_600_000);
});

test('a client that disconnects before the journal answers does not delay the replies of others', async () => {
  // The next one is accepted when the first has disconnected.
  const { intake, client, connect, lines } = await world({ maxConnections: 1 });
  intake.hold();
  client.data(1, 'of the first');
  await intake.until(() => intake.waiting === 1);
  client.close();
  const next = await connect();
  next.data(1, 'of the next');
  await intake.until(() => intake.waiting === 2);
  intake.release();
  await next.until(() => next.replies.length === 1);
  expect(next.replies).toEqual(['ack 1']);
  expect(intake.texts).toEqual(['of the first', 'of the next']);
  expect(lines.filter((line) => !line.includes('connections is reached'))).toEqual([]);
});

test('if the journal fails for a client that has disconnected, it is logged without an address', async () => {
  const { intake, client, connect, lines } = await world({ maxConnections: 1 });
  intake.hold();
  client.data(1, 'a');
  await intake.until(() => intake.waiting === 1);
  client.close();
  await connect();
  intake.broken = new Error('broken');
  intake.release();
  await turnUntil(() => lines.some((line) => line.includes('(journal)')));
  expect(lines.at(-1)).toBe('zmqAck: refused a client (journal): Error: broken');
});

test('batches of a disconnected client cause no reply to the next client of that producer', async () => {
  const { intake, client, connect } = await world({ maxConnections: 1 });
  intake.hold();
  client.data(1, 'a');
  await intake.until(() => intake.waiting === 1);
  client.close();
  const next = await connect(client.producer);
  await next.fence();
  intake.release();
  await intake.until(() => intake.texts.length === 1);
  await next.fence();
  next.hello();
  await next.until(() => next.replies.length > 0);
  expect(next.replies).toEqual(['welcome 1']);
});

test('two large batches may arrive at the same time, even if the limit for the journal is small', async () => {
  const bytes = 65_536;
  const { intake, receiver, client } = await world({ maxBatchBytes: bytes, maxInFlightBytes: 1_024 });
  const slow = await RawZmtp.open(receiver.endpoint);
  closeLater(async () => void slow.socket.destroy());
  // A part of a batch whose rest is never sent.
  slow.frame(Buffer.alloc(60_000), { length: bytes });
  await turnUntil(() => slow.socket.writableLength === 0);
  client.data(1, 'x'.repeat(60_000));
  await client.until(() => client.replies.length === 1);
  expect(intake.texts).toHaveLength(1);
});

describe('beyond twice its credit', () => {
  test('each batch that is settled makes room for one more', async () => {
    const answers: ((accepted: Accepted) => void)[] = [];
    const watchers: (() => void)[] = [];
    const append = () =>
      new Promise<Accepted>((resolve) => {
        answers.push(resolve);
        for (const look of watchers) look();
      });
    const appended = (count: number) =>
      new Promise<void>((resolve) => {
        const look = () => answers.length === count && resolve();
        watchers.push(look);
        look();
      });
    const intake = { id: new Uint8Array(16), lastSeq: () => 0, append };
    const { client } = await world({ credit: 2 }, { intake });
    for (const seq of [1, 2, 3, 4, 5, 6]) client.data(seq, 'a');
    await appended(4);
    answers[0]!({ kind: 'accepted', index: 1 });
    await appended(5);
    answers[1]!({ kind: 'accepted', index: 2 });
    await appended(6);
    await client.until(() => client.replies.length === 2);
    expect(client.replies).toEqual(['ack 1', 'ack 2']);
    for (const answer of answers) answer({ kind: 'accepted', index: 3 });
  });

  test('a client is not read, but other clients are', async () => {
    const { intake, client, connect } = await world({ credit: 1 });
    intake.hold();
    for (const seq of [1, 2, 3, 4, 5]) client.data(seq, `batch ${seq}`);
    await intake.until(() => intake.waiting === 2);
    const other = await connect();
    other.data(1, 'of another');
    await intake.until(() => intake.waiting === 3);
    await other.fence();
    expect(intake.appends).toBe(3);
    intake.release();
    await client.until(() => client.replies.at(-1) === 'ack 5');
    expect(intake.texts).toEqual(['batch 1', 'batch 2', 'of another', 'batch 3', 'batch 4', 'batch 5']);
  });

  test('batches that wait to be read when it stops are not accepted', async () => {
    const { intake, client, receiver } = await world({ credit: 1 });
    intake.hold();
    for (const seq of [1, 2, 3]) client.data(seq, `batch ${seq}`);
    await intake.until(() => intake.waiting === 2);
    // The third arrived with them, and waits.
    const stopped = receiver.stop(3_600_000);
    intake.release();
    await stopped;
    await turnUntil(() => !client.isOpen);
    expect([intake.texts, intake.appends]).toEqual([['batch 1', 'batch 2'], 2]);
  });
});

test('while the journal has the maximum number of batches, others wait; all are accepted in the end', async () => {
  const { intake, client, connect } = await world({ maxInFlightBatches: 2 });
  intake.hold();
  client.data(1, 'a');
  client.data(2, 'b');
  await intake.until(() => intake.waiting === 2);
  const others = [await connect(), await connect()];
  for (const [at, other] of others.entries()) other.data(1, `of ${at}`);
  const idle = await connect();
  await idle.fence();
  expect(intake.appends).toBe(2);
  intake.release();
  for (const other of others) await other.until(() => other.replies.includes('ack 1'));
  expect(intake.texts.slice(0, 2)).toEqual(['a', 'b']);
  expect(new Set(intake.texts.slice(2))).toEqual(new Set(['of 0', 'of 1']));
});

describe('when it stops', () => {
  test('batches that arrive later are neither accepted nor refused; replies for the journal are sent first', async () => {
    const { intake, client, receiver } = await world();
    const late = await RawZmtp.open(receiver.endpoint);
    closeLater(async () => void late.socket.destroy());
    intake.hold();
    client.data(1, 'before');
    await intake.until(() => intake.waiting === 1);
    const stopped = receiver.stop(3_600_000);
    expect(receiver.stop(0)).toBe(stopped);
    const [producer, body] = [new Uint8Array(16), Buffer.from('after')];
    const frame = { producer, body, length: 5, seq: 1, prev: 0, records: 1, contentType: 1, encoding: 0 };
    late.message(...encodeData(frame));
    late.message(Buffer.from('nothing'));
    await late.fence();
    intake.release();
    await stopped;
    await client.until(() => !client.isOpen);
    expect(client.replies).toEqual(['ack 1']);
    expect([intake.texts, intake.appends, receiver.counters.refused.size]).toEqual([['before'], 1, 0]);
  });

  test('it waits for the journal within its limit, and keeps the process alive', async () => {
    const { manual, clock, kept } = newClock();
    const { intake, client, receiver } = await world({}, { clock });
    intake.hold();
    client.data(1, 'a');
    await intake.until(() => intake.waiting === 1);
    const stopped = receiver.stop(5_000);
    expect(kept).toEqual([[5_000, true]]);
    manual.advance(5_000);
    await stopped;
    await client.until(() => !client.isOpen);
    expect(client.replies).toEqual([]);
  });

  test('an answer of the journal at the very end of that time is still sent', async () => {
    const { manual, clock } = newClock();
    let answer: (accepted: Accepted) => void = () => {};
    let isThere = () => {};
    const came = new Promise<void>((resolve) => {
      isThere = resolve;
    });
    const intake = {
      id: new Uint8Array(16),
      lastSeq: () => 0,
      append: () => {
        isThere();
        return new Promise<Accepted>((resolve) => {
          answer = resolve;
        });
      },
    };
    const { client, receiver } = await world({}, { clock, intake });
    client.data(1, 'a');
    await came;
    const stopped = receiver.stop(5_000);
    answer({ kind: 'accepted', index: 1 });
    manual.advance(5_000);
    await stopped;
    await client.until(() => !client.isOpen);
    expect(client.replies).toEqual(['ack 1']);
  });
});
