import { createPrivateKey, createPublicKey, diffieHellman, type KeyObject, randomBytes } from 'node:crypto';
import { FRAME_HEAD_BYTES, type Frame, type FrameKind, writeFrameHead } from './frame.ts';
import { BOX_BYTES, KEY_BYTES, NONCE_BYTES, open, seal, sharedKey } from './secret-box.ts';
import { ZmtpError } from './zmtp-error.ts';

/**
 * Keys, nonces and encrypted frames, for both sides of CURVE.
 * Source: RFC 26 of ZeroMQ (CurveZMQ); RFC 8410 for the encoding of the keys
 */

/** "\x07MESSAGE" and the short nonce. */
const MESSAGE_HEAD_BYTES = 16;
const MESSAGE_HEAD = Buffer.from('\x07MESSAGE', 'latin1');
const MORE = 1;
const COMMAND = 2;

export interface KeyPair {
  readonly secret: KeyObject;
  /** 32 bytes. */
  readonly public: Buffer;
}

export function secretKeyOf(raw: Uint8Array): KeyObject {
  const head = Buffer.from('302e020100300506032b656e04220420', 'hex');
  return createPrivateKey({ key: Buffer.concat([head, raw]), format: 'der', type: 'pkcs8' });
}

/** Creates a transient key pair, for one connection. */
export function newKeyPair(): KeyPair {
  const secret = secretKeyOf(randomBytes(KEY_BYTES));
  const der = createPublicKey(secret).export({ type: 'spki', format: 'der' });
  return { secret, public: der.subarray(-KEY_BYTES) };
}

/**
 * Computes the key for boxes between two key pairs.
 * @throws ZmtpError for a public key that yields the same shared secret with every secret key
 */
export function boxKey(secret: KeyObject, publicKey: Uint8Array): Uint8Array {
  const head = Buffer.from('302a300506032b656e032100', 'hex');
  try {
    const key = createPublicKey({ key: Buffer.concat([head, publicKey]), format: 'der', type: 'spki' });
    return sharedKey(diffieHellman({ privateKey: secret, publicKey: key }));
  } catch {
    throw new ZmtpError('unauthorized', 'invalid key in the handshake');
  }
}

/** @param rest the bytes after the prefix: 8 or 16 */
export function nonceOf(prefix: string, rest: Uint8Array): Uint8Array {
  const nonce = new Uint8Array(NONCE_BYTES);
  nonce.set(Buffer.from(prefix, 'latin1'));
  nonce.set(rest, prefix.length);
  return nonce;
}

export function boxOf(key: Uint8Array, nonce: Uint8Array, message: Uint8Array): Buffer {
  const box = Buffer.allocUnsafeSlow(message.length + BOX_BYTES);
  seal(box, 0, key, nonce, message);
  return box;
}

/** @throws ZmtpError if the box was not made with this key and nonce */
export function openBox(key: Uint8Array, nonce: Uint8Array, box: Uint8Array): Buffer {
  const message = open(key, nonce, box);
  if (message === undefined) throw new ZmtpError('unauthorized', 'decryption failed: the keys do not match');
  return Buffer.from(message.buffer, message.byteOffset, message.byteLength);
}

/**
 * Message counters of both sides, 8 bytes each: this side never uses a number twice, and the peer's must
 * increase.
 */
export class ShortNonces {
  #own = 0n;
  #peer = 0n;

  next(): Buffer {
    this.#own += 1n;
    const bytes = Buffer.alloc(8);
    bytes.writeBigUInt64BE(this.#own);
    return bytes;
  }

  /** @throws ZmtpError for a number that is not above the last one: a replay */
  check(bytes: Buffer): Buffer {
    const number = bytes.readBigUInt64BE(0);
    if (number <= this.#peer) throw new ZmtpError('unauthorized', 'a message of CURVE was repeated');
    this.#peer = number;
    return bytes;
  }
}

/** Encrypts and decrypts frames after the handshake. */
export class CurveTraffic {
  readonly #key: Uint8Array;
  readonly #nonces: ShortNonces;
  readonly #outgoing: string;
  readonly #incoming: string;

  constructor(key: Uint8Array, nonces: ShortNonces, side: 'client' | 'server') {
    this.#key = key;
    this.#nonces = nonces;
    this.#outgoing = side === 'client' ? 'CurveZMQMESSAGEC' : 'CurveZMQMESSAGES';
    this.#incoming = side === 'client' ? 'CurveZMQMESSAGES' : 'CurveZMQMESSAGEC';
  }

  encode(kind: FrameKind, body: Uint8Array): Uint8Array {
    const plain = new Uint8Array(1 + body.length);
    plain[0] = kind === 'command' ? COMMAND : kind === 'more' ? MORE : 0;
    plain.set(body, 1);
    const length = MESSAGE_HEAD_BYTES + BOX_BYTES + plain.length;
    const frame = Buffer.allocUnsafeSlow(FRAME_HEAD_BYTES + length);
    const at = writeFrameHead(frame, 0, 'last', length);
    const short = this.#nonces.next();
    frame.set(MESSAGE_HEAD, at);
    frame.set(short, at + MESSAGE_HEAD.length);
    seal(frame, at + MESSAGE_HEAD_BYTES, this.#key, nonceOf(this.#outgoing, short), plain);
    return frame.subarray(0, at + length);
  }

  /** @throws ZmtpError */
  decode({ body, hasMore }: Frame): Frame {
    const view = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
    const isMessage =
      view.length > MESSAGE_HEAD_BYTES + BOX_BYTES && view.subarray(0, 8).equals(MESSAGE_HEAD);
    if (!isMessage || hasMore) throw new ZmtpError('not_zmtp', 'a frame of CURVE is not a MESSAGE');
    const short = this.#nonces.check(view.subarray(8, MESSAGE_HEAD_BYTES));
    const plain = openBox(this.#key, nonceOf(this.#incoming, short), view.subarray(MESSAGE_HEAD_BYTES));
    const flags = plain[0]!;
    return { isCommand: (flags & COMMAND) !== 0, hasMore: (flags & MORE) !== 0, body: plain.subarray(1) };
  }
}
