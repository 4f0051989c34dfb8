// Sends invalid input to a real distlogd:
// node scripts/fuzz-distlogd.js [--quick] [--minutes N] [frames] [connections] [seed]
// Sends this many messages (1,000,000; with --quick 20,000) to all four receivers: truncated, changed and
// random ones, deep nesting, gzip bombs, whole megabytes. Opens this many connections, one after the other
// (100,000; 2,000), to all five ports, with invalid data or none. Runs the attacks of
// test/support/attacks.js. With --minutes it continues for this time. The daemon must stay up, within the
// memory that it reports as needed, and count rejected input by cause. It must serve valid clients in the
// meantime: each of their records has to be in the file once. Exits with 1 if not. Needs the built package.
import { createReadStream, mkdtempSync, rmSync } from 'node:fs';
import { Agent, request } from 'node:http';
import { connect as connectHttp2 } from 'node:http2';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { gzipSync } from 'node:zlib';
import { Context, Dealer, Push } from 'zeromq';
import { RealDaemon } from '../test/daemon/promise/support/real-daemon.js';
import { Attacks } from '../test/support/attacks.js';
import { changed, otlp, pickles, randomNumbers, record } from '../test/support/wire-fuzz.js';

const { values: given, positionals } = parseArgs({
  allowPositionals: true,
  options: { quick: { type: 'boolean', default: false }, minutes: { type: 'string', default: '0' } },
});
const [frames = 0, connections = 0, seed = 0] = [
  ...[given.quick ? 20_000 : 1_000_000, given.quick ? 2_000 : 100_000, Date.now() % 2 ** 31],
].map((number, at) => Number(positionals[at] ?? number));
const minutes = Number(given.minutes);
if (
  ![frames, connections, seed].every((number) => Number.isSafeInteger(number) && number >= 0) ||
  !(minutes >= 0)
) {
  console.error('usage: node scripts/fuzz-distlogd.js [--quick] [--minutes N] [frames] [connections] [seed]');
  process.exit(64);
}

const MEBIBYTE = 2 ** 20;
const PORTIONS = given.quick ? 1 : 20;
/** This many of a hundred messages are sent over HTTP and gRPC, one request each. */
const REQUESTS_IN_HUNDRED = 4;
const CONNECTIONS_AT_ONCE = 64;
const CANARY = 'canary ';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
/** Imported by a name that the type check does not resolve, because it runs before the build. */
const room = (/** @type {string} */ name) =>
  import(new URL(`../build/${name}/index.js`, import.meta.url).href);
const roomFrames = await room('frames');
const { decodeReply, encodeData, encodeHello, newProducer } = roomFrames;
const { encodeDecoded, decodeJsonLogs } = await room('otlp');
const next = randomNumbers(seed);
const shown = (/** @type {number} */ number) => number.toLocaleString('en-US');
const pick = (/** @type {readonly any[]} */ all) => all[next() % all.length];
const bytesOf = (/** @type {number} */ length) =>
  Buffer.from(Uint8Array.from({ length }, () => next() & 0xff));

const folder = mkdtempSync(join(tmpdir(), 'distlogd-fuzz-'));
const loopback = { endpoint: '127.0.0.1:0' };
const daemon = new RealDaemon(folder, join(root, 'dist/esm/cli/distlogd.js'), {
  config: {
    receivers: {
      zmqAck: { endpoint: 'tcp://127.0.0.1:0' },
      zmqPush: { endpoint: 'tcp://127.0.0.1:0', pickle: true },
      otlpGrpc: loopback,
      otlpHttp: loopback,
    },
    journal: { maxBytes: '64GiB' },
  },
});
await daemon.start();
const beganAt = performance.now();
console.log(`${shown(frames)} messages, ${shown(connections)} connections, seed ${seed}`);
const ports = Object.values(daemon.endpoints).map((endpoint) => Number(/:(\d+)$/.exec(endpoint)?.[1]));
const { zmqAck = '', zmqPush = '', otlpGrpc = '', otlpHttp = '', http = '' } = daemon.endpoints;

// The valid input that is mutated.
const request1 = Buffer.from(encodeDecoded(decodeJsonLogs(JSON.stringify(otlp))));
const requests = [request1, Buffer.concat([request1, request1])];
const json = Buffer.from(JSON.stringify(otlp));
const records = [record, [record, record]].map((each) => Buffer.from(JSON.stringify(each)));
const bomb = gzipSync(Buffer.alloc(200 * MEBIBYTE));
/** Nested maps, each with its length prefix. */
const deep = (() => {
  let bytes = Buffer.alloc(0);
  for (let depth = 0; depth < 2_000; depth += 1) {
    const length = [];
    for (let rest = bytes.length; ; rest >>>= 7) {
      length.push(rest > 0x7f ? (rest & 0x7f) | 0x80 : rest);
      if (rest <= 0x7f) break;
    }
    bytes = Buffer.concat([Buffer.from([pick([0x0a, 0x32]), ...length]), bytes]);
  }
  return bytes;
})();
const deepJson = Buffer.from(`{"resourceLogs":${'['.repeat(100_000)}`);
/** The producer id of a well-behaved zmqAck client, which the others know. */
const owned = newProducer();
const producers = Array.from({ length: 64 }, () => bytesOf(16));

