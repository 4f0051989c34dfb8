import { type AddressInfo, createServer } from 'node:net';
import { diag } from '@opentelemetry/api';
import type { LogSerializer } from '../../src/distlog-json/index.ts';
import { newCurveKeyPair } from '../../src/net/index.ts';
import type { ZmqLogRecordExporterOptions } from '../../src/zeromq/index.ts';
import { listen } from '../support/diag-listener.ts';
import { ManualClock } from '../support/manual-clock.ts';
import { deadEndpoint, startDeafPeer } from './support/deaf-peer.ts';
import { closeAll, closeLater, lines, newExporter, send, turnUntil } from './support/exporting.ts';
import { ScriptedDaemon } from './support/scripted-daemon.ts';

afterEach(async () => {
  await closeAll();
  diag.disable();
});

/** One record per message: its body. */
const plain: LogSerializer = {
  contentType: 'text/plain',
  encoding: 'J',
  serialize: ([record]) => Buffer.from(String(record?.body)),
};

/** An exporter with a manual clock, and its warnings. */
function newPusher(endpoint: string, options: Partial<ZmqLogRecordExporterOptions> = {}) {
  const warnings: string[] = [];
  listen((message) => warnings.push(message.replace('ZmqLogRecordExporter: ', '')));
  const clock = new ManualClock();
  const exporter = newExporter({
    ...{ endpoint, clock, mode: 'push', serializer: plain, shutdownTimeoutMillis: 0 },
    ...{ reconnectMillis: 1, reconnectMaxMillis: 1, ...options },
  });
  const end = async () => {
    const ended = exporter.shutdown();
    clock.advance(0);
    await ended;
  };
  closeLater(end);
  return { exporter, clock, warnings, end };
}

async function world(options: Partial<ZmqLogRecordExporterOptions> = {}) {
  const daemon = await ScriptedDaemon.start('PULL');
  closeLater(() => daemon.stop());
  return { daemon, ...newPusher(daemon.endpoint, options) };
}

test('pending messages, records and bytes are counted, and sent in order when there is a connection', async () => {
  const endpoint = await deadEndpoint();
  const { exporter, clock } = newPusher(endpoint, { system: 'S' });
  for (const text of ['one', 'three']) expect(await send(exporter, text, `${text}!`)).toBeUndefined();
  // The topic has 3 bytes.
  expect(exporter.stats()).toMatchObject({
    ...{ received: 4, exported: 0, pending: 4, pendingBatches: 4, pendingBytes: 3 + 4 + 5 + 6 + 4 * 3 },
    ...{ resent: 0, journalChanges: 0 },
  });
  const later = await ScriptedDaemon.start('PULL', endpoint);
  closeLater(() => later.stop());
  await turnUntil(() => {
    clock.advance(1);
    return later.heard.length === 4;
  });
  expect(later.heard).toEqual(['SLJ one', 'SLJ one!', 'SLJ three', 'SLJ three!']);
  expect(exporter.stats()).toMatchObject({ exported: 4, pending: 0, pendingBatches: 0, pendingBytes: 0 });
});

test('each export ends at once, so a processor needs no concurrent exports', async () => {
  const { exporter } = newPusher(await deadEndpoint());
  expect([exporter.maxConcurrentExports, exporter.worstCaseMillis]).toEqual([undefined, undefined]);
});

test('an export that does not fit fails completely, with the sizes; one that fits exactly is accepted', async () => {
  const { exporter, warnings } = newPusher(await deadEndpoint(), { maxQueueBytes: 30 });
  expect(await send(exporter, 'x'.repeat(7))).toBeUndefined();
  expect(await send(exporter, 'x'.repeat(7), 'x'.repeat(8))).toMatchObject({
    code: 'queue_full',
    message: '10 bytes are queued, 21 more exceed maxQueueBytes (30)',
  });
  expect(exporter.stats()).toMatchObject({ received: 3, pending: 1, pendingBytes: 10 });
  expect(await send(exporter, 'x'.repeat(7), 'x'.repeat(7))).toBeUndefined();
  expect(exporter.stats()).toMatchObject({ received: 5, pending: 3, pendingBytes: 30 });
  expect(warnings).toHaveLength(1);
});

