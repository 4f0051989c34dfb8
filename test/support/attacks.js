// What hostile clients send to a distlogd beside wrong bytes: bombs of values, floods, messages and handshakes without an
// end, producers of others, many small batches. Used by scripts/fuzz-distlogd.js and scripts/prove-distlogd.js. Nothing
// here rejects: the daemon may cut a client off, refuse it, or be away.
import { Buffer } from 'node:buffer';
import { connect as connectHttp2 } from 'node:http2';
import { connect } from 'node:net';
import { gzipSync } from 'node:zlib';

const MEBIBYTE = 2 ** 20;
/** A connection on which nothing happens for so long has done what it can. */
const QUIET_MILLIS = 500;
const GRPC_PATH = '/opentelemetry.proto.collector.logs.v1.LogsService/Export';

/**
 * @typedef {object} Frames what is exported by the room `frames`
 * @property {(frame: any) => readonly Uint8Array[]} encodeData
 * @property {(frame: any) => readonly Uint8Array[]} encodeHello
 * @property {() => { id: Uint8Array, secret: Uint8Array }} newProducer
 */

export class Attacks {
  #frames;
  #endpoints;
  #victim;
  #bombs = valueBombs();

  /**
   * @param {Frames} frames
   * @param {() => Record<string, string>} endpoints where the receivers of the daemon listen now, by name
   * @param {Uint8Array} victim the id of a producer that belongs to somebody else
   */
  constructor(frames, endpoints, victim) {
    this.#frames = frames;
    this.#endpoints = endpoints;
    this.#victim = victim;
  }

  /** One of each kind, at the same time. */
  async all() {
    await Promise.all([
      ...this.floods(),
      ...this.handshakes(),
      ...this.bombs(),
      ...this.smallBatches(8, 500),
    ]);
  }

