import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { encodeCommand, encodeMetadata } from '../../src/zmtp/command.ts';
import { encodeFrame } from '../../src/zmtp/frame.ts';
import { encodeGreeting } from '../../src/zmtp/greeting.ts';
import { ZmtpClient, type ZmtpClientOptions, type ZmtpError } from '../../src/zmtp/index.ts';
import { freePort } from '../support/free-port.js';
import { ManualClock } from '../support/manual-clock.ts';

let mockIsNothingElse = false;
jest.mock('../../src/zmtp/holds-only-requests.ts', () => ({ holdsOnlyRequests: () => mockIsNothingElse }));

const closing: (() => unknown)[] = [];
afterEach(async () => {
  mockIsNothingElse = false;
  for (const close of closing.splice(0).reverse()) await close();
});

const ready = encodeFrame('command', encodeCommand('READY', encodeMetadata({ socketType: 'PULL' })));
const opening = Buffer.concat([encodeGreeting('NULL', true), ...ready]);

/** A TCP server whose sockets the test controls. */
async function startServer(accept: (socket: Socket) => void, port = 0): Promise<Server> {
  const server = createServer((socket) => {
    socket.on('error', () => {});
    closing.push(() => socket.destroy());
    accept(socket);
  });
  await once(server.listen(port, '127.0.0.1'), 'listening');
  closing.push(() => server.close());
  return server;
}

const portOf = (server: Server) => (server.address() as AddressInfo).port;

/** A client with a manual clock, and its events. */
function newClient(port: number, options: Partial<ZmtpClientOptions> = {}) {
  const events: string[] = [];
  const losses: { readonly error: ZmtpError; readonly unsent: number }[] = [];
  const watchers: (() => void)[] = [];
  const note = (event: string) => {
    events.push(event);
    for (const look of watchers) look();
  };
  const clock = new ManualClock();
  const client = new ZmtpClient(
    {
      ...{ endpoint: `tcp://127.0.0.1:${port}`, socketType: 'PUSH', peerTypes: ['PULL'], clock },
      ...{ maxMessageBytes: 1_000, maxFrames: 3, heartbeatMillis: 0, handshakeMillis: 20_000 },
      ...{ reconnectMillis: 100, reconnectMaxMillis: 400 },
      ...options,
    },
    {
      opened: () => note('opened'),
      message: (frames) => note(`message ${frames.map(String).join(' ')}`),
      drained: () => note('drained'),
      lost: (error, unsent) => {
        losses.push({ error, unsent });
        note(`lost ${error.cause}`);
      },
    },
  );
  closing.push(() => client.close(0));
  const until = (isDone: () => boolean) =>
    new Promise<void>((resolve) => {
      const look = () => isDone() && resolve();
      watchers.push(look);
      look();
    });
  return { client, clock, events, losses, until };
}

/** An open client and its peer. */
async function opened(options: Partial<ZmtpClientOptions> = {}) {
  let peer: Socket | undefined;
  const server = await startServer((socket) => {
    peer = socket;
    socket.write(opening);
  });
  const all = newClient(portOf(server), options);
  await all.until(() => all.client.isOpen);
  return { ...all, peer: peer!, server };
}

test('delays between attempts double up to the maximum, with a quarter of jitter; a success resets them', async () => {
  const port = await freePort();
  const { client, clock, events, losses, until } = newClient(port);
  for (const [at, wait] of [100, 200, 400, 400].entries()) {
    await until(() => losses.length === at + 1);
    expect(losses[at]!.error.message).toContain('ECONNREFUSED');
    expect([losses[at]!.unsent, client.isOpen, client.isFull, client.bytesWaiting]).toEqual([
      0,
      false,
      true,
      0,
    ]);
    // Too early: no other attempt is made.
    clock.advance(0.75 * wait - 1);
    expect(clock.pendingTimers).toBe(1);
    if (at === 3) await startServer((socket) => void socket.write(opening), port);
    clock.advance(0.5 * wait + 2);
    expect(clock.pendingTimers).toBe(0);
  }
  await until(() => client.isOpen);
  client.reconnect();
  expect(losses).toHaveLength(5);
  expect(losses[4]!.error).toMatchObject({ cause: 'silent', message: 'the peer did not answer' });
  expect(client.isOpen).toBe(false);
  clock.advance(126);
  await until(() => client.isOpen);
  expect(events).toEqual([...Array(4).fill('lost connection'), 'opened', 'lost silent', 'opened']);
});

test('a server that accepts the connection and sends nothing is given up after the handshake timeout', async () => {
  const server = await startServer(() => {});
  const { losses, until } = newClient(portOf(server), { handshakeMillis: 20 });
  await until(() => losses.length === 1);
  expect(losses[0]!.error).toMatchObject({ cause: 'too_slow', message: 'the handshake took too long' });
});

