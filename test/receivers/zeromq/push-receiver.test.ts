import {
  type DecodeMessage,
  ZmqPushReceiver,
  type ZmqPushReceiverOptions,
  zmqPushOptions,
} from '../../../src/receivers/zeromq/index.ts';
import type { Clock } from '../../../src/record/index.ts';
import { resolve } from '../../../src/settings/index.ts';
import { ManualClock } from '../../support/manual-clock.ts';
import { closeAll, closeLater } from '../../zeromq/support/exporting.ts';
import { MemoryIntake } from '../../zeromq/support/memory-intake.ts';
import { RawZmtp } from '../../zeromq/support/raw-zmtp.ts';

afterEach(closeAll);

/** A line per record; an empty body has no records. */
const decode: DecodeMessage = (_topic, body) => {
  const text = Buffer.from(body).toString();
  return { body: Buffer.from(`${text}\n`), records: text === 'none' ? 0 : text.split('\n').length };
};

/** A receiver with a manual clock, a sender, and the log. */
async function world(options: Partial<ZmqPushReceiverOptions> = {}) {
  const intake = new MemoryIntake();
  const lines: string[] = [];
  const log = { emit: (_severity: number, line: string) => void lines.push(line) };
  const manual = new ManualClock();
  const kept: (boolean | undefined)[] = [];
  const clock: Clock = {
    now: () => manual.now(),
    monotonicNow: () => manual.monotonicNow(),
    after: (millis, callback, keepsAlive) => {
      kept.push(keepsAlive);
      return manual.after(millis, callback);
    },
  };
  const defaults = resolve(zmqPushOptions, 'zmqPush', { endpoint: 'tcp://127.0.0.1:0' });
  const receiver = new ZmqPushReceiver(
    { ...defaults, groupRecords: 3, groupMillis: 20, ...options },
    { intake, decode, log, clock, setting: 'push' },
  );
  await receiver.start();
  closeLater(async () => {
    const stopped = receiver.stop(0);
    manual.advance(0);
    await stopped;
  });
  const sender = await RawZmtp.open(receiver.endpoint, 'PUSH');
  closeLater(async () => void sender.socket.destroy());
  const push = (...bodies: string[]) => {
    for (const body of bodies) sender.message(Buffer.from('PLJ'), Buffer.from(body));
    return sender.fence();
  };
  return { intake, receiver, lines, clock: manual, kept, sender, push };
}

test('a group goes to the journal with its last record, or when its first has waited long enough', async () => {
  const { intake, clock, push, receiver, kept } = await world();
  await push('a', 'b');
  clock.advance(19);
  expect([intake.appends, clock.pendingTimers, kept]).toEqual([0, 1, [undefined]]);
  clock.advance(1);
  expect([intake.appends, clock.pendingTimers]).toEqual([1, 0]);
  await push('c', 'd', 'e');
  // No timer is left.
  expect([intake.appends, clock.pendingTimers]).toEqual([2, 0]);
  await push('f');
  clock.advance(20);
  await intake.until(() => intake.texts.length === 3);
  expect(intake.texts).toEqual(['a\nb\n', 'c\nd\ne\n', 'f\n']);
  expect(intake.batches.map(({ records, origin }) => [records, origin])).toEqual([
    [2, undefined],
    [3, undefined],
    [1, undefined],
  ]);
  await push();
  expect(receiver.counters).toMatchObject({ batches: 3, records: 6, bytes: 12, duplicates: 0 });
});

test('a message with more records than a group is appended at once', async () => {
  const { intake, push } = await world();
  await push('1\n2\n3\n4\n5');
  await intake.until(() => intake.batches.length === 1);
  expect(intake.batches[0]!.records).toBe(5);
});

test('messages without a record never reach the journal, and leave nothing behind in their group', async () => {
  const { intake, clock, push } = await world();
  await push('none');
  clock.advance(20);
  expect([intake.appends, clock.pendingTimers]).toEqual([0, 0]);
  await push('a', 'b', 'c');
  await intake.until(() => intake.texts.length === 1);
  expect(intake.texts).toEqual(['a\nb\nc\n']);
});