  /** Messages without an end, producers that are made up or stolen. */
  floods() {
    const { encodeData, encodeHello, newProducer } = this.#frames;
    const more = Buffer.concat([Buffer.from('03000000000000ffff', 'hex'), Buffer.alloc(0xffff)]);
    const unfinished = Buffer.concat([Buffer.from('020000000000300000', 'hex'), Buffer.alloc(2 * MEBIBYTE)]);
    const madeUp = () => framed(encodeHello({ producer: newProducer().id, last: 0 }));
    const head = { producer: this.#victim, seq: 2 ** 40, prev: 0, records: 1, contentType: 1, encoding: 0 };
    const theft = framed(encodeData({ ...head, length: 1, body: Buffer.alloc(1) }));
    return [
      this.#raw('zmqAck', [ready('DEALER'), ...Array(100).fill(more)]),
      this.#raw('zmqPush', [ready('PUSH'), ...Array(100).fill(more)]),
      // Many messages of which the rest does not come.
      ...Array.from({ length: 20 }, () => this.#raw('zmqAck', [ready('DEALER'), unfinished])),
      this.#raw('zmqAck', [ready('DEALER'), ...Array.from({ length: 5_000 }, madeUp)]),
      this.#raw('zmqAck', [ready('DEALER'), ...Array(20_000).fill(madeUp())]),
      this.#raw('zmqAck', [ready('DEALER'), theft, framed(encodeHello({ producer: this.#victim, last: 0 }))]),
    ];
  }

  /** Handshakes that are wrong, do not end, or are followed by commands without an end. */
  handshakes() {
    const ping = Buffer.from('04070450494e470000', 'hex');
    const longPing = Buffer.concat([Buffer.from('04600450494e470000', 'hex'), Buffer.alloc(89)]);
    const strange = Buffer.from('040605574841543f', 'hex');
    const all = [
      [GREETING.subarray(0, 11)],
      [GREETING],
      [greeting('CURVE')],
      [greeting('PLAIN'), Buffer.alloc(300, 4)],
      [greeting('x'.repeat(20))],
      [ready('ROUTER')],
      [ready('X'.repeat(200))],
      [ready('DEALER', Buffer.alloc(3_000, 1))],
      [GREETING, Buffer.from('067fffffffffffffff', 'hex'), Buffer.alloc(MEBIBYTE)],
      [GREETING, ...Array(10_000).fill(strange)],
      [GREETING, framed([Buffer.from('DL1'), Buffer.alloc(48), Buffer.alloc(0)])],
      [ready('DEALER'), ready('DEALER').subarray(64)],
      [ready('DEALER'), Buffer.from('ff00', 'hex')],
      [ready('DEALER'), Buffer.from('0406054552524f52', 'hex')],
      [ready('DEALER'), ...Array(50_000).fill(ping)],
      [ready('DEALER'), ...Array(5_000).fill(longPing)],
    ];
    return all.flatMap((pieces) => [this.#raw('zmqAck', pieces), this.#raw('zmqPush', pieces)]);
  }

  /** Some bytes that would be some gigabytes of objects, or of output. */
  bombs() {
    const { encodeData, newProducer } = this.#frames;
    return this.#bombs.flatMap(({ json, body, packed }) => {
      const sent = [this.#post(json ? 'application/json' : 'application/x-protobuf', packed)];
      if (json) return sent;
      const head = { producer: newProducer().id, seq: 1, prev: 0, records: 1, contentType: 1 };
      const frame = encodeData({ ...head, encoding: 1, length: body.length, body: packed });
      const pushed = [Buffer.from('PLO'), body.subarray(0, 3 * MEBIBYTE)];
      return [
        ...sent,
        this.#grpc(packed),
        this.#raw('zmqAck', [ready('DEALER'), framed(frame)]),
        this.#raw('zmqPush', [ready('PUSH'), framed(pushed)]),
      ];
    });
  }

  /** Clients that do nothing wrong, except that their batches are small and many. */
  smallBatches(/** @type {number} */ clients, /** @type {number} */ batches) {
    const { encodeData, encodeHello, newProducer } = this.#frames;
    // One record with a body of 200 characters.
    const text = message(1, Buffer.alloc(200, 'x'));
    const body = message(1, message(2, message(2, message(5, text))));
    return Array.from({ length: clients }, () => {
      const { id: producer, secret } = newProducer();
      const frames = Array.from({ length: batches }, (_, at) =>
        framed(
          encodeData({
            ...{ producer, seq: at + 1, prev: at, records: 1, contentType: 1, encoding: 0 },
            ...{ length: body.length, body },
          }),
        ),
      );
      const hello = framed(encodeHello({ producer, secret, last: 0 }));
      return this.#raw('zmqAck', [ready('DEALER'), hello, ...frames], true);
    });
  }

  /**
   * A connection that sends, until it is cut off or all has left; then it stays for a moment.
   * @param {string} receiver @param {readonly Uint8Array[]} pieces @returns {Promise<void>}
   */
  #raw(receiver, pieces, isReading = false) {
    return new Promise((resolve) => {
      const endpoint = this.#endpoints()[receiver];
      const socket = connect(Number(/:(\d+)$/.exec(endpoint ?? '')?.[1] ?? 1), '127.0.0.1');
      socket.on('error', () => {}).on('close', () => resolve());
      socket.setTimeout(QUIET_MILLIS, () => socket.destroy());
      if (isReading) socket.resume();
      else socket.pause();
      for (const piece of pieces) socket.write(piece);
    });
  }

  /** @param {string} type @param {Uint8Array} packed */
  async #post(type, packed) {
    const headers = { 'content-type': type, 'content-encoding': 'gzip' };
    const { otlpHttp } = this.#endpoints();
    if (otlpHttp === undefined) return;
    const body = /** @type {any} */ (packed);
    await fetch(`${otlpHttp}/v1/logs`, { method: 'POST', headers, body }).then(
      (answer) => answer.arrayBuffer().catch(() => {}),
      () => {},
    );
  }

  /** @param {Uint8Array} packed @returns {Promise<void>} */
  #grpc(packed) {
    const { otlpGrpc } = this.#endpoints();
    if (otlpGrpc === undefined) return Promise.resolve();
    const prefix = Buffer.from([1, 0, 0, 0, 0]);
    prefix.writeUInt32BE(packed.length, 1);
    return new Promise((resolve) => {
      const session = connectHttp2(`http://${otlpGrpc}`);
      session.on('error', () => {}).on('close', () => resolve());
      const type = { 'content-type': 'application/grpc', 'grpc-encoding': 'gzip', te: 'trailers' };
      const stream = session.request({ ':method': 'POST', ':path': GRPC_PATH, ...type });
      stream.on('error', () => {}).on('close', () => session.close());
      stream.resume().end(Buffer.concat([prefix, packed]));
    });
  }
}