test('records that were not sent at shutdown are lost and reported, exactly; records that were sent are not', async () => {
  const dead = newPusher(await deadEndpoint());
  await send(dead.exporter, 'one', 'two');
  await send(dead.exporter, 'three');
  const flushed = dead.exporter.forceFlush({ timeoutMillis: 1e9 });
  await dead.end();
  await flushed;
  expect(dead.exporter.stats()).toMatchObject({
    ...{ received: 3, exported: 0, pending: 0, pendingBatches: 0, pendingBytes: 0 },
    failed: { shutdown: 3, send: 0 },
  });
  const why = 'not sent when the socket was closed';
  expect(dead.warnings).toEqual([`3 records were lost (shutdown): ${why}`]);

  const { daemon, exporter, warnings, end, clock } = await world();
  await send(exporter, 'one');
  await daemon.until(() => daemon.heard.length === 1);
  await end();
  await daemon.until(() => daemon.closed === 1);
  expect(exporter.stats()).toMatchObject({ received: 1, exported: 1, failed: { shutdown: 0 } });
  expect([warnings, clock.pendingTimers]).toEqual([[], 0]);
});

test('data that was passed to the socket is still sent after shutdown', async () => {
  const { daemon, exporter, end } = await world();
  await daemon.until(() => daemon.opened === 1);
  await send(exporter, 'first');
  await daemon.until(() => daemon.heard.length === 1);
  const large = 'x'.repeat(2_000_000);
  void send(exporter, large);
  await end();
  await daemon.until(() => daemon.heard.length === 2);
  expect(daemon.heard[1]).toHaveLength('PLJ '.length + large.length);
});

test('a flush waits until the operating system has taken what was sent', async () => {
  const { daemon, exporter } = await world();
  await send(exporter, 'first');
  await daemon.until(() => daemon.heard.length === 1);
  await exporter.forceFlush();
  void send(exporter, 'second');
  // It has left the queue, and is written at the end of this turn.
  expect(exporter.stats()).toMatchObject({ exported: 2, pending: 0 });
  let isFlushed = false;
  const flushed = exporter.forceFlush().then(() => {
    isFlushed = true;
  });
  // Later messages do not end the flush either.
  void send(exporter, 'third');
  for (let each = 0; each < 20; each += 1) await Promise.resolve();
  expect(isFlushed).toBe(false);
  await flushed;
});

test('a flush to a peer that does not read ends with its timeout, and another one with the connection', async () => {
  const { endpoint, opened, close } = await startDeafPeer();
  closeLater(async () => close());
  const { exporter, clock, warnings } = newPusher(endpoint, {
    serializer: lines,
    maxQueueBytes: 100_000_000,
  });
  const peer = await opened;
  for (let at = 0; at < 40; at++) await send(exporter, ...Array(5).fill('x'.repeat(100_000)));
  await turnUntil(() => exporter.stats().exported > 0);
  const late = exporter.forceFlush({ timeoutMillis: 20 });
  clock.advance(20);
  await late;
  const { pending } = exporter.stats();
  expect(pending).toBeGreaterThan(0);
  close();
  peer.resetAndDestroy();
  await turnUntil(() => exporter.stats().failed.send > 0);
  const { failed, exported } = exporter.stats();
  // Batches of five records, lost completely.
  expect(failed.send % 5).toBe(0);
  expect(exported + failed.send + exporter.stats().pending).toBe(200);
  expect(warnings).toEqual([
    `${failed.send} records were lost (send): the connection failed before they were sent`,
  ]);
});

