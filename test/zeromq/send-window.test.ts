import { crc32 } from 'node:zlib';
import { decodeClientFrame, type Reply } from '../../src/frames/index.ts';
import { SendWindow, type WindowBatch, type WindowEvent } from '../../src/zeromq/send-window.ts';

const producer = new Uint8Array(16).fill(1);
const journal = new Uint8Array(16).fill(7);
const ACK_TIMEOUT_MILLIS = 100;
const EXPORT_TIMEOUT_MILLIS = 1_000;

/** A window, the time, and the events. */
function world(maxBytes = 1_000) {
  const events: [WindowEvent, number][] = [];
  const ends: string[] = [];
  const reasons: string[] = [];
  const during = { end: () => {} };
  const window = new SendWindow({
    producer,
    maxBytes,
    ackTimeoutMillis: ACK_TIMEOUT_MILLIS,
    onEvent: (event, batches) => events.push([event, batches]),
  });
  let now = 10_000;
  let made = 0;
  const add = (bytes = 10, isReady = true) => {
    made += 1;
    const name = made;
    const body = new Uint8Array(bytes);
    const batch: WindowBatch = {
      ...{ records: 1, length: bytes, body: isReady ? body : undefined, bodyCrc: crc32(body), encoding: 0 },
      deadlineMillis: now + EXPORT_TIMEOUT_MILLIS,
      done: (error) => {
        ends.push(`${name} ${error?.code ?? 'ok'}`);
        if (error !== undefined) reasons.push(error.message);
        during.end();
      },
    };
    window.add(batch);
    return { batch, ready: () => Object.assign(batch, { body }) };
  };
  /** The frames that are sent now: `hello`, or `seq<prev` of each batch. */
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
  return { window, events, ends, reasons, during, add, sent, answer, welcome, wait };
}

/** Three batches in flight. */
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