/** Creates an OTLP protobuf body that is most likely invalid. */
function body() {
  const dice = next() % 1_000;
  if (dice === 0) return deep;
  if (dice === 1) return bytesOf(256 * 1_024);
  return Buffer.from(changed(pick(requests), next));
}

function ackMessage() {
  const dice = next() % 16;
  const producer = pick(producers);
  const seq = (next() % 1_000) + 1;
  if (dice === 0)
    return encodeHello({ producer, secret: pick([undefined, bytesOf(16)]), last: next() % 100 });
  if (dice === 1) return Array.from({ length: (next() % 5) + 1 }, () => bytesOf(next() % 64));
  const isBomb = next() % 20_000 === 0;
  const data = isBomb ? bomb : body();
  const header = {
    producer,
    seq,
    prev: seq - 1 - (next() % seq),
    records: (next() % 3) + 1,
    contentType: dice === 2 ? next() & 0xff : 1,
    encoding: isBomb ? 1 : dice === 3 ? next() & 0xff : 0,
    length: isBomb ? 200 * MEBIBYTE : Math.max(1, data.length),
    body: data,
  };
  const parts = encodeData(header);
  // The rest has valid checksums, so that the body is parsed.
  return dice < 8
    ? parts
    : parts.map((/** @type {Uint8Array} */ part) =>
        next() % 3 === 0 ? Buffer.from(changed(part, next)) : part,
      );
}

function pushMessage() {
  const dice = next() % 16;
  if (dice === 0) return Array.from({ length: (next() % 4) + 1 }, () => bytesOf(next() % 64));
  const topic = pick(['PLJ', 'TLJ', 'SPJ', 'PLP', 'PLO', 'PLX', '', 'PLJPLJPLJPLJPLJPLJPLJ']);
  if (next() % 20_000 === 0) return [topic, bytesOf(5 * MEBIBYTE)];
  if (dice === 1) return [topic, deepJson];
  const seeds = topic.endsWith('J') ? records : topic.endsWith('P') ? pickles : requests;
  return [topic, Buffer.from(changed(pick(seeds), next))];
}

/** Messages may be lost here: on a busy machine the daemon may be busy with bombs for some time. */
const context = new Context({ blocky: false });
const options = { linger: 0, sendTimeout: 120_000 };
const dealer = new Dealer({ ...options, context, routingId: 'fuzz', receiveTimeout: 0 });
const push = new Push({ ...options, context });
dealer.connect(zmqAck);
push.connect(zmqPush);
const agent = new Agent({ keepAlive: true, maxSockets: 8 });

async function drain() {
  while (dealer.readable) await dealer.receive();
}

function httpRequest() {
  const isJson = next() % 3 === 0;
  const dice = next() % 500;
  const data = dice === 0 ? bomb : dice === 1 ? deepJson : isJson ? Buffer.from(changed(json, next)) : body();
  const headers = {
    'content-type': pick(['application/x-protobuf', 'application/json', 'text/plain; charset=x', '']),
    ...(isJson ? { 'content-type': 'application/json' } : {}),
    ...(dice === 0 || next() % 20 === 0
      ? { 'content-encoding': dice === 0 ? 'gzip' : pick(['gzip', 'br', 'x']) }
      : {}),
  };
  const path = next() % 20 === 0 ? pick(['/', '/v1/traces', '//', '/v1/logs/../logs']) : '/v1/logs';
  return new Promise((resolve) => {
    const asked = request(
      `${otlpHttp}${path}`,
      { method: pick(['POST', 'POST', 'POST', 'GET']), headers, agent },
      (answer) => {
        answer.resume().on('end', resolve).on('error', resolve);
      },
    );
    asked.on('error', resolve).end(data);
  });
}

/** @type {import('node:http2').ClientHttp2Session | undefined} */
let session;