test('a flush also ends when the pending data is lost with the connection', async () => {
  const { endpoint, opened, close } = await startDeafPeer();
  const { exporter } = newPusher(endpoint, { maxQueueBytes: 30_000_000 });
  const peer = await opened;
  await send(exporter, 'x'.repeat(20_000_000));
  await turnUntil(() => exporter.stats().pending === 0);
  const flushed = exporter.forceFlush();
  close();
  peer.resetAndDestroy();
  await flushed;
  expect(exporter.stats()).toMatchObject({ received: 1, exported: 0, pending: 0, failed: { send: 1 } });
});

test('data that was sent before the connection failed does not count as lost, and later data is sent', async () => {
  const { daemon, exporter, clock, warnings } = await world();
  await send(exporter, 'one', 'two');
  await daemon.until(() => daemon.heard.length === 2);
  daemon.cut();
  await turnUntil(() => {
    clock.advance(1);
    return daemon.opened === 2;
  });
  await send(exporter, 'three');
  await daemon.until(() => daemon.heard.length === 3);
  await exporter.forceFlush();
  expect(daemon.heard).toEqual(['PLJ one', 'PLJ two', 'PLJ three']);
  expect(exporter.stats()).toMatchObject({ exported: 3, pending: 0, failed: { send: 0 } });
  expect(warnings).toEqual([]);
});

describe('warnings', () => {
  /** The warnings of an exporter with such a server, at once and after ten seconds. */
  async function warningsOf(endpoint: string, options: Partial<ZmqLogRecordExporterOptions> = {}, count = 1) {
    const { exporter, clock, warnings } = newPusher(endpoint, { mode: 'ack', serializer: lines, ...options });
    void send(exporter, 'a');
    // The second attempt is made after the first has failed.
    await turnUntil(() => warnings.length >= count || clock.pendingTimers === 2);
    clock.advance(10_000);
    return warnings.map((each) => each.replaceAll(endpoint, 'ENDPOINT'));
  }

  test('a server that does not speak ZeroMQ is reported at once', async () => {
    const server = createServer((socket) => {
      socket.on('error', () => {});
      socket.write('HTTP/1.1 400 Bad Request\r\n\r\n');
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    closeLater(async () => void server.close());
    const { port } = server.address() as AddressInfo;
    expect(await warningsOf(`tcp://127.0.0.1:${port}`)).toEqual([
      'no connection to ENDPOINT (not_zmtp): the peer does not speak ZeroMQ; retrying',
      'no connection for 10 s (the peer does not speak ZeroMQ); 1 batches are pending: check that distlogd listens on ENDPOINT',
    ]);
  });

  test('a socket of another type is reported at once', async () => {
    const { endpoint, close } = await startDeafPeer();
    closeLater(async () => close());
    const why = 'a PULL socket cannot connect to a DEALER socket';
    expect(await warningsOf(endpoint)).toEqual([
      `no connection to ENDPOINT (mismatch): ${why}; retrying`,
      `no connection for 10 s (${why}); 1 batches are pending: check that distlogd listens on ENDPOINT`,
    ]);
  });

  test('a missing server is reported after ten seconds only; with CURVE the keys are named as a possible reason', async () => {
    const endpoint = await deadEndpoint();
    const reason = 'connect ECONNREFUSED 127.0.0.1:';
    const curve = { serverKey: newCurveKeyPair().publicKey, ...newCurveKeyPair() };
    const [plainly, withKeys] = [await warningsOf(endpoint), await warningsOf(endpoint, { curve })];
    expect([plainly.length, withKeys.length]).toEqual([1, 1]);
    expect(plainly[0]).toContain(`no connection for 10 s (${reason}`);
    expect(plainly[0]).toMatch(/check that distlogd listens on ENDPOINT$/);
    expect(withKeys[0]).toMatch(/check that distlogd listens on ENDPOINT, and that the CURVE keys match$/);
  });
});