test('data that was sent but not taken is counted when the connection is lost, in however many chunks', async () => {
  const { client, peer, losses, until } = await opened();
  peer.pause();
  const message = 20_000_000;
  for (let each = 0; each < 3; each += 1) {
    client.send([Buffer.alloc(message)]);
    await new Promise((resolve) => setImmediate(resolve));
  }
  expect(client.isFull).toBe(true);
  expect(client.bytesWaiting).toBeGreaterThanOrEqual(3 * message);
  peer.resetAndDestroy();
  await until(() => losses.length === 1);
  // The operating system counts a chunk as taken when it has all of it.
  expect(losses[0]!.unsent).toBeGreaterThanOrEqual(3 * message);
  expect(client.bytesWaiting).toBe(0);
  // There is no connection.
  client.send([Buffer.from('lost')]);
  expect([client.isFull, client.bytesWaiting]).toEqual([true, 0]);
});

test('a client without pending data reports that everything was taken', async () => {
  const { client, events, until } = await opened();
  const before = events.length;
  client.send([Buffer.from('a')]);
  await until(() => events.length > before);
  expect(events.at(-1)).toBe('drained');
  expect([client.bytesWaiting, client.isFull]).toEqual([0, false]);
});

test('received messages are passed on, frame by frame', async () => {
  const { peer, events, until } = await opened();
  peer.write(
    Buffer.concat([...encodeFrame('more', Buffer.from('a')), ...encodeFrame('last', Buffer.from('b'))]),
  );
  await until(() => events.includes('message a b'));
});

describe('closed', () => {
  test('it is not open, does not reconnect, and reports nothing more', async () => {
    const { client, clock, events, peer } = await opened();
    const gone = once(peer.resume(), 'close');
    client.close(500);
    client.close(0);
    expect([client.isOpen, client.isFull]).toEqual([false, true]);
    await gone;
    expect([clock.pendingTimers, events.filter((event) => event.startsWith('lost'))]).toEqual([0, []]);
  });

  test('while waiting for its next attempt, it makes none', async () => {
    const { client, clock, losses, until } = newClient(await freePort());
    await until(() => losses.length === 1);
    expect(clock.pendingTimers).toBe(1);
    client.close(500);
    expect(clock.pendingTimers).toBe(0);
  });

  test('while connecting, it closes the new connection', async () => {
    let [accepted, closed] = [0, 0];
    const server = await startServer((socket) => {
      accepted += 1;
      socket.resume().on('close', () => void closed++);
    });
    const { client, clock, events } = newClient(portOf(server));
    client.close(500);
    // A later connection would arrive by now.
    const later = newClient(portOf(server));
    await new Promise<void>((resolve) => server.once('connection', () => setImmediate(resolve)));
    later.client.close(0);
    while (closed < accepted) await new Promise((resolve) => setImmediate(resolve));
    expect([events, clock.pendingTimers]).toEqual([[], 0]);
  });

  test('pending data is sent within the linger time', async () => {
    const { client, peer } = await opened();
    let bytes = 0;
    peer.on('data', (piece: Buffer) => {
      bytes += piece.length;
    });
    client.send([Buffer.alloc(5_000_000)]);
    client.close(60_000);
    await once(peer, 'end');
    expect(bytes).toBeGreaterThan(5_000_000);
  });

  test('without linger time it disconnects at once', async () => {
    const { client, peer } = await opened();
    client.send([Buffer.alloc(30_000_000)]);
    let bytes = 0;
    peer.on('data', (piece: Buffer) => {
      bytes += piece.length;
    });
    const gone = once(peer, 'close');
    client.close(0);
    await gone;
    expect(bytes).toBeLessThan(30_000_000);
  });

  test('after the linger time it disconnects, however much data is pending', async () => {
    const { client, peer } = await opened();
    peer.pause();
    client.send([Buffer.alloc(30_000_000)]);
    client.close(10);
    // The data was not read: the end is an error, or arrives before the last byte.
    await new Promise((resolve) => setTimeout(resolve, 30));
    let bytes = 0;
    peer.on('data', (piece: Buffer) => {
      bytes += piece.length;
    });
    peer.resume();
    await new Promise((resolve) => peer.once('close', resolve));
    expect(bytes).toBeLessThan(30_000_000);
  });
});

describe('a process that has nothing else to do', () => {
  test('is not kept alive by data that a peer does not read: that data is lost', async () => {
    const { client, peer, losses, until } = await opened();
    peer.pause();
    mockIsNothingElse = true;
    client.send([Buffer.alloc(30_000_000)]);
    await until(() => losses.length === 1);
    expect(losses[0]!.unsent).toBeGreaterThanOrEqual(30_000_000);
  });

  test('keeps pending data as long as the process has other work', async () => {
    const { client, peer, losses, until } = await opened();
    peer.pause();
    client.send([Buffer.alloc(30_000_000)]);
    // At least one check has run.
    await new Promise((resolve) => setTimeout(resolve, 60));
    expect(losses).toEqual([]);
    expect(client.bytesWaiting).toBeGreaterThanOrEqual(30_000_000);
    mockIsNothingElse = true;
    await until(() => losses.length === 1);
  });

  test('keeps a connection that has nothing to send', async () => {
    mockIsNothingElse = true;
    const { client, losses, until, events } = await opened();
    client.send([Buffer.from('a')]);
    await until(() => events.includes('drained'));
    await new Promise((resolve) => setTimeout(resolve, 60));
    expect([losses, client.isOpen]).toEqual([[], true]);
  });
});
