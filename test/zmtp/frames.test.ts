import type { Socket } from 'node:net';
import fc from 'fast-check';
import { encodeCommand, encodeMetadata, readCommand, readMetadata } from '../../src/zmtp/command.ts';
import type { Connection } from '../../src/zmtp/connection.ts';
import { encodeFrame, type Frame, type FrameKind } from '../../src/zmtp/frame.ts';
import { FrameReader } from '../../src/zmtp/frame-reader.ts';
import { encodeGreeting, looksLikeZmtp, readGreeting } from '../../src/zmtp/greeting.ts';
import { HeldBytes } from '../../src/zmtp/held-bytes.ts';
import { IncomingMessage } from '../../src/zmtp/incoming-message.ts';
import { Outgoing } from '../../src/zmtp/outgoing.ts';
import type { ZmtpError } from '../../src/zmtp/zmtp-error.ts';

/** The cause of the ZmtpError that it throws. */
function causeOf(call: () => unknown): string {
  try {
    call();
  } catch (error) {
    return (error as ZmtpError).cause;
  }
  return 'none';
}

/** All complete frames. */
function allOf(reader: FrameReader): Frame[] {
  const frames: Frame[] = [];
  for (let frame = reader.next(); frame !== undefined; frame = reader.next()) frames.push(frame);
  return frames;
}

/** A frame header of nine bytes. */
function longHead(length: bigint, flags = 2): Buffer {
  const head = Buffer.alloc(9);
  head[0] = flags;
  head.writeBigUInt64BE(length, 1);
  return head;
}

