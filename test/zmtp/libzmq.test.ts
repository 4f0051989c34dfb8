import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Context, Dealer, Pull, Push, Reply, Router } from 'zeromq';
import { newCurveKeyPair } from '../../src/net/index.ts';
import { systemClock } from '../../src/record/index.ts';
import { type ServerConnection, ZmtpClient, type ZmtpError, ZmtpServer } from '../../src/zmtp/index.ts';
import { freePort } from '../support/free-port.js';

const folder = mkdtempSync(join(tmpdir(), 'burstlog-zmtp-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).reverse()) await close();
});

const serverKeys = newCurveKeyPair();
const clientKeys = newCurveKeyPair();
const curves = {
  NULL: { server: undefined, client: undefined },
  CURVE: {
    server: { secretKey: serverKeys.secretKey, clients: [clientKeys.publicKey] },
    client: { serverKey: serverKeys.publicKey, ...clientKeys },
  },
};
const sizes = [0, 1, 200, 255, 256, 4_096, 70_000, 3_000_000];
const endpoints = () => [`tcp://127.0.0.1:0`, `ipc://${join(folder, `${Math.random()}.sock`)}`];

/** `toEqual` takes half a minute for megabytes. */
function same(first: readonly Uint8Array[], second: readonly Uint8Array[]): boolean {
  return first.length === second.length && first.every((body, at) => Buffer.compare(body, second[at]!) === 0);
}

interface Refused {
  readonly cause: string;
  readonly address: string;
  readonly why: string;
}

async function newServer(options: object = {}) {
  const refused: Refused[] = [];
  const watchers: (() => void)[] = [];
  const server = new ZmtpServer(
    {
      endpoint: `tcp://127.0.0.1:${await freePort()}`,
      setting: 'endpoint',
      socketType: 'ROUTER',
      peerTypes: ['DEALER'],
      maxMessageBytes: 4_000_000,
      maxFrames: 3,
      maxConnections: 100,
      maxHeldBytes: 64_000_000,
      ...options,
    },
    {
      // Echoes everything.
      message: (connection: ServerConnection, frames) =>
        void connection.send(frames.map((frame) => Buffer.from(frame))),
      refused: (cause, address, why) => {
        refused.push({ cause, address, why });
        for (const watch of watchers.splice(0)) watch();
      },
    },
  );
  await server.listen();
  closing.push(() => server.close());
  const untilRefused = async () => {
    if (refused.length === 0) await new Promise<void>((resolve) => watchers.push(resolve));
    return refused[0]!;
  };
  return { server, refused, untilRefused };
}