function grpcCall() {
  if (session === undefined || session.destroyed || session.closed) {
    session = connectHttp2(`http://${otlpGrpc}`);
    session.on('error', () => {});
  }
  const data = body();
  const prefix = Buffer.alloc(5);
  prefix[0] = next() % 8 === 0 ? next() & 0xff : 0;
  prefix.writeUInt32BE(next() % 8 === 0 ? next() : data.length, 1);
  const open = session;
  return new Promise((resolve) => {
    const stream = open.request({
      ':method': 'POST',
      ':path': pick([
        '/opentelemetry.proto.collector.logs.v1.LogsService/Export',
        '/opentelemetry.proto.collector.logs.v1.LogsService/Export',
        '/nothing',
      ]),
      'content-type': pick(['application/grpc', 'application/grpc', 'text/html']),
      te: 'trailers',
      ...(next() % 10 === 0 ? { 'grpc-encoding': pick(['gzip', 'snappy']) } : {}),
    });
    stream
      .on('error', () => {})
      .on('close', resolve)
      .resume();
    if (next() % 50 === 0) stream.close(8);
    else stream.end(Buffer.concat([prefix, data]));
  });
}

/** Valid beginnings of the protocols, so that the following bytes are parsed. */
const greetings = [
  Buffer.alloc(0),
  Buffer.from('ff00000000000000017f0300', 'hex'),
  Buffer.from('ff00000000000000017f03004e554c4c0000000000000000000000000000000000', 'hex'),
  Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'),
  Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\x04\0\0\0\0\0', 'latin1'),
  Buffer.from('POST /v1/logs HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n'),
  Buffer.from('POST /v1/logs HTTP/1.1\r\nhost: localhost\r\ncontent-length: 100\r\n\r\n'),
  Buffer.from('GET /metrics HTTP/1.1\r\nhost: 127.0.0.1\r\n\r\n'),
  Buffer.from('16030100', 'hex'),
];

/** Opens a connection, sends invalid data or none, and closes it in a random way. @param {number} port */
function connection(port) {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket
      .on('error', () => {})
      .on('close', resolve)
      .resume();
    socket.on('connect', () => {
      const bytes = Buffer.concat([pick(greetings), bytesOf(next() % 200)]);
      const how = next() % 3;
      if (how === 0) socket.end(bytes);
      else socket.write(bytes, () => (how === 1 ? socket.destroy() : socket.resetAndDestroy()));
      // Otherwise a connection that neither side closes would last until the daemon's timeout.
      socket.setTimeout(500, () => socket.destroy());
    });
  });
}

const attacks = new Attacks(roomFrames, () => daemon.endpoints, owned.id);

/** Four well-behaved clients. */
let canaries = 0;
const honestProducer = owned.id;
const honestDealer = new Dealer({ context, linger: 0, receiveTimeout: 120_000 });
honestDealer.connect(zmqAck);
// A separate socket: a connection that violates the ZeroMQ protocol is closed with everything on it.
const honestPush = new Push({ ...options, context });
honestPush.connect(zmqPush);
let honestSeq = 0;

function canary() {
  canaries += 1;
  const text = `${CANARY}${canaries}.`;
  return JSON.stringify({
    resourceLogs: [{ scopeLogs: [{ logRecords: [{ timeUnixNano: '1', body: { stringValue: text } }] }] }],
  });
}

async function sing() {
  const headers = { 'content-type': 'application/json' };
  const answer = await fetch(`${otlpHttp}/v1/logs`, { method: 'POST', headers, body: canary() });
  if (answer.status !== 200) throw new Error(`OTLP/HTTP answered ${answer.status}: ${await answer.text()}`);
  await singGrpc();
  await singAck();
  await honestPush.send(['PLO', encodeDecoded(decodeJsonLogs(canary()))]);
}

async function singAck() {
  const bytes = encodeDecoded(decodeJsonLogs(canary()));
  honestSeq += 1;
  const frame = { producer: honestProducer, seq: honestSeq, prev: honestSeq - 1, records: 1, contentType: 1 };
  const parts = encodeData({ ...frame, encoding: 0, length: bytes.length, body: bytes });
  for (;;) {
    if (honestSeq === 1) {
      await honestDealer.send(encodeHello({ producer: owned.id, secret: owned.secret, last: 0 }));
      await honestDealer.receive();
    }
    await honestDealer.send(parts);
    const reply = decodeReply(await honestDealer.receive());
    if (reply.kind === 'ack' && reply.last === honestSeq) return;
    if (reply.kind !== 'retry') throw new Error(`zmqAck answered ${JSON.stringify(reply)}`);
  }
}

async function singGrpc() {
  const bytes = encodeDecoded(decodeJsonLogs(canary()));
  const prefix = Buffer.alloc(5);
  prefix.writeUInt32BE(bytes.length, 1);
  const fresh = connectHttp2(`http://${otlpGrpc}`);
  try {
    await new Promise((resolve, reject) => {
      fresh.on('error', reject);
      const stream = fresh.request({
        ':method': 'POST',
        ':path': '/opentelemetry.proto.collector.logs.v1.LogsService/Export',
        'content-type': 'application/grpc',
        te: 'trailers',
      });
      stream.on('error', reject).on('trailers', (trailers) => {
        if (trailers['grpc-status'] === '0') resolve(undefined);
        else reject(new Error(`OTLP/gRPC answered ${trailers['grpc-status']} ${trailers['grpc-message']}`));
      });
      stream.resume().end(Buffer.concat([prefix, bytes]));
    });
  } finally {
    fresh.close();
  }
}

