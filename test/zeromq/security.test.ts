import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Dealer } from 'zeromq';
import { newCurveKeyPair } from '../../src/net/index.ts';
import { closeAll, closeLater, newExporter, newReceiver, send, turnUntil } from './support/exporting.ts';
import { MemoryIntake } from './support/memory-intake.ts';

const folder = mkdtempSync(join(tmpdir(), 'burstlog-zeromq-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
afterEach(closeAll);

const server = newCurveKeyPair();
const known = newCurveKeyPair();
const stranger = newCurveKeyPair();
const client = (keys: typeof known) => ({ serverKey: server.publicKey, ...keys });

async function guarded(clients: readonly string[] | 'any') {
  const intake = new MemoryIntake();
  const receiver = await newReceiver(intake, {}, { curve: { secretKey: server.secretKey, clients } });
  return { intake, receiver };
}

test('a client whose key is on the list is served; any other client is refused and counted', async () => {
  const { intake, receiver } = await guarded([known.publicKey]);
  const { endpoint } = receiver;
  const rejected = newExporter({ endpoint, curve: client(stranger), exportTimeoutMillis: 300 });
  const exporter = newExporter({ endpoint, curve: client(known) });
  expect(await send(exporter, 'a')).toBeUndefined();
  expect((await send(rejected, 'b'))?.code).toBe('timeout');
  expect(intake.texts).toEqual(['a']);
  await turnUntil(() => receiver.counters.refused.has('unauthorized'));
});

test("clients: 'any' serves every client that knows the key of the daemon, and no other", async () => {
  const { intake, receiver } = await guarded('any');
  const { endpoint } = receiver;
  expect(await send(newExporter({ endpoint, curve: client(stranger) }), 'a')).toBeUndefined();
  const wrong = { serverKey: stranger.publicKey, ...known };
  const options = { endpoint, exportTimeoutMillis: 200 };
  expect((await send(newExporter({ ...options, curve: wrong }), 'b'))?.code).toBe('timeout');
  expect((await send(newExporter(options), 'c'))?.code).toBe('timeout');
  expect(intake.texts).toEqual(['a']);
});

test('a socket without keys cannot deliver anything', async () => {
  const { intake, receiver } = await guarded([known.publicKey]);
  const raw = new Dealer({ linger: 0, sendTimeout: 0 });
  closeLater(async () => raw.close());
  // A listener that is added only after connecting may have missed it.
  const { events } = raw;
  raw.connect(receiver.endpoint);
  for await (const event of events) if (event.type.startsWith('handshake:error')) break;
  // libzmq may have given up the connection permanently; then there is no peer to send to.
  await raw.send(['DL1', Buffer.alloc(48), 'x']).catch(() => {});
  expect(await send(newExporter({ endpoint: receiver.endpoint, curve: client(known) }), 'a')).toBeUndefined();
  expect(intake.texts).toEqual(['a']);
  expect(receiver.counters.refused.size).toBe(0);
});

test('bytes that are not ZeroMQ have no effect on others', async () => {
  const intake = new MemoryIntake();
  const receiver = await newReceiver(intake);
  const exporter = newExporter({ endpoint: receiver.endpoint });
  const port = Number(receiver.endpoint.split(':').at(-1));
  // The greeting of ZMTP 3.0 with the mechanism NULL, and possible data after it.
  const greeting = Buffer.concat([
    Buffer.from('ff00000000000000017f0300', 'hex'),
    Buffer.from('NULL'.padEnd(20, '\0')),
    Buffer.alloc(32),
  ]);
  const junk = [Buffer.alloc(0), Buffer.from('GET / HTTP/1.1\r\n\r\n'), greeting.subarray(0, 30)];
  for (let at = 0; at < 30; at++) junk.push(randomBytes(at * 7), Buffer.concat([greeting, randomBytes(at)]));
  for (const bytes of junk) {
    const socket = connect(port, '127.0.0.1');
    socket.on('error', () => {});
    socket.end(bytes);
    // Not by events.once(), which rejects at a reset.
    await new Promise((resolve) => socket.resume().once('close', resolve));
  }
  expect(await send(exporter, 'a')).toBeUndefined();
  expect(intake.texts).toEqual(['a']);
});

test('a port in use is reported with the endpoint and the setting', async () => {
  const { endpoint } = await newReceiver(new MemoryIntake());
  await expect(
    newReceiver(new MemoryIntake(), { endpoint }, { setting: 'receivers.zmq_ack.endpoint' }),
  ).rejects.toThrow(
    `cannot listen on ${endpoint}: the port is in use by another process; receivers.zmq_ack.endpoint chooses another`,
  );
});

test('an ipc path in use is not taken over; a stale one is', async () => {
  const endpoint = `ipc://${join(folder, 'in-use.sock')}`;
  const intake = new MemoryIntake();
  const first = await newReceiver(intake, { endpoint });
  await expect(newReceiver(new MemoryIntake(), { endpoint })).rejects.toThrow(
    `cannot listen on ${endpoint}: the path is in use by another process; endpoint chooses another`,
  );
  const exporter = newExporter({ endpoint });
  expect(await send(exporter, 'a')).toBeUndefined();
  await first.stop(0);
  await newReceiver(intake, { endpoint });
  expect(await send(exporter, 'b')).toBeUndefined();
  expect(intake.texts).toEqual(['a', 'b']);
});

test('an invalid ipc path is reported', async () => {
  const endpoint = `ipc://${join(folder, 'no', 'such', 'folder.sock')}`;
  await expect(newReceiver(new MemoryIntake(), { endpoint })).rejects.toThrow(`cannot listen on ${endpoint}`);
});

test('an IPv6 address of this machine works', async () => {
  const intake = new MemoryIntake();
  const receiver = await newReceiver(intake, { endpoint: 'tcp://[::1]:0' });
  expect(await send(newExporter({ endpoint: receiver.endpoint }), 'a')).toBeUndefined();
  expect(intake.texts).toEqual(['a']);
});
