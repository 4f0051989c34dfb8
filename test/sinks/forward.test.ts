import { copyFileSync, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Daemon } from '../../src/daemon/index.ts';
import { newCurveKeyPair } from '../../src/net/index.ts';
import { decodeJsonLogs } from '../../src/otlp/index.ts';
import { sendBodies } from '../daemon/support/json-request.ts';
import { loadedConfig } from '../daemon/support/loaded-config.ts';
import { freePort } from '../support/free-port.js';
import { folderForEachTest } from './support/folder.ts';

const folder = folderForEachTest();

const quiet = 'http: false\nownRecords: { severity: FATAL, console: false }\n';

/** A daemon that forwards what it receives over OTLP/HTTP. */
async function startNear(port: number, more = ''): Promise<Daemon> {
  const text = `data: ./near
receivers: { otlpHttp: { endpoint: "127.0.0.1:0" } }
sinks: { on: { type: forward, endpoint: "tcp://127.0.0.1:${port}", timeout: 1s, retry: { initial: 10ms, max: 50ms }${more} } }
${quiet}`;
  return await Daemon.start(await loadedConfig(text, folder()), { version: '1' });
}

/** A daemon that receives it, and writes a file. */
async function startFar(port: number, more = ''): Promise<Daemon> {
  const text = `data: ./far
receivers: { zmqAck: { endpoint: "tcp://127.0.0.1:${port}"${more} } }
sinks: { out: { type: file, path: far.jsonl } }
${quiet}`;
  return await Daemon.start(await loadedConfig(text, folder()), { version: '1' });
}

async function send(daemon: Daemon, ...bodies: readonly string[]): Promise<void> {
  expect(await sendBodies(daemon.endpoints.otlpHttp!, ...bodies)).toBe(200);
}

function written(): unknown[] {
  const path = join(folder(), 'far.jsonl');
  if (!existsSync(path)) return [];
  return readFileSync(path, 'utf8')
    .split('\n')
    .filter(Boolean)
    .flatMap((line) => decodeJsonLogs(line).resources)
    .flatMap(({ scopes }) => scopes.flatMap(({ records }) => records.map(({ body }) => body)));
}

async function until(isSo: () => boolean): Promise<void> {
  while (!isSo()) await new Promise((done) => setTimeout(done, 5));
}

const behind = (daemon: Daemon) => daemon.report().sinks[0]!.behind.batches;

test('records reach the other daemon in order, once, even if it is unavailable at times', async () => {
  const port = await freePort();
  const near = await startNear(port);
  const sent: string[] = [];
  let far = await startFar(port);
  for (let round = 0; round < 4; round += 1) {
    for (let at = 0; at < 10; at += 1) {
      sent.push(`${round}-${at}`);
      await send(near, `${round}-${at}`);
    }
    // It disappears while batches are in flight.
    await far.stop(0);
    far = await startFar(port);
  }
  await until(() => behind(near) === 0);
  await near.stop();
  await far.stop();
  expect(written()).toEqual(sent);
});

test('batches that are resent after a crash of this daemon are in the other journal once', async () => {
  const port = await freePort();
  const far = await startFar(port);
  const cursor = join(folder(), 'near/sinks/on.cursor');
  let near = await startNear(port);
  await send(near, 'before');
  await until(() => behind(near) === 0);
  await near.stop();
  copyFileSync(cursor, `${cursor}.old`);
  near = await startNear(port);
  for (let at = 0; at < 20; at += 1) await send(near, `record ${at}`);
  await until(() => behind(near) === 0);
  await near.stop();
  // As after a crash before the cursor was stored.
  copyFileSync(`${cursor}.old`, cursor);
  near = await startNear(port);
  await send(near, 'after');
  await until(() => behind(near) === 0);
  expect(near.report().sinks[0]!.written.records).toBeGreaterThan(0);
  await near.stop();
  await far.stop();
  expect(written()).toEqual(['before', ...Array.from({ length: 20 }, (_, at) => `record ${at}`), 'after']);
});

test('batches that the other daemon rejects become dead letters, the others are sent; a replayed one arrives', async () => {
  const port = await freePort();
  let far = await startFar(port, ', maxBatchBytes: 64KiB');
  const near = await startNear(port);
  await send(near, 'small 1');
  await send(near, 'x'.repeat(100_000));
  await send(near, 'small 2');
  await until(() => behind(near) === 0);
  expect(near.report().sinks[0]).toMatchObject({
    written: { records: 2 },
    deadLetters: { records: 1 },
    rejected: { too_large: { records: 1 } },
  });
  await far.stop();
  far = await startFar(port);
  await until(() => near.report().sinks[0]!.condition === 'running');
  await send(near, 'small 3');
  await until(() => behind(near) === 0);
  expect(await near.replayDeadLetters('on')).toMatchObject({ records: 1 });
  await near.stop();
  await far.stop();
  expect(written().map((body) => String(body).slice(0, 7))).toEqual([
    'small 1',
    'small 2',
    'small 3',
    'xxxxxxx',
  ]);
});

test('records between machines are encrypted with CURVE', async () => {
  const port = await freePort();
  const [server, client] = [newCurveKeyPair(), newCurveKeyPair()];
  const far = await startFar(
    port,
    `, curve: { secretKey: ${JSON.stringify(server.secretKey)}, allow: [${JSON.stringify(client.publicKey)}] }`,
  );
  const near = await startNear(
    port,
    `, curve: { serverKey: ${JSON.stringify(server.publicKey)}, secretKey: ${JSON.stringify(client.secretKey)} }`,
  );
  await send(near, 'secret');
  await until(() => behind(near) === 0);
  await near.stop();
  await far.stop();
  expect(written()).toEqual(['secret']);
});

test('a missing daemon, or another kind of server, is reported as the error of this sink', async () => {
  const near = await startNear(await freePort());
  await send(near, 'waits');
  await until(() => near.report().sinks[0]!.trouble !== undefined);
  expect(near.report().sinks[0]!.trouble).toContain('no connection to tcp://127.0.0.1:');
  expect(behind(near)).toBe(1);
  await near.stop(0);
});
