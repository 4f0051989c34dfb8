import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { gunzipSync } from 'node:zlib';
import { PromiseTest } from './support/promise-test.ts';

let room: PromiseTest;
let receiver: Server | undefined;
beforeEach(() => {
  room = new PromiseTest();
});
afterEach(async () => {
  await room.end();
  receiver?.closeAllConnections();
  await new Promise((resolve) => (receiver === undefined ? resolve(0) : receiver.close(resolve)));
  receiver = undefined;
});

/** A port where nobody listens, for now. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Takes OTLP over HTTP there. @returns the numbers that came, each with how often */
async function receiveAt(port: number): Promise<Map<number, number>> {
  const numbers = new Map<number, number>();
  const server = createServer((request, response) => {
    const pieces: Buffer[] = [];
    request.on('data', (piece: Buffer) => pieces.push(piece));
    request.on('end', () => {
      const bytes = Buffer.concat(pieces);
      const body = request.headers['content-encoding'] === 'gzip' ? gunzipSync(bytes) : bytes;
      // A body "n123" as protobuf: the value's field 1, its length, the text.
      for (const [, length, digits] of body.toString('latin1').matchAll(/\x0a([\x02-\x0a])n(\d+)/g)) {
        const number = Number(digits!.slice(0, length!.charCodeAt(0) - 1));
        numbers.set(number, (numbers.get(number) ?? 0) + 1);
      }
      response.writeHead(200, { 'content-type': 'application/x-protobuf' }).end();
    });
  });
  receiver = server.listen(port, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  return numbers;
}

function config(port: number, onFull: 'block' | 'skip') {
  return {
    sinks: {
      out: {
        type: 'otlp',
        protocol: 'http',
        endpoint: `http://127.0.0.1:${port}`,
        maxBehind: { bytes: '1MiB' },
        onFull,
        retry: { initial: '20ms', max: '100ms' },
      },
    },
    journal: { segmentBytes: '1MiB', maxBytes: '256MiB' },
    ownRecords: { severity: 'FATAL' },
  };
}

test('block: behind a sink that is down for too long senders wait, and when it is back all comes, nothing is lost', async () => {
  const port = await freePort();
  const daemon = room.daemon({ config: config(port, 'block') });
  await daemon.start();
  const sender = room.sender(daemon.endpoints.zmqAck!, { count: 20_000, weight: 200 });
  const held = await daemon.until(
    ({ sinks, receivers }) =>
      sinks[0].isBlocking &&
      receivers.some(({ refused }: { refused: { full?: number } }) => (refused.full ?? 0) > 5),
  );
  expect(held.journal.isFull).toBe(true);
  expect(sender.failed).toBe(0);
  // A gate that was closed before the kill is closed after it.
  await daemon.kill();
  await daemon.start();
  await daemon.until(({ sinks }) => sinks[0].isBlocking);
  expect(sender.ended).toBeLessThan(150);
  const numbers = await receiveAt(port);
  expect(await sender.exit).toEqual([0, null]);
  const { sinks } = await daemon.until(({ sinks: [out] }) => out.behind.batches === 0);
  expect(sinks[0].lost).toEqual({});
  expect(await daemon.stop()).toEqual([0, null]);
  expect(numbers.size).toBe(20_000);
  expect(await room.verdict()).toMatchObject({ succeeded: 20_000, failed: 0 });
});

test('skip: a sink that is down for too long misses the oldest, counted to the record; senders notice nothing', async () => {
  const port = await freePort();
  const daemon = room.daemon({ config: config(port, 'skip') });
  await daemon.start();
  const sender = room.sender(daemon.endpoints.zmqAck!, { count: 20_000, weight: 200 });
  expect(await sender.exit).toEqual([0, null]);
  await daemon.until(({ sinks: [out] }) => out.behind.bytes <= 1_048_576 && (out.lost.behind_bytes ?? 0) > 0);
  const numbers = await receiveAt(port);
  const { sinks, receivers } = await daemon.until(({ sinks: [out] }) => out.behind.batches === 0);
  expect(await daemon.stop()).toEqual([0, null]);
  expect(await room.verdict()).toMatchObject({ succeeded: 20_000, failed: 0 });
  expect(receivers.find(({ name }: { name: string }) => name === 'zmqAck').records).toBe(20_000);
  const arrived = [...numbers.keys()];
  expect(arrived.length).toBeGreaterThan(1_000);
  expect(arrived.length + sinks[0].lost.behind_bytes).toBe(20_000);
  expect(sinks[0].written).toBe(arrived.length);
  // The newest are there.
  expect(Math.max(...arrived)).toBe(19_999);
});