function newClient(endpoint: string, options: object = {}) {
  const messages: Uint8Array[][] = [];
  const losses: ZmtpError[] = [];
  let wake = () => {};
  const client = new ZmtpClient(
    {
      endpoint,
      socketType: 'DEALER',
      peerTypes: ['ROUTER'],
      maxMessageBytes: 4_000_000,
      maxFrames: 3,
      heartbeatMillis: 10_000,
      handshakeMillis: 5_000,
      reconnectMillis: 5,
      reconnectMaxMillis: 20,
      clock: systemClock,
      ...options,
    },
    {
      opened: () => wake(),
      message: (frames) => {
        messages.push(frames.map((frame) => Buffer.from(frame)));
        wake();
      },
      drained: () => {},
      lost: (error) => {
        losses.push(error);
        wake();
      },
    },
  );
  closing.push(() => client.close(0));
  const until = async (isDone: () => boolean) => {
    while (!isDone()) {
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  };
  return { client, messages, losses, until };
}

function libzmqKeys(mechanism: 'NULL' | 'CURVE') {
  const { client } = curves[mechanism];
  return client === undefined
    ? {}
    : {
        curveServerKey: client.serverKey,
        curvePublicKey: client.publicKey,
        curveSecretKey: client.secretKey,
      };
}

describe.each(['NULL', 'CURVE'] as const)('with the mechanism %s', (mechanism) => {
  test.each([0, 1])('a DEALER of libzmq exchanges messages with our ROUTER, endpoint %#', async (at) => {
    const { server } = await newServer({ endpoint: endpoints()[at], curve: curves[mechanism].server });
    const dealer = new Dealer({
      linger: 0,
      heartbeatInterval: 20,
      heartbeatTimeout: 20_000,
      ...libzmqKeys(mechanism),
    });
    closing.push(() => dealer.close());
    dealer.connect(server.endpoint);
    for (const size of sizes) {
      const message = [Buffer.from('DL1'), Buffer.alloc(48, 7), Buffer.alloc(size, size % 251)];
      await dealer.send(message);
      expect(same(await dealer.receive(), message)).toBe(true);
    }
  });

  test('our DEALER exchanges messages with a ROUTER of libzmq', async () => {
    const context = new Context({ blocky: false });
    const keys = mechanism === 'NULL' ? {} : { curveServer: true, curveSecretKey: serverKeys.secretKey };
    const router = new Router({
      context,
      linger: 0,
      heartbeatInterval: 20,
      heartbeatTimeout: 20_000,
      ...keys,
    });
    closing.push(() => router.close());
    await router.bind('tcp://127.0.0.1:*');
    const { client, messages, until } = newClient(router.lastEndpoint!, {
      curve: curves[mechanism].client,
    });
    await until(() => client.isOpen);
    for (const [at, size] of sizes.entries()) {
      const message = [Buffer.from('DL1'), Buffer.alloc(48, 7), Buffer.alloc(size, size % 251)];
      client.send(message);
      await router.send(await router.receive());
      await until(() => messages.length > at);
      expect(same(messages[at]!, message)).toBe(true);
    }
  });

  test('our sockets exchange messages with each other', async () => {
    const { server } = await newServer({ curve: curves[mechanism].server });
    const { client, messages, until } = newClient(server.endpoint, { curve: curves[mechanism].client });
    await until(() => client.isOpen);
    for (const size of sizes) client.send([Buffer.alloc(size, 1)]);
    await until(() => messages.length === sizes.length);
    expect(messages.map(([body]) => body!.length)).toEqual(sizes);
  });

  test('PUSH and PULL, in both directions', async () => {
    let received = 0;
    let done = () => {};
    const all = new Promise<void>((resolve) => {
      done = resolve;
    });
    const server = new ZmtpServer(
      {
        ...{ endpoint: 'tcp://127.0.0.1:0', setting: 'endpoint', socketType: 'PULL', peerTypes: ['PUSH'] },
        ...{ maxMessageBytes: 1_000, maxFrames: 2, maxConnections: 10, maxHeldBytes: 1_000_000 },
        curve: curves[mechanism].server,
      },
      {
        message: () => {
          received += 1;
          if (received === 5_000) done();
          return undefined;
        },
        refused: () => {},
      },
    );
    await server.listen();
    closing.push(() => server.close());
    const push = new Push({ linger: 0, ...libzmqKeys(mechanism) });
    closing.push(() => push.close());
    push.connect(server.endpoint);
    for (let at = 0; at < 5_000; at++) await push.send(['PLO', 'x'.repeat(at % 900)]);
    await all;

    const keys = mechanism === 'NULL' ? {} : { curveServer: true, curveSecretKey: serverKeys.secretKey };
    const pull = new Pull({ linger: 0, ...keys });
    closing.push(() => pull.close());
    await pull.bind('tcp://127.0.0.1:*');
    const { client, until } = newClient(pull.lastEndpoint!, {
      socketType: 'PUSH',
      peerTypes: ['PULL'],
      curve: curves[mechanism].client,
    });
    await until(() => client.isOpen);
    for (let at = 0; at < 5_000; at++) client.send([Buffer.from('PLO'), Buffer.from(String(at))]);
    for (let at = 0; at < 5_000; at++) expect(String((await pull.receive())[1])).toBe(String(at));
  });
});

test('a client whose key is not allowed is refused with its key, and accepted when it is allowed', async () => {
  const stranger = newCurveKeyPair();
  const { server, untilRefused } = await newServer({ curve: curves.CURVE.server });
  const { client, losses, until } = newClient(server.endpoint, {
    curve: { serverKey: serverKeys.publicKey, ...stranger },
  });
  const { cause, address, why } = await untilRefused();
  expect(cause).toBe('unauthorized');
  expect(address).toMatch(/^127\.0\.0\.1:\d+$/);
  expect(why).toContain(stranger.publicKey);
  await until(() => losses.length > 0);
  expect(losses[0]!.message).toContain('the peer refused the connection: "400"');
  const { endpoint } = server;
  await server.close();
  await newServer({ endpoint, curve: { ...curves.CURVE.server, clients: [stranger.publicKey] } });
  await until(() => client.isOpen);
});

test('a client that libzmq refused reconnects, and is accepted as soon as it is allowed', async () => {
  const context = new Context({ blocky: false });
  const guard = new Reply({ context, linger: 0 });
  closing.push(() => guard.close());
  await guard.bind('inproc://zeromq.zap.01');
  let isAllowed = false;
  const serve = async () => {
    for await (const [version, id] of guard) {
      await guard.send([version!, id!, isAllowed ? '200' : '400', '', '', '']);
      isAllowed = true;
    }
  };
  const served = serve().catch(() => {});
  const router = new Router({
    ...{ context, linger: 0, curveServer: true, curveSecretKey: serverKeys.secretKey },
    ...{ zapDomain: 'test', zapEnforceDomain: true },
  });
  closing.push(() => router.close());
  await router.bind('tcp://127.0.0.1:*');
  const { client, losses, until } = newClient(router.lastEndpoint!, { curve: curves.CURVE.client });
  await until(() => client.isOpen);
  expect(losses[0]!.cause).toBe('unauthorized');
  guard.close();
  await served;
});

test.each([
  ['another mechanism', { curve: curves.CURVE.client }, 'mismatch'],
  ['another socket type', { socketType: 'PUSH' }, 'mismatch'],
])('%s is refused, and said on both sides', async (_name, options, cause) => {
  const { server, untilRefused } = await newServer();
  const { losses, until } = newClient(server.endpoint, options);
  expect(await untilRefused()).toMatchObject({ cause });
  await until(() => losses.length > 0);
});

test('with a wrong server key no box can be decrypted', async () => {
  const { server, untilRefused } = await newServer({ curve: curves.CURVE.server });
  newClient(server.endpoint, { curve: { ...curves.CURVE.client, serverKey: clientKeys.publicKey } });
  expect(await untilRefused()).toMatchObject({ cause: 'unauthorized' });
});

test('a peer that does not speak ZeroMQ is disconnected at its first bytes', async () => {
  const { server, untilRefused } = await newServer();
  const socket = connect(Number(server.endpoint.split(':').at(-1)), '127.0.0.1');
  socket.on('error', () => {});
  socket.write('GET / HTTP/1.1\r\n\r\n');
  await once(socket.resume(), 'close');
  expect(await untilRefused()).toMatchObject({ cause: 'not_zmtp' });
});
