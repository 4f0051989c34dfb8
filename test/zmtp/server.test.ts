import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type * as record from '../../src/record/index.ts';
import { type ServerConnection, ZmtpServer, type ZmtpServerOptions } from '../../src/zmtp/index.ts';
import { freePort } from '../support/free-port.js';
import { RawZmtp } from '../zeromq/support/raw-zmtp.ts';

/** A minimum for timers: on a busy machine pending data may need longer than a server waits for it. */
let mockLeastMillis = 0;
jest.mock('../../src/record/index.ts', () => {
  const real = jest.requireActual<typeof record>('../../src/record/index.ts');
  const armTimeout: typeof real.armTimeout = (callback, millis) =>
    real.armTimeout(callback, Math.max(millis, mockLeastMillis));
  return { ...real, armTimeout };
});

const folder = mkdtempSync(join(tmpdir(), 'burstlog-zmtp-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const closing: (() => unknown)[] = [];
afterEach(async () => {
  mockLeastMillis = 0;
  for (const close of closing.splice(0).reverse()) await close();
});

/** A server, its events, and its clients. */
async function world(options: Partial<ZmtpServerOptions> = {}) {
  const events: string[] = [];
  const connections: ServerConnection[] = [];
  const watchers: (() => void)[] = [];
  const note = (event: string) => {
    events.push(event);
    for (const look of watchers) look();
  };
  const server = new ZmtpServer(
    {
      ...{ endpoint: 'tcp://127.0.0.1:0', setting: 'endpoint', socketType: 'ROUTER', peerTypes: ['DEALER'] },
      ...{ maxMessageBytes: 100_000, maxFrames: 3, maxConnections: 10, maxHeldBytes: 1_000_000 },
      ...options,
    },
    {
      opened: (connection) => {
        connections.push(connection);
        note('opened');
      },
      message: (_connection, frames) => {
        note(`message of ${frames.map(({ length }) => length).join()}`);
        return undefined;
      },
      command: (_connection, name, data) => note(`${name} ${Buffer.from(data)}`),
      drained: () => note('drained'),
      closed: () => note('closed'),
      refused: (cause, address, why) => note(`refused ${cause} ${address.replace(/\d+$/, 'PORT')}: ${why}`),
    },
  );
  await server.listen();
  closing.push(() => server.close());
  const until = (isDone: () => boolean) =>
    new Promise<void>((resolve) => {
      const look = () => isDone() && resolve();
      watchers.push(look);
      look();
    });
  const open = async () => {
    const before = connections.length;
    const client = await RawZmtp.open(server.endpoint);
    closing.push(() => client.socket.destroy());
    await until(() => connections.length > before);
    return { client, connection: connections.at(-1)! };
  };
  const count = (event: string) => events.filter((each) => each.startsWith(event)).length;
  return { server, events, connections, until, open, count };
}

test('a client that comes and goes is no fault; one that speaks something else is, and was never open', async () => {
  const { server, events, until, open, count } = await world();
  const { client } = await open();
  client.socket.end();
  await until(() => count('closed') === 1);
  const port = Number(server.endpoint.split(':').at(-1));
  const stranger = connect(port, '127.0.0.1');
  stranger.on('error', () => {});
  stranger.write('GET / HTTP/1.1\r\n\r\n');
  await once(stranger.resume(), 'close');
  // A client that sends nothing.
  const silent = connect(port, '127.0.0.1').on('error', () => {});
  await once(silent, 'data');
  silent.end();
  await once(silent.resume(), 'close');
  await until(() => count('refused') === 1);
  expect(events.filter((event) => event !== 'drained')).toEqual([
    ...['opened', 'closed'],
    'refused not_zmtp 127.0.0.1:PORT: the peer does not speak ZeroMQ',
  ]);
});

test('messages, commands and room are reported, and answers are sent', async () => {
  const { until, open, events } = await world();
  const { client, connection } = await open();
  client.message(Buffer.alloc(3), Buffer.alloc(300));
  client.socket.write(Buffer.from('\x04\x0c\x09SUBSCRIBEab', 'latin1'));
  await until(() => events.includes('SUBSCRIBE ab'));
  expect(events.filter((event) => event !== 'drained')).toEqual([
    ...['opened', 'message of 3,300', 'SUBSCRIBE ab'],
  ]);
  expect([connection.isFull, connection.key]).toEqual([false, undefined]);
  expect(connection.address).toBe(client.address);
  connection.send([Buffer.from('answer')]);
  const [piece] = (await once(client.socket, 'data')) as [Buffer];
  expect(piece.toString('latin1')).toBe('\x00\x06answer');
});

test('a client that is closed by this side is gone, and not refused', async () => {
  const { until, open, count, events } = await world();
  const { client, connection } = await open();
  connection.destroy();
  await client.closed;
  await until(() => count('closed') === 1);
  expect(count('refused')).toBe(0);
  // Messages to it are dropped.
  connection.send([Buffer.from('a')]);
  expect([connection.isFull, events.at(-1)]).toEqual([true, 'closed']);
});

test('the bytes of an incomplete message count until its client disconnects', async () => {
  const { server, until, open, count, events } = await world({ maxConnections: 1 });
  const { client } = await open();
  const second = connect(Number(server.endpoint.split(':').at(-1)), '127.0.0.1').on('error', () => {});
  await once(second.resume(), 'close');
  await until(() => count('refused') === 1);
  expect(events.at(-1)).toBe('refused connections 127.0.0.1:PORT: the limit of 1 connections is reached');
  client.socket.end();
  await until(() => count('closed') === 1);
  await open();
});

test('clients of a Unix domain socket have no address', async () => {
  const { until, open, count, events } = await world({ maxHeldBytes: 50_000 });
  const [gone, first, last] = [await open(), await open(), await open()];
  gone.client.frame(Buffer.alloc(40_000), { length: 60_000 });
  gone.client.socket.end();
  await until(() => count('closed') === 1);
  first.client.frame(Buffer.alloc(5_000), { length: 6_000 });
  await new Promise((resolve) => setImmediate(resolve));
  last.client.frame(Buffer.alloc(40_000));
  await until(() => events.includes('message of 40000'));
});

test('over a socket of this machine clients have no address of their own', async () => {
  const endpoint = `ipc://${join(folder, 'in.sock')}`;
  const { server, until, connections } = await world({ endpoint });
  const socket = connect(join(folder, 'in.sock'));
  closing.push(() => socket.destroy());
  const ready = '\x04\x29\x05READY\x0bSocket-Type\0\0\0\x06DEALER\x08Identity\0\0\0\0';
  const greeting = Buffer.alloc(64);
  Buffer.from('ff00000000000000017f0301', 'hex').copy(greeting);
  greeting.write('NULL', 12);
  socket.write(Buffer.concat([greeting, Buffer.from(ready, 'latin1')]));
  await until(() => connections.length === 1);
  expect([connections[0]!.address, server.endpoint]).toEqual(['ipc', endpoint]);
});

test('an IPv4 client of a server for both is named by its own address', async () => {
  const { server, until, connections } = await world({ endpoint: 'tcp://[::]:0' });
  expect(server.endpoint).toMatch(/^tcp:\/\/\[::\]:\d+$/);
  const client = await RawZmtp.open(server.endpoint);
  closing.push(() => client.socket.destroy());
  await until(() => connections.length === 1);
  expect(connections[0]!.address).toBe(client.address);
});

describe('closed', () => {
  test('it takes no more, sends what waits to those who read, and its port is free', async () => {
    mockLeastMillis = 60_000;
    const { server, open, count, until } = await world({ endpoint: `tcp://127.0.0.1:${await freePort()}` });
    const { client, connection } = await open();
    let bytes = 0;
    client.socket.on('data', (piece: Buffer) => {
      bytes += piece.length;
    });
    connection.send([Buffer.alloc(1_000_000)]);
    await server.close();
    await client.closed;
    expect(bytes).toBe(1_000_009);
    await until(() => count('closed') === 1);
    await server.close();
    const { endpoint } = server;
    await world({ endpoint });
  });

  test('it does not wait for a client that does not read', async () => {
    const { server, open, count, connections } = await world();
    const { client } = await open();
    client.socket.pause();
    connections[0]!.send([Buffer.alloc(30_000_000)]);
    await server.close();
    expect([count('closed'), count('refused')]).toEqual([1, 0]);
  });

  test('one that never listened is closed at once', async () => {
    const options = { endpoint: 'tcp://127.0.0.1:0', setting: 'endpoint', maxFrames: 1, maxConnections: 1 };
    const events = { message: () => undefined, refused: () => {} };
    const server = new ZmtpServer(
      { ...options, socketType: 'PULL', peerTypes: ['PUSH'], maxMessageBytes: 1, maxHeldBytes: 1 },
      events,
    );
    await server.close();
  });
});
