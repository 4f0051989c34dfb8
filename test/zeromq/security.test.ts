import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Dealer } from 'zeromq';
import { z85 } from '../../src/zeromq/curve.ts';
import { curveKeyPair } from '../../src/zeromq/index.ts';
import { closeAll, closeLater, newExporter, newReceiver, send } from './support/exporting.ts';
import { MemoryIntake } from './support/memory-intake.ts';

const folder = mkdtempSync(join(tmpdir(), 'burstlog-zeromq-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
afterEach(closeAll);

const server = curveKeyPair();
const known = curveKeyPair();
const stranger = curveKeyPair();
const client = (keys: typeof known) => ({ serverKey: server.publicKey, ...keys });

async function guarded(clients: readonly string[] | 'any') {
  const intake = new MemoryIntake();
  const receiver = await newReceiver(intake, { curve: { secretKey: server.secretKey, clients } });
  return { intake, receiver };
}

test('a client whose key is on the list is served, a stranger is refused and counted', async () => {
  const { intake, receiver } = await guarded([known.publicKey]);
  const { endpoint } = receiver;
  const rejected = newExporter({ endpoint, curve: client(stranger), exportTimeoutMillis: 300 });
  const exporter = newExporter({ endpoint, curve: client(known) });
  expect(await send(exporter, 'a')).toBeUndefined();
  expect((await send(rejected, 'b'))?.code).toBe('timeout');
  expect(intake.texts).toEqual(['a']);
  expect(receiver.counters.refused.get('unauthorized')).toBeGreaterThan(0);
});

test("clients: 'any' serves whoever knows the key of the daemon, and nobody else", async () => {
  const { intake, receiver } = await guarded('any');
  const { endpoint } = receiver;
  expect(await send(newExporter({ endpoint, curve: client(stranger) }), 'a')).toBeUndefined();
  const wrong = { serverKey: stranger.publicKey, ...known };
  const options = { endpoint, exportTimeoutMillis: 200 };
  expect((await send(newExporter({ ...options, curve: wrong }), 'b'))?.code).toBe('timeout');
  expect((await send(newExporter(options), 'c'))?.code).toBe('timeout');
  expect(intake.texts).toEqual(['a']);
});

test('a socket without keys does not get a word through', async () => {
  const { intake, receiver } = await guarded([known.publicKey]);
  const raw = new Dealer({ linger: 0 });
  closeLater(async () => raw.close());
  raw.connect(receiver.endpoint);
  for await (const event of raw.events) if (event.type.startsWith('handshake:error')) break;
  await raw.send(['DL1', Buffer.alloc(48), 'x']);
  expect(await send(newExporter({ endpoint: receiver.endpoint, curve: client(known) }), 'a')).toBeUndefined();
  expect(intake.texts).toEqual(['a']);
  expect(receiver.counters.refused.size).toBe(0);
});

test('Z85 is that of RFC 32', () => {
  expect(z85(Buffer.from('864fd26fb559f75b', 'hex'))).toBe('HelloWorld');
});

test('a port in use is told with the endpoint and the setting', async () => {
  const { endpoint } = await newReceiver(new MemoryIntake());
  await expect(
    newReceiver(new MemoryIntake(), { endpoint, setting: 'receivers.zmq_ack.endpoint' }),
  ).rejects.toThrow(
    `cannot listen on ${endpoint}: the address is in use (EADDRINUSE); the setting is receivers.zmq_ack.endpoint`,
  );
});

test('an ipc path in use is not taken over; a stale one is', async () => {
  const endpoint = `ipc://${join(folder, 'in-use.sock')}`;
  const intake = new MemoryIntake();
  const first = await newReceiver(intake, { endpoint });
  await expect(newReceiver(new MemoryIntake(), { endpoint })).rejects.toThrow(
    `cannot listen on ${endpoint}: another process listens there; the setting is endpoint`,
  );
  const exporter = newExporter({ endpoint });
  expect(await send(exporter, 'a')).toBeUndefined();
  await first.stop(0);
  await newReceiver(intake, { endpoint });
  expect(await send(exporter, 'b')).toBeUndefined();
  expect(intake.texts).toEqual(['a', 'b']);
});

test('an ipc path that cannot be is told', async () => {
  const endpoint = `ipc://${join(folder, 'no', 'such', 'folder.sock')}`;
  await expect(newReceiver(new MemoryIntake(), { endpoint })).rejects.toThrow(`cannot listen on ${endpoint}`);
});
