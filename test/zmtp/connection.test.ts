import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import fc from 'fast-check';
import { newCurveKeyPair } from '../../src/net/index.ts';
import { encodeCommand, encodeMetadata } from '../../src/zmtp/command.ts';
import { Connection } from '../../src/zmtp/connection.ts';
import type { ConnectionEvents, ConnectionOptions } from '../../src/zmtp/connection-options.ts';
import { CurveClient } from '../../src/zmtp/curve-client.ts';
import { CurveServer } from '../../src/zmtp/curve-server.ts';
import { encodeFrame, type Frame, type FrameKind } from '../../src/zmtp/frame.ts';
import { FrameReader } from '../../src/zmtp/frame-reader.ts';
import { encodeGreeting } from '../../src/zmtp/greeting.ts';
import { NullMechanism } from '../../src/zmtp/null-mechanism.ts';
import type { ZmtpError } from '../../src/zmtp/zmtp-error.ts';

const serverKeys = newCurveKeyPair();
const clientKeys = newCurveKeyPair();

function causeOf(call: () => unknown): string {
  try {
    call();
  } catch (error) {
    return (error as ZmtpError).cause;
  }
  return 'none';
}

describe('CURVE', () => {
  const newServer = (clients: readonly string[] | 'any' = 'any') =>
    new CurveServer('ROUTER', { secretKey: serverKeys.secretKey, clients });
  const newClient = (keys = clientKeys, serverKey = serverKeys.publicKey) =>
    new CurveClient('DEALER', { ...keys, serverKey });

  /** Both sides during a handshake: each command as it was sent. */
  function handshakeOf(server = newServer(), client = newClient()) {
    const hello = client.begin()[0]!;
    const welcome = server.handshake(hello).answers[0]!;
    const initiate = client.handshake(welcome).answers[0]!;
    return { server, client, hello, welcome, initiate };
  }

  /** Both sides after the handshake. */
  function open() {
    const { server, client, initiate } = handshakeOf();
    const { answers, peer } = server.handshake(initiate);
    return { server, client, peer, serverPeer: client.handshake(answers[0]!).peer };
  }

  /** Encodes with one side and decodes with the other. */
  function frameOf(pieces: readonly Uint8Array[]): Frame {
    const reader = new FrameReader(200_000);
    reader.add(Buffer.concat(pieces));
    return reader.next()!;
  }

  test("both sides learn the other's properties, and frames of all kinds and sizes pass in both directions", () => {
    const { server, client, peer, serverPeer } = open();
    expect(peer).toEqual({ socketType: 'DEALER', key: clientKeys.publicKey });
    expect(serverPeer).toEqual({ socketType: 'ROUTER' });
    for (const size of [0, 1, 222, 223, 256, 70_000]) {
      for (const kind of ['command', 'more', 'last'] as FrameKind[]) {
        const body = Buffer.alloc(size, kind.length);
        for (const [from, to] of [
          [server, client],
          [client, server],
        ] as const) {
          const { isCommand, hasMore, body: read } = to.decode(frameOf(from.encode(kind, body)));
          expect([isCommand, hasMore]).toEqual([kind === 'command', kind === 'more']);
          expect(Buffer.compare(read, body)).toBe(0);
        }
      }
    }
  });

  test('a frame that is repeated, out of order, of the other direction, or changed is refused', () => {
    const pair = () => {
      const { server, client } = open();
      const [first, second] = ['a', 'b'].map((text) => frameOf(client.encode('last', Buffer.from(text))));
      return { server, client, first: first!, second: second! };
    };
    const repeated = pair();
    repeated.server.decode(repeated.first);
    expect(causeOf(() => repeated.server.decode(repeated.first))).toBe('unauthorized');
    const late = pair();
    late.server.decode(late.second);
    expect(causeOf(() => late.server.decode(late.first))).toBe('unauthorized');
    const reflected = pair();
    expect(causeOf(() => reflected.client.decode(reflected.first))).toBe('unauthorized');
    fc.assert(
      fc.property(fc.nat(), fc.nat({ max: 7 }), (at, bit) => {
        const { server, first } = pair();
        const body = Buffer.from(first.body);
        body[at % body.length]! ^= 1 << bit;
        expect(['unauthorized', 'not_zmtp']).toContain(causeOf(() => server.decode({ ...first, body })));
      }),
      { numRuns: 15 },
    );
    const { server, first } = pair();
    expect(causeOf(() => server.decode({ ...first, hasMore: true }))).toBe('not_zmtp');
    expect(causeOf(() => server.decode({ ...first, body: first.body.subarray(0, 32) }))).toBe('not_zmtp');
  });

  test('handshake commands out of order, or repeated, end the handshake', () => {
    const { hello, initiate, welcome } = handshakeOf();
    expect(causeOf(() => newServer().handshake(initiate))).toBe('not_zmtp');
    const greeted = newServer();
    greeted.handshake(hello);
    expect(causeOf(() => greeted.handshake(hello))).toBe('not_zmtp');
    // An INITIATE of another connection has another cookie.
    const replayed = newServer();
    replayed.handshake(hello);
    expect(causeOf(() => replayed.handshake(initiate))).toBe('not_zmtp');
    const early = newClient();
    early.begin();
    expect(causeOf(() => early.handshake(encodeCommand('READY', Buffer.alloc(40))))).toBe('not_zmtp');
    // A WELCOME for another client.
    expect(causeOf(() => early.handshake(welcome))).toBe('unauthorized');
    const twice = handshakeOf();
    expect(causeOf(() => twice.client.handshake(twice.welcome))).toBe('not_zmtp');
    const error = encodeCommand('ERROR', Buffer.from('\x03400'));
    expect(() => twice.client.handshake(error)).toThrow('the peer refused the connection: "400"');
    expect(() => newServer().handshake(encodeCommand('READY'))).toThrow(
      'unexpected handshake command "READY"',
    );
  });

  test('any changed bit and any truncation of a handshake command ends the handshake', () => {
    fc.assert(
      fc.property(fc.nat({ max: 3 }), fc.nat(), fc.nat({ max: 8 }), (which, at, bit) => {
        const { server, client, hello, welcome, initiate } = handshakeOf();
        const ready = () => server.handshake(initiate).answers[0]!;
        const begun = newServer();
        const fresh = newClient();
        fresh.begin();
        const [bytes, take] = [
          [hello, (step: Buffer) => begun.handshake(step)],
          [welcome, (step: Buffer) => fresh.handshake(step)],
          [initiate, (step: Buffer) => server.handshake(step)],
          [ready(), (step: Buffer) => client.handshake(step)],
        ][which] as [Uint8Array, (step: Buffer) => unknown];
        const changed = Buffer.from(bytes);
        const place = 1 + (at % (changed.length - 1));
        // The padding and the minor version of a HELLO are ignored.
        if (which === 0 && place >= 7 && place < 80) return;
        if (bit < 8) changed[place]! ^= 1 << bit;
        const cause = causeOf(() => take(bit < 8 ? changed : changed.subarray(0, place)));
        expect(['unauthorized', 'not_zmtp']).toContain(cause);
      }),
      { numRuns: 30 },
    );
  });

  test('a client is accepted by its key, and none under the key of another', () => {
    const ends = (server: CurveServer, client: CurveClient) =>
      causeOf(() => server.handshake(handshakeOf(server, client).initiate));
    expect(ends(newServer([clientKeys.publicKey]), newClient())).toBe('none');
    expect(ends(newServer([newCurveKeyPair().publicKey]), newClient())).toBe('unauthorized');
    expect(ends(newServer([]), newClient())).toBe('unauthorized');
    const thief = { publicKey: clientKeys.publicKey, secretKey: newCurveKeyPair().secretKey };
    expect(ends(newServer([clientKeys.publicKey]), newClient(thief))).toBe('unauthorized');
    expect(
      causeOf(() => newServer().handshake(newClient(clientKeys, clientKeys.publicKey).begin()[0]!)),
    ).toBe('unauthorized');
  });
});

