import { crc32 } from 'node:zlib';
import { decodeClientFrame, type Reply } from '../../src/frames/index.ts';
import { SendWindow, type WindowEvent } from '../../src/zeromq/send-window.ts';

const producer = new Uint8Array(16).fill(1);
const journal = new Uint8Array(16).fill(7);
const ACK_TIMEOUT_MILLIS = 100;
const EXPORT_TIMEOUT_MILLIS = 1_000;

/** A window, the time, and what happened. */
function world(maxBytes = 1_000) {
  const events: [WindowEvent, number][] = [];
  const ends: string[] = [];
  const window = new SendWindow({
    producer,
    maxBytes,
    ackTimeoutMillis: ACK_TIMEOUT_MILLIS,
    onEvent: (event, batches) => events.push([event, batches]),
  });
  let now = 10_000;
  let made = 0;
  const add = (bytes = 10) => {
    made += 1;
    const name = made;
    const body = new Uint8Array(bytes);
    window.add({
      ...{ records: 1, length: bytes, body, bodyCrc: crc32(body), encoding: 0 },
      deadlineMillis: now + EXPORT_TIMEOUT_MILLIS,
      done: (error) => ends.push(`${name} ${error?.code ?? 'ok'}`),
    });
  };
  /** What is sent now: `hello`, or `seq<prev` of each batch. */
  const sent = () => {
    const all: string[] = [];
    for (let frames = window.next(now); frames !== undefined; frames = window.next(now)) {
      const frame = decodeClientFrame(frames);
      all.push(frame.kind === 'hello' ? 'hello' : `${frame.seq}<${frame.prev}`);
    }
    return all;
  };
  const answer = (reply: Record<string, unknown>, from = journal) =>
    window.receive({ journal: from, producer, ...reply } as unknown as Reply, now);
  const welcome = (credit = 8, last = 0, maxBatch = 1_000) =>
    answer({ kind: 'welcome', last, credit, maxBytes: maxBatch });
  const wait = (millis: number) => {
    now += millis;
  };
  return { window, events, ends, add, sent, answer, welcome, wait };
}

/** Three batches under way. */
function sending() {
  const all = world();
  for (let each = 0; each < 3; each += 1) all.add();
  expect(all.sent()).toEqual(['hello']);
  all.welcome();
  expect(all.sent()).toEqual(['1<0', '2<1', '3<2']);
  return all;
}

test('a HELLO is repeated after exactly the time-out of an answer', () => {
  const { add, sent, wait, window } = world();
  expect(sent()).toEqual([]);
  add();
  expect(sent()).toEqual(['hello']);
  expect(window.dueMillis).toBe(10_000 + ACK_TIMEOUT_MILLIS);
  wait(ACK_TIMEOUT_MILLIS - 1);
  expect(sent()).toEqual([]);
  wait(1);
  expect(sent()).toEqual(['hello']);
});

test.each<[string, { credit?: number; maxBytes?: number }, number, string[]]>([
  ['the credit', { credit: 2 }, 3, ['1<0', '2<1']],
  ['a credit of 0, which counts as 1', { credit: 0 }, 3, ['1<0']],
  ['the bytes, to the byte', { maxBytes: 20 }, 3, ['1<0', '2<1']],
  ['one byte less', { maxBytes: 19 }, 3, ['1<0']],
  ['fewer bytes than a batch has: one always goes', { maxBytes: 5 }, 2, ['1<0']],
])('what is under way is bounded by %s', (_, { credit = 8, maxBytes = 1_000 }, batches, expected) => {
  const { add, sent, welcome } = world(maxBytes);
  for (let each = 0; each < batches; each += 1) add();
  expect(sent()).toEqual(['hello']);
  welcome(credit);
  expect(sent()).toEqual(expected);
});

test.each([
  ['of the last that was sent settles all', 3, ['1 ok', '2 ok', '3 ok'], []],
  ['of a part settles that part', 2, ['1 ok', '2 ok'], []],
  ['of what was settled before changes nothing', 0, [], []],
  ['of more than was sent is an event, and settles nothing', 4, [], [['too_far', 1]]],
])('an acknowledgement %s', (_, last, ends, events) => {
  const all = sending();
  all.answer({ kind: 'ack', last, credit: 8 });
  expect(all.ends).toEqual(ends);
  expect(all.events).toEqual(events);
  expect(all.window.batches).toBe(3 - ends.length);
});