test('a NACK resends the batches after its number, once per loss', () => {
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

test('a RETRY pauses for exactly its time, and then resends everything', () => {
  const { answer, sent, wait, window } = sending();
  answer({ kind: 'retry', last: 1, afterMillis: 50 });
  expect(window.dueMillis).toBe(10_050);
  wait(49);
  expect([sent(), window.isPaused(10_049)]).toEqual([[], true]);
  wait(1);
  expect([sent(), window.isPaused(10_050)]).toEqual([['2<1', '3<2'], false]);
});

test('a rejected batch fails alone; the following ones are resent without it', () => {
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

test('without progress for exactly the timeout the daemon is asked, and then everything is resent', () => {
  const { sent, wait, welcome, window } = sending();
  expect(window.dueMillis).toBe(10_000 + ACK_TIMEOUT_MILLIS);
  wait(ACK_TIMEOUT_MILLIS - 1);
  expect(sent()).toEqual([]);
  wait(1);
  expect(sent()).toEqual(['hello']);
  welcome(8, 1);
  expect(sent()).toEqual(['2<1', '3<2']);
});

test('a new journal gets everything that is not acknowledged, and it is reported', () => {
  const { answer, sent, events } = sending();
  answer({ kind: 'ack', last: 1, credit: 8 });
  answer({ kind: 'ack', last: 0, credit: 8 }, new Uint8Array(16).fill(8));
  expect(events).toEqual([['new_journal', 2]]);
  expect(sent()).toEqual(['2<0', '3<2']);
});

test('a journal that has less than it acknowledged is reported with the number of batches', () => {
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

test('a batch that is being compressed is not overtaken, and only its timeout is due meanwhile', () => {
  const { window, add, sent, welcome } = world();
  const { ready } = add(10, false);
  add();
  expect(sent()).toEqual(['hello']);
  welcome();
  expect([sent(), window.dueMillis]).toEqual([[], 10_000 + EXPORT_TIMEOUT_MILLIS]);
  ready();
  expect(sent()).toEqual(['1<0', '2<1']);
});

test('a batch that could not be compressed fails alone and once', () => {
  const { window, add, sent, welcome, ends } = world();
  add();
  const { batch } = add(10, false);
  add();
  sent();
  welcome();
  expect(sent()).toEqual(['1<0']);
  window.fail(batch, 'compression', 'no memory');
  window.fail(batch, 'compression', 'no memory');
  expect([ends, sent(), window.batches]).toEqual([['2 compression'], ['3<1'], 2]);
});

test('failAll fails all batches, sent or not, in order', () => {
  const { window, add, ends, reasons } = sending();
  add();
  window.failAll('shutdown', 'the end');
  expect(ends).toEqual(['1 shutdown', '2 shutdown', '3 shutdown', '4 shutdown']);
  expect(reasons).toEqual(['the end', 'the end', 'the end', 'the end']);
  const { batches, records, bytes, firstOpen, dueMillis } = window;
  expect({ batches, records, bytes }).toEqual({ batches: 0, records: 0, bytes: 0 });
  expect([firstOpen, dueMillis]).toEqual([Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY]);
});

test('a batch ends once, also when it fails while the end of another is reported', () => {
  const { window, add, sent, welcome, ends, during } = world();
  add(10);
  add(11);
  sent();
  welcome(8, 0, 10);
  // Like an export in the callback, which sends what may be sent.
  during.end = () => void window.next(11_000);
  window.expire(10_000 + EXPORT_TIMEOUT_MILLIS);
  expect(ends).toEqual(['1 timeout', '2 too_large']);
});

test('pending batches and bytes in flight are counted', () => {
  const { window, answer, sent, add } = sending();
  expect([window.batches, window.records, window.bytes, window.firstOpen]).toEqual([3, 3, 30, 1]);
  add(5);
  expect([window.records, window.bytes, window.lastSeq]).toEqual([4, 30, 4]);
  expect(sent()).toEqual(['4<3']);
  answer({ kind: 'ack', last: 2, credit: 8 });
  expect([window.batches, window.records, window.bytes, window.firstOpen]).toEqual([2, 2, 15, 3]);
});

test('a repeated WELCOME resends nothing, and sets a new credit', () => {
  const { add, sent, welcome, events } = world();
  for (let each = 0; each < 3; each += 1) add();
  sent();
  welcome(1);
  expect(sent()).toEqual(['1<0']);
  welcome(2);
  expect(sent()).toEqual(['2<1']);
  expect(events).toEqual([]);
});

test('a WELCOME that is repeated between two NACKs for one loss resends nothing', () => {
  const { answer, sent, welcome } = sending();
  answer({ kind: 'nack', last: 1 });
  expect(sent()).toEqual(['2<1', '3<2']);
  welcome(8, 1);
  answer({ kind: 'nack', last: 1 });
  expect(sent()).toEqual([]);
});

test('an ACK sets a new credit, at least 1', () => {
  const { add, answer, sent } = sending();
  for (let each = 0; each < 3; each += 1) add();
  answer({ kind: 'ack', last: 1, credit: 3 });
  expect(sent()).toEqual(['4<3']);
  answer({ kind: 'ack', last: 4, credit: 0 });
  expect(sent()).toEqual(['5<4']);
});

test('a new connection starts with a HELLO that contains the last batch of the journal', () => {
  const { window, answer, sent, welcome } = sending();
  answer({ kind: 'ack', last: 1, credit: 8 });
  window.disconnected();
  expect(window.bytes).toBe(0);
  const hello = decodeClientFrame(window.next(10_000)!);
  expect(hello).toMatchObject({ kind: 'hello', last: 1 });
  window.disconnected();
  expect(sent()).toEqual(['hello']);
  welcome(8, 2);
  expect(sent()).toEqual(['3<2']);
});

test.each<[string, (all: ReturnType<typeof sending>) => void]>([
  [
    'on a new connection',
    ({ window, sent, welcome }) => {
      window.disconnected();
      sent();
      welcome(8, 1);
    },
  ],
  [
    'after a pause',
    ({ answer, wait }) => {
      answer({ kind: 'retry', last: 1, afterMillis: 10 });
      wait(10);
    },
  ],
  ['of another journal', ({ answer }) => answer({ kind: 'ack', last: 1, credit: 8 }, producer)],
])('a NACK with the same number means another loss %s', (_, happen) => {
  const all = sending();
  all.answer({ kind: 'nack', last: 1 });
  expect(all.sent()).toEqual(['2<1', '3<2']);
  happen(all);
  const from = all.events.some(([event]) => event === 'new_journal') ? producer : journal;
  expect(all.sent()).toEqual(['2<1', '3<2']);
  all.answer({ kind: 'nack', last: 1 }, from);
  expect(all.sent()).toEqual(['2<1', '3<2']);
});

test('a pause lasts between a millisecond and a minute; a timeout within it is due before its end', () => {
  const { answer, window } = sending();
  answer({ kind: 'retry', last: 0, afterMillis: 3_600_000 });
  expect([window.isPaused(69_999), window.isPaused(70_000)]).toEqual([true, false]);
  expect(window.dueMillis).toBe(10_000 + EXPORT_TIMEOUT_MILLIS);
  answer({ kind: 'retry', last: 0, afterMillis: 0 });
  expect([window.isPaused(10_000), window.isPaused(10_001), window.dueMillis]).toEqual([true, false, 10_001]);
});

test('the reply timeout counts from the last reply that settled or rejected a batch', () => {
  const { answer, sent, wait, window, ends } = sending();
  wait(60);
  answer({ kind: 'ack', last: 1, credit: 8 });
  expect(window.dueMillis).toBe(10_160);
  wait(60);
  answer({ kind: 'reject', seq: 2, cause: 'protobuf' });
  // It is resent with another predecessor, and its time starts then.
  expect([sent(), window.dueMillis]).toEqual([['3<1'], 10_220]);
  wait(60);
  answer({ kind: 'ack', last: 1, credit: 8 });
  expect(window.dueMillis).toBe(10_220);
  wait(40);
  expect([sent(), ends]).toEqual([['hello'], ['1 ok', '2 rejected']]);
});

test('each failure has a reason', () => {
  const { add, answer, reasons, ends, sent } = sending();
  answer({ kind: 'reject', seq: 1, cause: 'protobuf' });
  answer({ kind: 'reject', seq: 2, cause: 'too_large' });
  answer({ kind: 'welcome', last: 0, credit: 8, maxBytes: 20 });
  add(21);
  expect(sent()).toEqual(['3<0']);
  expect(ends).toEqual(['1 rejected', '2 too_large', '4 too_large']);
  expect(reasons).toEqual([
    'the daemon rejected the batch permanently: protobuf',
    'the daemon rejected the batch permanently: the batch is too large',
    'a batch of 21 bytes is too large, the limit of the daemon is 20',
  ]);
});

test('the first journal is not reported as a new one, and batches that it never had are not reported as lost', () => {
  const { add, sent, welcome, events, ends, answer } = world();
  add();
  sent();
  welcome();
  sent();
  answer({ kind: 'ack', last: 1, credit: 8 });
  answer({ kind: 'ack', last: 1, credit: 8 });
  expect([events, ends]).toEqual([[], ['1 ok']]);
});