describe('a connection', () => {
  const servers: Server[] = [];
  const sockets: Socket[] = [];
  afterEach(() => {
    for (const socket of sockets.splice(0)) socket.destroy();
    for (const server of servers.splice(0)) server.close();
  });

  const ready = encodeFrame('command', encodeCommand('READY', encodeMetadata({ socketType: 'DEALER' })));
  const opening = Buffer.concat([encodeGreeting('NULL', false), ...ready]);
  const messageOf = (...texts: string[]) =>
    Buffer.concat(
      texts.flatMap((text, at) => encodeFrame(at < texts.length - 1 ? 'more' : 'last', Buffer.from(text))),
    );

  /** A server's connection, and the raw socket of its peer. */
  async function world(options: Partial<ConnectionOptions> = {}, events: Partial<ConnectionEvents> = {}) {
    const server = createServer();
    servers.push(server);
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const arrived = once(server, 'connection') as Promise<[Socket]>;
    const peer = connect((server.address() as AddressInfo).port, '127.0.0.1');
    peer.on('error', () => {});
    sockets.push(peer);
    const [socket] = await arrived;
    const seen: string[] = [];
    const watchers: (() => void)[] = [];
    const note = (text: string) => {
      seen.push(text);
      for (const look of watchers) look();
    };
    const connection = new Connection(
      socket,
      new NullMechanism('ROUTER'),
      {
        ...{
          isServer: true,
          socketType: 'ROUTER',
          peerTypes: ['DEALER'],
          maxMessageBytes: 1_000,
          maxFrames: 3,
        },
        ...{ handshakeMillis: 20_000, heartbeatMillis: 0, messageMillis: 20_000 },
        ...options,
      },
      {
        opened: ({ socketType }) => note(`opened ${socketType}`),
        message: (frames) => {
          note(frames.map((frame) => Buffer.from(frame).toString()).join('|'));
          return undefined;
        },
        command: (name, data) => note(`${name} ${Buffer.from(data).toString()}`),
        drained: () => {},
        closed: ({ cause }) => note(`closed ${cause}`),
        ...events,
      },
    );
    /** Resolves when this many events have happened. */
    const until = (isDone: () => boolean) =>
      new Promise<void>((resolve) => {
        const look = () => isDone() && resolve();
        watchers.push(look);
        look();
      });
    const heard: Buffer[] = [];
    peer.on('data', (piece: Buffer) => heard.push(piece));
    return { connection, peer, seen, until, socket, heard: () => Buffer.concat(heard) };
  }

  test('takes what comes byte by byte, and what comes all at once', async () => {
    const bytes = Buffer.concat([
      opening,
      messageOf('a', '', 'c'),
      messageOf('x'.repeat(300)),
      messageOf(''),
    ]);
    const expected = ['opened DEALER', 'a||c', 'x'.repeat(300), ''];
    const slow = await world();
    for (const byte of bytes) slow.socket.emit('data', Buffer.from([byte]));
    expect(slow.seen).toEqual(expected);
    expect(slow.connection.bytesHeld).toBe(0);
    const fast = await world();
    fast.peer.write(bytes);
    await fast.until(() => fast.seen.length === 4);
    expect(fast.seen).toEqual(expected);
  });

  test.each<[string, string, () => Buffer]>([
    ['a message before the end of the handshake', 'not_zmtp', () => messageOf('a')],
    ['no ZeroMQ at all', 'not_zmtp', () => Buffer.from('GET / HTTP/1.1\r\n\r\n')],
    [
      'a command that is no READY',
      'not_zmtp',
      () => Buffer.concat(encodeFrame('command', encodeCommand('HELLO'))),
    ],
    [
      'another socket type',
      'mismatch',
      () =>
        Buffer.concat(encodeFrame('command', encodeCommand('READY', encodeMetadata({ socketType: 'PULL' })))),
    ],
    ['a frame with reserved flags', 'not_zmtp', () => Buffer.concat([...ready, Buffer.from([8, 0])])],
    [
      'more bytes than a message has',
      'too_large',
      () => Buffer.concat([...ready, messageOf('x'.repeat(1_200))]),
    ],
    [
      'more frames than a message has',
      'too_many_frames',
      () => Buffer.concat([...ready, messageOf(...'abcd')]),
    ],
    ['a command of the handshake that is too long', 'too_large', () => messageOf('x'.repeat(4_097))],
  ])('with %s is closed: %s', async (what, cause, bytes) => {
    const { peer, seen, until } = await world();
    if (what !== 'no ZeroMQ at all') peer.write(encodeGreeting('NULL', false));
    peer.write(bytes());
    await until(() => seen.at(-1)?.startsWith('closed') === true);
    expect(seen.filter((each) => !each.startsWith('opened'))).toEqual([`closed ${cause}`]);
  });

  test('another mechanism is refused; commands of the application pass; what is sent before it is open is dropped', async () => {
    const other = await world();
    other.peer.write(encodeGreeting('CURVE', false));
    await other.until(() => other.seen.length === 1);
    expect(other.seen).toEqual(['closed mismatch']);
    const { connection, peer, seen, until, heard } = await world();
    expect(connection.isFull).toBe(true);
    connection.send([Buffer.from('too early')]);
    peer.write(opening);
    peer.write(Buffer.concat(encodeFrame('command', encodeCommand('SUBSCRIBE', Buffer.from('topic')))));
    await until(() => seen.length === 2);
    expect([connection.isFull, seen[1]]).toEqual([false, 'SUBSCRIBE topic']);
    connection.send([Buffer.from('one'), Buffer.from('two')]);
    connection.end();
    await once(peer, 'end');
    expect(heard().subarray(-10).toString('latin1')).toBe('\x01\x03one\x00\x03two');
    expect(heard().includes('too early')).toBe(false);
  });

  test('is closed once, whoever closes it, and nothing is said after that', async () => {
    const { connection, peer, seen, until } = await world();
    peer.write(opening);
    await until(() => seen.length === 1);
    peer.destroy();
    await until(() => seen.length === 2);
    connection.destroy(Object.assign(new Error('again'), { cause: 'silent' }) as ZmtpError);
    connection.send([Buffer.from('a')]);
    expect(seen).toEqual(['opened DEALER', 'closed connection']);
  });

  test('a PING is answered with its context, of 16 bytes at most', async () => {
    const { peer, seen, until, heard } = await world();
    peer.write(opening);
    await until(() => seen.length === 1);
    const ping = (context: string) =>
      encodeFrame('command', encodeCommand('PING', Buffer.from(`\0\x01${context}`)));
    peer.write(Buffer.concat([...ping(''), ...ping('abc'), ...ping('0123456789abcdefX'), ...ping('end')]));
    while (!heard().includes('PONGend')) await once(peer, 'data');
    const answers = heard().toString('latin1').split('\x04PONG').slice(1);
    expect(answers.map((answer) => answer.split('\x04')[0])).toEqual(['', 'abc', '0123456789abcdef', 'end']);
    expect(seen).toEqual(['opened DEALER']);
  });

  test.each<[string, Partial<ConnectionOptions>, Buffer, string]>([
    ['a handshake that does not end', { handshakeMillis: 30 }, opening.subarray(0, -1), 'too_slow'],
    [
      ...(['a message that does not end', { messageMillis: 40 }] as const),
      ...([Buffer.concat([opening, messageOf('abc').subarray(0, -1)]), 'too_slow'] as const),
    ],
    ['a peer that is silent', { heartbeatMillis: 20 }, opening, 'silent'],
  ])('%s has its time', async (_what, options, bytes, cause) => {
    const { peer, seen, until, heard } = await world(options);
    const gone = once(peer, 'close');
    peer.write(bytes);
    await until(() => seen.at(-1)?.startsWith('closed') === true);
    expect(seen.at(-1)).toBe(`closed ${cause}`);
    await gone;
    // It was sent a PING before.
    expect(heard().includes('PING')).toBe(cause === 'silent');
  });

  test('a peer that answers stays, and one of ZMTP 3.0 is never asked', async () => {
    const options = { heartbeatMillis: 400 };
    const [talking, old] = [await world(options), await world(options)];
    const greeting = Buffer.from(opening);
    greeting[11] = 0;
    old.peer.write(greeting);
    talking.peer.write(opening);
    await Promise.all([talking, old].map(({ until, seen }) => until(() => seen.length === 1)));
    const pings = () => talking.heard().toString('latin1').split('\x04PING').length - 1;
    for (let asked = 1; asked <= 3; asked += 1) {
      while (pings() < asked) await once(talking.peer, 'data');
      talking.peer.write(Buffer.concat(encodeFrame('command', encodeCommand('PONG'))));
    }
    expect([talking.seen, old.seen]).toEqual([['opened DEALER'], ['opened DEALER']]);
    expect(old.heard().includes('PING')).toBe(false);
  });

  test('while this process is stopped no peer is silent: what came meanwhile is read first', async () => {
    const { peer, seen, until } = await world({ heartbeatMillis: 20, messageMillis: 40 });
    peer.write(opening);
    await until(() => seen.length === 1);
    const message = messageOf('sent before');
    peer.write(message.subarray(0, 5));
    await new Promise((resolve) => setImmediate(resolve));
    peer.write(message.subarray(5));
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 200);
    await until(() => seen.length === 2);
    expect(seen).toEqual(['opened DEALER', 'sent before']);
  });

  test('while a message is being taken no other is, and its bytes count', async () => {
    let taken = () => {};
    const messages: string[] = [];
    const { connection, peer, until, seen } = await world(
      { messageMillis: 30, heartbeatMillis: 10 },
      {
        message: ([frame]) => {
          messages.push(Buffer.from(frame!).toString());
          return new Promise<void>((resolve) => (taken = resolve));
        },
      },
    );
    peer.write(
      Buffer.concat([opening, messageOf('first'), messageOf('second'), messageOf('third').subarray(0, 4)]),
    );
    await until(() => seen.length === 1);
    while (messages.length === 0) await new Promise((resolve) => setImmediate(resolve));
    // Longer than the limits for a message and for silence: neither is caused by the peer.
    await new Promise((resolve) => setTimeout(resolve, 60));
    expect([messages, connection.bytesHeld > 5]).toEqual([['first'], true]);
    taken();
    while (messages.length === 1) await new Promise((resolve) => setImmediate(resolve));
    expect(messages).toEqual(['first', 'second']);
    expect(seen).toEqual(['opened DEALER']);
  });

  test('a server reads nothing from a client that does not read, and goes on when it does', async () => {
    let drained = 0;
    const { connection, peer, socket, seen, until } = await world({}, { drained: () => void drained++ });
    peer.pause();
    peer.write(opening);
    await until(() => seen.length === 1);
    connection.send([Buffer.alloc(20_000_000)]);
    expect(connection.isFull).toBe(true);
    // Data of the next chunk is read, but not processed.
    socket.emit('data', messageOf('waits'));
    expect([seen.length, connection.bytesHeld, socket.isPaused()]).toEqual([1, 7, true]);
    drained = 0;
    peer.resume();
    await until(() => seen.length === 2);
    expect([seen[1], drained > 0, socket.isPaused(), connection.isFull]).toEqual([
      'waits',
      true,
      false,
      false,
    ]);
    expect(connection.bytesHeld).toBe(0);
  });

  test('a client reads its answers also while nobody reads what it sends', async () => {
    const { connection, peer, socket, seen, until } = await world({ isServer: false });
    peer.pause();
    peer.write(opening);
    await until(() => seen.length === 1);
    connection.send([Buffer.alloc(20_000_000)]);
    socket.emit('data', messageOf('answer'));
    expect([seen[1], socket.isPaused()]).toEqual(['answer', false]);
  });

  test('the time of a message begins with its first byte, and with none of it there is none', async () => {
    const { connection, socket, peer, seen, until } = await world();
    peer.write(opening);
    await until(() => seen.length === 1);
    expect(connection.beganAt).toBeUndefined();
    const [message, next] = [messageOf('abc'), messageOf('', 'def')];
    socket.emit('data', message.subarray(0, 2));
    const began = connection.beganAt;
    expect(began).toBeGreaterThan(0);
    socket.emit('data', message.subarray(2, 3));
    expect(connection.beganAt).toBe(began);
    socket.emit('data', message.subarray(3));
    expect([seen.at(-1), connection.beganAt, connection.bytesHeld]).toEqual(['abc', undefined, 0]);
    // The first of two frames.
    socket.emit('data', next.subarray(0, 2));
    expect([connection.beganAt !== undefined, connection.bytesHeld]).toEqual([true, 64]);
    socket.emit('data', next.subarray(2));
    expect([seen.at(-1), connection.beganAt, connection.bytesHeld]).toEqual(['|def', undefined, 0]);
  });

  test('who does not fit is closed without a word; who is not let in is answered why', async () => {
    const { peer, until, seen, heard } = await world();
    const gone = once(peer, 'close');
    peer.write(encodeGreeting('NULL', false));
    peer.write(
      Buffer.concat(encodeFrame('command', encodeCommand('READY', encodeMetadata({ socketType: 'PULL' })))),
    );
    await until(() => seen.includes('closed mismatch'));
    await gone;
    expect(heard().includes('ERROR')).toBe(false);
    const other = await world();
    const otherGone = once(other.peer, 'close');
    other.peer.write(encodeGreeting('NULL', false));
    const error = encodeCommand('ERROR', Buffer.from('\x03no!'));
    other.peer.write(Buffer.concat(encodeFrame('command', error)));
    await other.until(() => other.seen.includes('closed unauthorized'));
    await otherGone;
    expect(other.heard().subarray(-12).toString('latin1')).toBe('\x04\x0a\x05ERROR\x03400');
  });

  test('without heartbeats a silent peer is neither asked nor left', async () => {
    const { peer, seen, until, heard } = await world({ heartbeatMillis: 0, messageMillis: 10 });
    peer.write(opening);
    await until(() => seen.length === 1);
    await new Promise((resolve) => setTimeout(resolve, 40));
    expect([seen, heard().includes('PING')]).toEqual([['opened DEALER'], false]);
  });

  test('a peer that does not read what it is sent has the time of a message', async () => {
    const { connection, peer, seen, until } = await world({ messageMillis: 30 });
    peer.write(opening);
    await until(() => seen.length === 1);
    peer.pause();
    connection.send([Buffer.alloc(20_000_000)]);
    await until(() => seen.length === 2);
    expect(seen[1]).toBe('closed not_reading');
  });

  test('when too much is held it reads on only after it was resumed', async () => {
    let mayRead = false;
    const { connection, peer, seen, until, socket } = await world({}, { holds: () => mayRead });
    peer.write(opening);
    await until(() => seen.length === 1);
    await new Promise((resolve) => setImmediate(resolve));
    expect(socket.isPaused()).toBe(true);
    connection.resume();
    expect(socket.isPaused()).toBe(true);
    mayRead = true;
    connection.resume();
    expect(socket.isPaused()).toBe(false);
    peer.write(messageOf('more'));
    await until(() => seen.length === 2);
    expect(seen).toEqual(['opened DEALER', 'more']);
  });
});