/** @param {string} mechanism */
function greeting(mechanism) {
  const bytes = Buffer.alloc(64);
  Buffer.from('ff00000000000000017f0301', 'hex').copy(bytes);
  bytes.write(mechanism, 12, 20, 'latin1');
  return bytes;
}
const GREETING = greeting('NULL');

/** Greeting and READY of ZMTP 3.1. @param {string} socketType @param {Uint8Array} more of the metadata */
function ready(socketType, more = Buffer.alloc(0)) {
  const command = Buffer.concat([
    Buffer.from('\x05READY\x0bSocket-Type\0\0\0', 'latin1'),
    Buffer.from([socketType.length]),
    Buffer.from(socketType),
    more,
  ]);
  return Buffer.concat([GREETING, frame(4, command)]);
}

/** @param {number} flags @param {Uint8Array} body */
function frame(flags, body) {
  if (body.length < 256) return Buffer.concat([Buffer.from([flags, body.length]), body]);
  const head = Buffer.alloc(9);
  head[0] = flags | 2;
  head.writeBigUInt64BE(BigInt(body.length), 1);
  return Buffer.concat([head, body]);
}

/** @param {readonly Uint8Array[]} parts */
function framed(parts) {
  return Buffer.concat(parts.map((part, at) => frame(at < parts.length - 1 ? 1 : 0, part)));
}

/** A field of protobuf that is a message, a text or bytes. @param {number} number @param {...Uint8Array} parts */
function message(number, ...parts) {
  const body = Buffer.concat(parts);
  const head = [(number << 3) | 2];
  let rest = body.length;
  for (; rest > 0x7f; rest >>>= 7) head.push((rest & 0x7f) | 0x80);
  return Buffer.concat([Buffer.from([...head, rest]), body]);
}

/** Requests that are small as gzip, and large as objects, as bytes, or as lines of a file. */
function valueBombs() {
  const empty = (/** @type {number} */ tag, /** @type {number} */ count) =>
    Buffer.alloc(2 * count, Uint8Array.of(tag, 0));
  const records = (/** @type {Uint8Array} */ all, /** @type {Uint8Array} */ resource = Buffer.alloc(0)) =>
    message(1, message(1, resource), message(2, all));
  const record = (/** @type {Uint8Array} */ fields) => records(message(2, fields));
  const long = message(
    1,
    message(1, Buffer.from('long')),
    message(2, message(1, Buffer.alloc(300_000, 'x'))),
  );
  const protobuf = [
    record(empty(0x32, 31_000_000)),
    record(empty(0x32, 2_000_000)),
    record(message(5, message(6, empty(0x0a, 4_000_000)))),
    record(message(5, message(5, empty(0x0a, 4_000_000)))),
    records(message(2), empty(0x0a, 4_000_000)),
    records(empty(0x12, 8_000_000)),
    // This one is right: what is repeated for each record must not be written for each.
    records(empty(0x12, 5_000), long),
  ];
  const list = (/** @type {number} */ count) => `[${'{},'.repeat(count)}{}]`;
  const json = [
    `{"resourceLogs":${list(4_000_000)}}`,
    `{"resourceLogs":[{"scopeLogs":[{"logRecords":[{"attributes":${list(4_000_000)}}]}]}]}`,
    `{"resourceLogs":[{"resource":{"attributes":${list(4_000_000)}}}]}`,
    `{"resourceLogs":[{"scopeLogs":[{"logRecords":${list(2_500_000)}}]}]}`,
  ];
  const bomb = (/** @type {Buffer} */ body, isJson = false) => ({
    json: isJson,
    body,
    packed: gzipSync(body),
  });
  return [...protobuf.map((body) => bomb(body)), ...json.map((text) => bomb(Buffer.from(text), true))];
}