const { neededBytes } = (await daemon.status()).memory;
const inMebibytes = (/** @type {number} */ bytes) => Math.round(bytes / MEBIBYTE);
let highest = 0;
const sent = { messages: 0, connections: 0 };
let ready = true;

async function look() {
  const health = await fetch(`${http}/healthz`);
  ready &&= health.status === 200;
  const text = await (await fetch(`${http}/metrics`)).text();
  const bytes = Number(/^distlogd_resident_memory_bytes (\S+)$/m.exec(text)?.[1]);
  highest = Math.max(highest, bytes / MEBIBYTE);
  if (!(bytes <= neededBytes)) {
    throw new Error(
      `it uses ${inMebibytes(bytes)} MiB, but reports that it needs at most ${inMebibytes(neededBytes)}`,
    );
  }
}

async function portion(/** @type {number} */ messages, /** @type {number} */ calls) {
  const inRequests = Math.round((messages * REQUESTS_IN_HUNDRED) / 100);
  const each = async (/** @type {number} */ count, /** @type {() => Promise<unknown>} */ work) => {
    for (let done = 0; done < count; done += 1) await work();
  };
  const lanes = (
    /** @type {number} */ count,
    /** @type {number} */ wide,
    /** @type {() => Promise<unknown>} */ work,
  ) => Promise.all(Array.from({ length: wide }, (_, lane) => each(Math.floor((count + lane) / wide), work)));
  const zmq = messages - inRequests;
  await Promise.all([
    each(Math.floor(zmq / 2), async () => {
      await dealer.send(ackMessage());
      await drain();
    }),
    each(Math.ceil(zmq / 2), () => push.send(pushMessage())),
    lanes(Math.floor(inRequests / 2), 4, httpRequest),
    lanes(Math.ceil(inRequests / 2), 4, grpcCall),
    lanes(calls, CONNECTIONS_AT_ONCE, () => connection(pick(ports))),
    attacks.all(),
  ]);
}

try {
  for (let at = 0; at < PORTIONS || performance.now() - beganAt < minutes * 60_000; at += 1) {
    const part = (/** @type {number} */ all) =>
      Math.floor((all * (at + 1)) / PORTIONS) - Math.floor((all * at) / PORTIONS);
    const [messages, calls] = [part(frames), part(connections)];
    await portion(messages, calls);
    sent.messages += messages;
    sent.connections += calls;
    await sing();
    await look();
    const seconds = ((performance.now() - beganAt) / 1000).toFixed(0);
    console.error(`${seconds} s: part ${at + 1}, at least ${PORTIONS}; ${highest.toFixed(0)} MiB at most`);
  }
} catch (error) {
  console.error(
    `seed ${seed}: ${error instanceof Error ? error.message : error}\n${daemon.life.slice(-4_000)}`,
  );
  await daemon.kill();
  process.exit(1);
}
dealer.close();
push.close();
honestDealer.close();
honestPush.close();
agent.destroy();
session?.destroy();

const status = await daemon.until(({ sinks }) => sinks[0].behind.batches === 0);
const unseen = new Set([
  'malformed',
  'protobuf',
  'checksum',
  'unsupported',
  'json',
  'pickle',
  'content_type',
]);
for (const { name, records: taken, refused, dropped } of status.receivers) {
  const causes = Object.entries({ ...refused, ...dropped }).map(([cause, count]) => {
    unseen.delete(cause);
    return `${cause} ${shown(count)}`;
  });
  console.log(`${name}: ${shown(taken)} records accepted; refused: ${causes.join(', ') || 'nothing'}`);
}
const [code] = await daemon.stop();
/** @type {Map<string, number>} */
const found = new Map();
for await (const line of createInterface({ input: createReadStream(daemon.file) })) {
  for (const [text] of line.matchAll(/canary \d+\./g)) found.set(text, (found.get(text) ?? 0) + 1);
}
rmSync(folder, { recursive: true });
const once = [...found.values()].filter((count) => count === 1).length;
const seconds = ((performance.now() - beganAt) / 1000).toFixed(1);
console.log(
  `${seconds} s: ${shown(sent.messages)} messages, ${shown(sent.connections)} connections: it stayed up with at most ${highest.toFixed(0)} MiB (limit ${inMebibytes(neededBytes)}); of ${canaries} valid records ${once} were written once`,
);
if (unseen.size > 0) console.log(`nothing was refused as ${[...unseen].join(', ')}: too few messages`);
const isServed = once === canaries && found.size === canaries;
process.exitCode = ready && code === 0 && isServed && unseen.size === 0 ? 0 : 1;