test('invalid messages are dropped and logged with the reason and the sender', async () => {
  const { intake, sender, push, lines, receiver } = await world({ groupRecords: 1 });
  const topic = (length: number) => Buffer.alloc(length, 'P');
  sender.message(topic(3));
  sender.message(topic(3), Buffer.from('a'), Buffer.from('b'));
  sender.message(topic(17), Buffer.from('a'));
  sender.message(topic(16), Buffer.from('taken'));
  await push();
  await intake.until(() => intake.texts.length === 1);
  expect(intake.texts).toEqual(['taken\n']);
  const start = `push: dropped 1 records of ${sender.address} (malformed): `;
  expect(lines).toEqual([
    `${start}a message must have 2 frames, got 1`,
    `${start}a message must have 2 frames, got 3`,
    `${start}a topic must have at most 16 bytes, got 17`,
  ]);
  expect([...receiver.counters.dropped]).toEqual([['malformed', 3]]);
});

test('a message of the maximum size is accepted', async () => {
  const { intake, push } = await world({ maxMessageBytes: 1_024, groupRecords: 1 });
  await push('x'.repeat(1_024));
  await intake.until(() => intake.texts.length === 1);
});

test('two messages of the maximum size may arrive at the same time, even if the limit for the journal is small', async () => {
  const { intake, receiver, push } = await world({
    maxMessageBytes: 60_000,
    maxInFlightBytes: 1_024,
    groupRecords: 1,
  });
  const slow = await RawZmtp.open(receiver.endpoint, 'PUSH');
  closeLater(async () => void slow.socket.destroy());
  slow.frame(Buffer.alloc(55_000), { length: 60_000 });
  while (slow.socket.writableLength > 0) await new Promise((resolve) => setImmediate(resolve));
  await push('x'.repeat(55_000));
  await intake.until(() => intake.texts.length === 1);
});

test('a full or failed journal is logged with the records that were dropped', async () => {
  const { intake, push, lines, receiver } = await world();
  intake.fullForMillis = 1;
  await push('a', 'b', 'c');
  await intake.until(() => intake.waiting === 0);
  intake.broken = new Error('fsync');
  await push('d', 'e', 'f');
  await intake.until(() => intake.waiting === 0);
  await push();
  expect(lines).toEqual([
    'push: dropped 3 records of all senders (full): the journal is full',
    'push: dropped 3 records of all senders (journal): Error: fsync',
  ]);
  const { dropped, batches, records, bytes } = receiver.counters;
  expect([[...dropped], batches, records, bytes]).toEqual([
    [
      ['full', 3],
      ['journal', 3],
    ],
    ...[0, 0, 0],
  ]);
});

test('at most 256 groups wait for the journal; the senders keep later records', async () => {
  const { intake, sender, receiver } = await world({ groupRecords: 1 });
  intake.hold();
  for (let at = 0; at < 300; at += 1) sender.message(Buffer.from('PLJ'), Buffer.from(`${at}`));
  await intake.until(() => intake.waiting === 256);
  const other = await RawZmtp.open(receiver.endpoint, 'PUSH');
  closeLater(async () => void other.socket.destroy());
  await other.fence();
  expect(intake.waiting).toBe(256);
  intake.release();
  await intake.until(() => intake.texts.length === 300);
  expect(intake.texts.map(Number)).toEqual(Array.from({ length: 300 }, (_, at) => at));
});

describe('when it stops', () => {
  test('records that were read are appended first; later ones are dropped and logged', async () => {
    const { intake, push, lines, receiver, sender, kept, clock } = await world();
    intake.hold();
    await push('a');
    const stopped = receiver.stop(5_000);
    expect(receiver.stop(0)).toBe(stopped);
    expect([intake.waiting, kept]).toEqual([1, [undefined, true]]);
    await push('late');
    expect(lines).toEqual([
      `push: dropped 1 records of ${sender.address} (shutdown): the daemon is stopping`,
    ]);
    intake.release();
    await stopped;
    await sender.closed;
    expect([intake.texts, clock.pendingTimers]).toEqual([['a\n'], 0]);
    expect([...receiver.counters.dropped]).toEqual([['shutdown', 1]]);
    expect(receiver.counters.records).toBe(1);
  });

  test('it waits for the journal within its limit', async () => {
    const { intake, push, receiver, sender, clock } = await world();
    intake.hold();
    await push('a');
    const stopped = receiver.stop(5_000);
    clock.advance(4_999);
    // It still listens.
    await push('late');
    clock.advance(1);
    await stopped;
    await sender.closed;
    expect(receiver.counters).toMatchObject({ batches: 0, records: 0 });
  });
});