test('a NACK sends again from behind its number, once for one loss', () => {
  const { answer, sent, events } = sending();
  answer({ kind: 'nack', last: 1 });
  expect(sent()).toEqual(['2<1', '3<2']);
  answer({ kind: 'nack', last: 1 });
  expect(sent()).toEqual([]);
  answer({ kind: 'nack', last: 2 });
  expect(sent()).toEqual(['3<2']);
  expect(events).toEqual([
    ['resent', 1],
    ['resent', 1],
    ['resent', 1],
  ]);
});

test('a RETRY pauses for its time, to the millisecond, and then sends everything again', () => {
  const { answer, sent, wait, window } = sending();
  answer({ kind: 'retry', last: 1, afterMillis: 50 });
  expect(window.dueMillis).toBe(10_050);
  wait(49);
  expect([sent(), window.isPaused(10_049)]).toEqual([[], true]);
  wait(1);
  expect([sent(), window.isPaused(10_050)]).toEqual([['2<1', '3<2'], false]);
});

test('a rejected batch fails alone; those behind it are sent again without it', () => {
  const { answer, sent, ends } = sending();
  answer({ kind: 'reject', seq: 2, cause: 'protobuf', last: 0 });
  expect(ends).toEqual(['2 rejected']);
  expect(sent()).toEqual(['3<1']);
});

test('the batch that was sent last can be rejected too', () => {
  const { answer, sent, ends } = sending();
  answer({ kind: 'reject', seq: 3, cause: 'protobuf', last: 0 });
  expect(ends).toEqual(['3 rejected']);
  expect(sent()).toEqual([]);
});

test.each([
  ['was never sent', 4],
  ['is not in the window', 9],
])('a rejection of a batch that %s changes nothing', (_, seq) => {
  const { add, answer, ends, sent, welcome } = world();
  for (let each = 0; each < 4; each += 1) add();
  sent();
  welcome(3);
  expect(sent()).toHaveLength(3);
  answer({ kind: 'reject', seq, cause: 'protobuf', last: 0 });
  expect([ends, sent()]).toEqual([[], []]);
});

test('a batch that is larger than the daemon accepts fails, one of that size does not', () => {
  const { add, sent, welcome, ends } = world();
  add(11);
  add(10);
  sent();
  welcome(8, 0, 10);
  expect(sent()).toEqual(['2<0']);
  expect(ends).toEqual(['1 too_large']);
});

test('a batch fails exactly at its time-out', () => {
  const { window, ends } = sending();
  window.expire(10_000 + EXPORT_TIMEOUT_MILLIS - 1);
  expect(ends).toEqual([]);
  window.expire(10_000 + EXPORT_TIMEOUT_MILLIS);
  expect(ends).toEqual(['1 timeout', '2 timeout', '3 timeout']);
});

test('without progress for exactly the time-out the daemon is asked, and then everything is sent again', () => {
  const { sent, wait, welcome, window } = sending();
  expect(window.dueMillis).toBe(10_000 + ACK_TIMEOUT_MILLIS);
  wait(ACK_TIMEOUT_MILLIS - 1);
  expect(sent()).toEqual([]);
  wait(1);
  expect(sent()).toEqual(['hello']);
  welcome(8, 1);
  expect(sent()).toEqual(['2<1', '3<2']);
});

test('another journal gets everything that is not acknowledged, and it is reported', () => {
  const { answer, sent, events } = sending();
  answer({ kind: 'ack', last: 1, credit: 8 });
  answer({ kind: 'ack', last: 0, credit: 8 }, new Uint8Array(16).fill(8));
  expect(events).toEqual([['new_journal', 2]]);
  expect(sent()).toEqual(['2<0', '3<2']);
});

test('a journal that knows less than it acknowledged is reported with the number of batches', () => {
  const { answer, events } = sending();
  answer({ kind: 'ack', last: 3, credit: 8 });
  answer({ kind: 'ack', last: 1, credit: 8 });
  expect(events).toEqual([['memory_lost', 2]]);
});

test('an answer for another producer is ignored', () => {
  const { window, ends } = sending();
  const other = new Uint8Array(16).fill(2);
  window.receive({ kind: 'ack', journal, producer: other, last: 3, credit: 8 }, 10_000);
  expect(ends).toEqual([]);
});