describe('frames', () => {
  const kind = fc.constantFrom<FrameKind>('command', 'more', 'last');
  const size = fc.oneof(fc.nat({ max: 600 }), fc.constantFrom(0, 1, 255, 256, 4_096, 4_097, 70_000));

  test('frames are read as written, in whatever chunks they arrive', () => {
    const frames = fc.array(fc.record({ kind, size, fill: fc.nat({ max: 255 }) }), {
      minLength: 1,
      maxLength: 8,
    });
    const cuts = fc.array(fc.integer({ min: 1, max: 700 }), { minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(frames, cuts, (given, pieces) => {
        const written = given.map((each) => ({ ...each, body: Buffer.alloc(each.size, each.fill) }));
        const bytes = Buffer.concat(written.flatMap((each) => encodeFrame(each.kind, each.body)));
        const reader = new FrameReader(70_000);
        const found: Frame[] = [];
        for (let at = 0, turn = 0; at < bytes.length; turn += 1) {
          const piece = Buffer.from(bytes.subarray(at, at + pieces[turn % pieces.length]!));
          at += piece.length;
          reader.add(piece);
          found.push(...allOf(reader));
        }
        expect(reader.bytes).toBe(0);
        const short = ({ isCommand, hasMore, body }: Frame) =>
          `${isCommand} ${hasMore} ${Buffer.from(body).toString('hex')}`;
        expect(found.map(short).join()).toBe(
          written
            .map(({ kind, body }) => `${kind === 'command'} ${kind === 'more'} ${body.toString('hex')}`)
            .join(),
        );
      }),
      { numRuns: 100 },
    );
  });

  test('frame headers match RFC 37: two bytes for bodies up to 255 bytes, nine beyond', () => {
    const headOf = (frame: FrameKind, length: number) =>
      Buffer.concat(encodeFrame(frame, Buffer.alloc(length)))
        .subarray(0, -length)
        .toString('hex');
    expect([headOf('last', 255), headOf('more', 1), headOf('command', 255)]).toEqual([
      '00ff',
      '0101',
      '04ff',
    ]);
    expect([headOf('last', 256), headOf('more', 70_000), headOf('command', 256)]).toEqual([
      ...['020000000000000100', '030000000000011170', '060000000000000100'],
    ]);
  });

  test('invalid flags are refused at the first byte of the length', () => {
    const refused = Array.from({ length: 256 }, (_, flags) => flags).filter((flags) => {
      const reader = new FrameReader(1_000);
      reader.add(Buffer.from([flags, 0]));
      return causeOf(() => reader.next()) === 'not_zmtp';
    });
    // Commands cannot have further parts; all other bits are reserved.
    expect(refused).toEqual([5, 7, ...Array.from({ length: 248 }, (_, at) => at + 8)]);
  });

  test('a frame that declares more than the limit is refused before any of it has arrived', () => {
    const read = (head: Buffer) => {
      const reader = new FrameReader(300);
      reader.add(head);
      return causeOf(() => reader.next());
    };
    expect([read(longHead(300n)), read(longHead(301n)), read(longHead(2n ** 64n - 1n))]).toEqual([
      ...['none', 'too_large', 'too_large'],
    ]);
    const small = new FrameReader(5);
    small.add(Buffer.from([0, 6]));
    expect(causeOf(() => small.next())).toBe('too_large');
  });

  test('a body in one chunk is a view of it, a body in several chunks is joined', () => {
    const reader = new FrameReader(100_000);
    const piece = Buffer.concat([...encodeFrame('last', Buffer.alloc(5_000, 1)), Buffer.alloc(3, 2)]);
    reader.add(piece);
    expect(reader.next()!.body.buffer).toBe(piece.buffer);
    const whole = Buffer.alloc(4_000, 3);
    expect(reader.take(3)!.buffer).toBe(piece.buffer);
    reader.add(whole);
    expect(reader.take(4_000)).toBe(whole);
    for (const text of ['ab', '', 'cd', 'ef']) reader.add(Buffer.from(text));
    expect([reader.bytes, String(reader.take(5)), String(reader.take(1))]).toEqual([6, 'abcde', 'f']);
  });

  test('the rest of a chunk does not keep the whole chunk in memory', () => {
    const reader = new FrameReader(100_000);
    const piece = Buffer.concat([...encodeFrame('last', Buffer.alloc(60_000)), Buffer.from([0, 200, 1, 2])]);
    reader.add(piece);
    expect(allOf(reader)).toHaveLength(1);
    expect(reader.bytes).toBe(4);
    expect(reader.take(4)!.buffer.byteLength).toBeLessThan(1_100);
    expect([reader.take(1), reader.take(0)!.length]).toEqual([undefined, 0]);
  });
});

describe('a message', () => {
  test('has bounded frames and bytes; its parts are copies, and count until it is taken', () => {
    const message = new IncomingMessage(100, 3);
    const part = Buffer.alloc(50, 1);
    expect(message.add(part, true)).toBeUndefined();
    part.fill(2);
    expect(message.bytes).toBe(50 + 64);
    const frames = message.add(Buffer.alloc(50, 3), false)!;
    expect(frames.map((frame) => frame[0])).toEqual([1, 3]);
    expect(message.bytes).toBe(100 + 2 * 64);
    message.release();
    expect(message.bytes).toBe(0);
  });

  test('one frame or one byte beyond the limit is refused', () => {
    const fill = (sizes: readonly number[]) => {
      const message = new IncomingMessage(100, 3);
      return causeOf(() => {
        for (const size of sizes) message.add(Buffer.alloc(size), true);
      });
    };
    expect(fill([0, 0, 0])).toBe('none');
    expect(fill([0, 0, 0, 0])).toBe('too_many_frames');
    // The overhead of three frames is allowed in addition to the bytes.
    expect([fill([100, 64, 0]), fill([100, 0, 0])]).toEqual(['too_large', 'none']);
    expect([fill([100 + 128]), fill([100 + 129])]).toEqual(['none', 'too_large']);
    const message = new IncomingMessage(100, 3);
    message.add(Buffer.alloc(10), true);
    message.clear();
    expect([message.bytes, message.add(Buffer.alloc(1), false)]).toMatchObject([0, { length: 1 }]);
  });
});

describe('the bytes that all connections hold', () => {
  /** A connection, and how often it was resumed. */
  function connectionOf(beganAt?: number) {
    return {
      ...{ beganAt, bytesHeld: 0, resumed: 0 },
      resume() {
        this.resumed += 1;
      },
    };
  }
  const as = (connection: object) => connection as unknown as Connection;

  test('up to the limit all connections read; beyond it only the one with the oldest message, until there is room', () => {
    const held = new HeldBytes(100);
    const [first, second, third] = [connectionOf(1), connectionOf(2), connectionOf()];
    expect([held.set(as(second), 60), held.set(as(first), 40)]).toEqual([true, true]);
    expect(held.set(as(first), 41)).toBe(true);
    expect(held.set(as(second), 61)).toBe(false);
    expect(held.set(as(third), 1)).toBe(false);
    expect(held.bytes).toBe(103);
    // A connection that holds nothing is not blocked.
    expect(held.set(as(third), 0)).toBe(true);
    expect([second.resumed, third.resumed]).toEqual([0, 0]);
    held.set(as(first), 39);
    expect([held.bytes, first.resumed, second.resumed, third.resumed]).toEqual([100, 0, 1, 1]);
    held.remove(as(second));
    held.remove(as(first));
    expect(held.bytes).toBe(0);
    held.close();
  });

  test('a removed connection no longer waits', () => {
    const held = new HeldBytes(100);
    const [first, second] = [connectionOf(1), connectionOf(2)];
    held.set(as(first), 100);
    expect(held.set(as(second), 10)).toBe(false);
    held.remove(as(second));
    held.set(as(first), 0);
    expect([second.resumed, held.bytes]).toEqual([0, 0]);
    held.close();
  });
});

describe('what is sent', () => {
  /** A socket that takes what the test lets it take. */
  function socketOf() {
    const written: Uint8Array[] = [];
    const taken: ((error?: Error) => void)[] = [];
    let corked = 0;
    const socket = {
      write: (piece: Uint8Array, done?: (error?: Error) => void) => {
        written.push(piece);
        if (done !== undefined) taken.push(done);
      },
      cork: () => void corked++,
      uncork: () => void corked--,
    };
    return {
      socket: socket as unknown as Socket,
      written,
      bytes: () => Buffer.concat(written),
      take: (error?: Error) => taken.shift()?.(error),
      corked: () => corked,
    };
  }
  const turn = () => new Promise<void>((resolve) => setImmediate(resolve));

  test('arrives as it was added, in pieces of any size, small ones joined to few writes', async () => {
    const sizes = fc.array(
      fc.oneof(fc.nat({ max: 50 }), fc.constantFrom(1_023, 1_024, 1_025, 16_384, 20_000)),
      {
        minLength: 1,
        maxLength: 60,
      },
    );
    await fc.assert(
      fc.asyncProperty(sizes, fc.nat({ max: 9 }), async (all, pause) => {
        const { socket, bytes, corked, written } = socketOf();
        const outgoing = new Outgoing(socket, () => {});
        const pieces = all.map((size, at) => Buffer.alloc(size, at + 1));
        for (const [at, piece] of pieces.entries()) {
          outgoing.add([piece]);
          if (at % 10 === pause) await turn();
        }
        await turn();
        expect(Buffer.compare(bytes(), Buffer.concat(pieces))).toBe(0);
        expect([outgoing.bytes, corked()]).toEqual([bytes().length, 0]);
        const large = all.filter((size) => size > 1_024).length;
        const flushes = all.length / 10 + 1 + bytes().length / 16_384;
        expect(written.length).toBeLessThanOrEqual(2 * large + 2 * flushes + 1);
      }),
      { numRuns: 40 },
    );
  });

  test('is written at the end of the turn, or at once from 16 KiB on', async () => {
    const { socket, bytes } = socketOf();
    const outgoing = new Outgoing(socket, () => {});
    outgoing.add([Buffer.alloc(16_383)]);
    expect(bytes()).toHaveLength(0);
    outgoing.add([Buffer.alloc(1)]);
    expect(bytes()).toHaveLength(16_384);
    outgoing.add([Buffer.alloc(10)]);
    await turn();
    expect(bytes()).toHaveLength(16_394);
  });

  test('is full from 256 KiB on; room is reported below half of that, and again when everything was sent', async () => {
    const { socket, take } = socketOf();
    let drained = 0;
    const outgoing = new Outgoing(socket, () => void drained++);
    const kib = (count: number) => outgoing.add([Buffer.alloc(count * 1_024)]);
    kib(128);
    kib(127);
    expect(outgoing.isFull).toBe(false);
    kib(1);
    await turn();
    expect([outgoing.isFull, outgoing.bytes, outgoing.stuckMillis >= 0]).toEqual([true, 262_144, true]);
    take();
    // Exactly half is not below half.
    expect([outgoing.isFull, drained]).toEqual([false, 0]);
    take();
    expect(drained).toBe(1);
    take();
    expect([drained, outgoing.bytes, outgoing.stuckMillis]).toEqual([2, 0, 0]);
    // It has not been full since, so only the end is reported.
    kib(20);
    kib(20);
    take();
    expect(drained).toBe(2);
    take();
    expect(drained).toBe(3);
  });

  test('does not count as taken if the socket reports an error', async () => {
    const { socket, take } = socketOf();
    let drained = 0;
    const outgoing = new Outgoing(socket, () => void drained++);
    for (const bytes of [20_000, 30_000]) outgoing.add([Buffer.alloc(bytes)]);
    take();
    take(new Error('write ECONNRESET'));
    expect([outgoing.bytes, drained]).toEqual([30_000, 0]);
  });

  test('is dropped when it is closed', async () => {
    const { socket, bytes, take } = socketOf();
    let drained = 0;
    const outgoing = new Outgoing(socket, () => void drained++);
    outgoing.add([Buffer.alloc(20_000)]);
    outgoing.add([Buffer.alloc(10)]);
    outgoing.close();
    outgoing.add([Buffer.alloc(20_000)]);
    outgoing.flush();
    await turn();
    take();
    expect([bytes().length, drained]).toEqual([20_000, 0]);
  });
});

describe('greetings', () => {
  test('match RFC 37', () => {
    const greeting = encodeGreeting('NULL', true);
    expect(greeting.toString('hex')).toBe(`ff00000000000000017f03014e554c4c${'00'.repeat(48)}`);
    const asServer = [encodeGreeting('CURVE', true)[32], encodeGreeting('CURVE', false)[32]];
    expect([...asServer, greeting[32]]).toEqual([1, 0, 0]);
    expect(readGreeting(greeting)).toEqual({ minor: 1, mechanism: 'NULL' });
  });

  test.each([
    [3, 0, { minor: 0, mechanism: 'CURVE' }],
    [3, 2, { minor: 2, mechanism: 'CURVE' }],
    [4, 0, { minor: 1, mechanism: 'CURVE' }],
    [2, 9, 'not_zmtp'],
    [0, 0, 'not_zmtp'],
  ])('of version %d.%d: %j', (major, minor, expected) => {
    const greeting = encodeGreeting('CURVE', false);
    greeting[10] = major;
    greeting[11] = minor;
    if (typeof expected === 'string') expect(causeOf(() => readGreeting(greeting))).toBe(expected);
    else expect(readGreeting(greeting)).toEqual(expected);
  });

  test('are distinguished from other protocols by any prefix', () => {
    const greeting = encodeGreeting('NULL', false);
    for (let length = 0; length <= 64; length += 1) {
      expect(looksLikeZmtp(greeting.subarray(0, length))).toBe(true);
      const other = Buffer.from(greeting);
      other[9]! ^= 1;
      expect(looksLikeZmtp(other.subarray(0, length))).toBe(length < 10);
      other[0] = 0x47;
      expect(looksLikeZmtp(other.subarray(0, length))).toBe(length < 1);
    }
    greeting[9] = 0;
    expect(causeOf(() => readGreeting(greeting))).toBe('not_zmtp');
  });
});

describe('commands', () => {
  test('consist of a name and data', () => {
    const { name, data } = readCommand(encodeCommand('READY', Buffer.from('ab'), Buffer.from('c')));
    expect([name, data.toString()]).toEqual(['READY', 'abc']);
    expect(readCommand(Buffer.from('\x05READY'))).toEqual({ name: 'READY', data: Buffer.alloc(0) });
    for (const body of ['', '\0', '\0abc', '\x06READY', '\xff']) {
      expect(causeOf(() => readCommand(Buffer.from(body, 'latin1')))).toBe('not_zmtp');
    }
  });

  test('properties may have any order, names in any case, unknown names, and a number up to 64', () => {
    const property = (name: string, value: string) => {
      const head = Buffer.from([name.length, ...Buffer.from(name), 0, 0, 0, value.length]);
      return Buffer.concat([head, Buffer.from(value)]);
    };
    const read = (...all: Buffer[]) => readMetadata(Buffer.concat(all)).socketType;
    expect(readMetadata(encodeMetadata({ socketType: 'DEALER' }))).toEqual({ socketType: 'DEALER' });
    expect(encodeMetadata({ socketType: 'PUSH' }).toString('latin1')).toBe('\x0bSocket-Type\0\0\0\x04PUSH');
    expect(encodeMetadata({ socketType: 'ROUTER' }).toString('latin1')).toBe(
      '\x0bSocket-Type\0\0\0\x06ROUTER\x08Identity\0\0\0\0',
    );
    expect(read()).toBe('');
    expect(read(property('X', 'y'), property('SOCKET-type', 'PULL'), property('Z', ''))).toBe('PULL');
    expect(read(property('Socket-Type', 'x'.repeat(40)))).toBe('x'.repeat(32));
    const many = Array.from({ length: 63 }, () => property('X', 'y'));
    expect(read(...many, property('Socket-Type', 'PULL'))).toBe('PULL');
    expect(causeOf(() => read(...many, property('X', 'y'), property('X', 'y')))).toBe('not_zmtp');
    expect(causeOf(() => read(property('', 'y')))).toBe('not_zmtp');
  });

  test('truncated properties, or properties with a wrong length, are refused', () => {
    const whole = encodeMetadata({ socketType: 'DEALER' });
    const ends = [0, 22, whole.length];
    for (let length = 0; length <= whole.length; length += 1) {
      const cause = causeOf(() => readMetadata(whole.subarray(0, length)));
      expect([length, cause]).toEqual([length, ends.includes(length) ? 'none' : 'not_zmtp']);
    }
    const longer = Buffer.from(whole);
    longer.writeUInt32BE(0xffff_ffff, 12);
    expect(causeOf(() => readMetadata(longer))).toBe('not_zmtp');
  });
});
