import type * as record from '../../src/record/index.ts';
import type { Connection } from '../../src/zmtp/connection.ts';
import { HeldBytes } from '../../src/zmtp/held-bytes.ts';
import type { ZmtpError } from '../../src/zmtp/zmtp-error.ts';

interface Timer {
  readonly due: number;
  readonly callback: () => void;
  readonly unref: () => void;
}

let mockNow = 0;
let mockTimers: Timer[] = [];
jest.mock('../../src/record/index.ts', () => ({
  ...jest.requireActual<typeof record>('../../src/record/index.ts'),
  monotonicNow: () => mockNow,
  armTimeout: (callback: () => void, delayMillis: number) => {
    const timer = { due: mockNow + delayMillis, callback, unref: () => {} };
    mockTimers.push(timer);
    return timer;
  },
  clearTimeout: (timer: Timer) => {
    mockTimers = mockTimers.filter((each) => each !== timer);
  },
}));

beforeEach(() => {
  mockNow = 10_000;
  mockTimers = [];
});

/** Advances the time second by second. */
function pass(seconds: number): void {
  for (let each = 0; each < seconds; each += 1) {
    mockNow += 1_000;
    const due = mockTimers.filter((timer) => timer.due <= mockNow);
    mockTimers = mockTimers.filter((timer) => timer.due > mockNow);
    for (const { callback } of due) callback();
  }
}

/** A connection that holds bytes of a message that began at that time, and what happened to it. */
function connectionOf(held: HeldBytes, beganAt: number | undefined, bytesHeld: number) {
  const events: string[] = [];
  const connection = {
    beganAt,
    bytesHeld,
    resume: () => events.push('resumed'),
    destroy: (error: ZmtpError) => {
      events.push(`${error.cause}: ${error.message}`);
      held.remove(asConnection);
    },
  };
  const asConnection = connection as unknown as Connection;
  return { events, set: (bytes = bytesHeld) => held.set(asConnection, bytes), connection: asConnection };
}

test('an incomplete message that blocks others for five seconds is disconnected, and the others continue', () => {
  const held = new HeldBytes(100);
  const slow = connectionOf(held, 10_000, 80);
  const other = connectionOf(held, 10_500, 30);
  expect([slow.set(), other.set()]).toEqual([true, false]);
  pass(4);
  expect([slow.events, other.events]).toEqual([[], []]);
  pass(1);
  expect(slow.events).toEqual([
    'too_slow: its message (80 bytes so far) was incomplete after 5000 ms while other connections wait',
  ]);
  expect([other.events, held.bytes, mockTimers]).toEqual([['resumed'], 30, []]);
});

test('a slow message that blocks no others is not disconnected', () => {
  const held = new HeldBytes(100);
  const slow = connectionOf(held, 10_000, 90);
  const other = connectionOf(held, 10_500, 30);
  slow.set();
  expect(other.set()).toBe(false);
  pass(4);
  // The other one is removed shortly before the first would be disconnected because of it.
  held.remove(other.connection);
  pass(10);
  expect([slow.events, other.events, mockTimers]).toEqual([[], [], []]);
});

test('a waiting connection resumes when its message is the oldest', () => {
  const held = new HeldBytes(100);
  const [first, second, third] = [
    connectionOf(held, 10_000, 60),
    connectionOf(held, 10_100, 60),
    connectionOf(held, 10_200, 60),
  ];
  expect([first.set(), second.set(), third.set()]).toEqual([true, false, false]);
  expect(mockTimers).toHaveLength(1);
  // Its message is complete; 120 bytes are still held.
  held.remove(first.connection);
  pass(1);
  expect([first.events, second.events, third.events]).toEqual([[], ['resumed'], []]);
  // The third still waits, and is checked again.
  expect(mockTimers).toHaveLength(1);
  held.remove(second.connection);
  expect(third.events).toEqual(['resumed']);
  pass(1);
  expect(mockTimers).toEqual([]);
});

test('connections without an incomplete message are never the oldest', () => {
  const held = new HeldBytes(100);
  const [busy, waiting] = [connectionOf(held, undefined, 150), connectionOf(held, 10_900, 10)];
  // A message that is being processed holds its bytes, but is not incomplete.
  expect(busy.set()).toBe(false);
  expect(waiting.set()).toBe(true);
  pass(6);
  expect(busy.events).toEqual([]);
  expect(waiting.events).toEqual([
    'too_slow: its message (10 bytes so far) was incomplete after 5000 ms while other connections wait',
  ]);
});

test('after close nothing is checked any more', () => {
  const held = new HeldBytes(100);
  const [first, second] = [connectionOf(held, 10_000, 100), connectionOf(held, 10_100, 1)];
  first.set();
  second.set();
  held.close();
  expect(mockTimers).toEqual([]);
  first.set(0);
  expect(second.events).toEqual([]);
  held.close();
});

test('a connection holds the number of bytes that it reported last', () => {
  const held = new HeldBytes(100);
  const connection = connectionOf(held, 10_000, 40);
  for (const bytes of [40, 70, 10]) {
    expect(connection.set(bytes)).toBe(true);
    expect(held.bytes).toBe(bytes);
  }
  held.remove(connection.connection);
  held.remove(connection.connection);
  expect(held.bytes).toBe(0);
});
