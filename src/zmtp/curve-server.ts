import { randomBytes, timingSafeEqual } from 'node:crypto';
import { curvePublicKey, decodeZ85, encodeZ85 } from '../net/index.ts';
import { encodeCommand, encodeMetadata, readCommand, readMetadata } from './command.ts';
import {
  boxKey,
  boxOf,
  CurveTraffic,
  newKeyPair,
  nonceOf,
  openBox,
  ShortNonces,
  secretKeyOf,
} from './curve.ts';
import type { Frame, FrameKind } from './frame.ts';
import type { Mechanism, Step } from './mechanism.ts';
import { refusal } from './refusal.ts';
import { ZmtpError } from './zmtp-error.ts';

const HELLO_BYTES = 194;
/** Cookie, short nonce, box with the client's key, vouch and metadata. */
const INITIATE_BYTES = 96 + 8 + 16 + 32 + 96;
const COOKIE_BYTES = 96;

/** The secret key of a server, and the clients that may connect. */
export interface CurveServerIdentity {
  readonly secretKey: string;
  readonly clients: readonly string[] | 'any';
}

/**
 * The server side of CURVE: HELLO, WELCOME, INITIATE, READY.
 *
 * The cookie of the RFC lets a server keep no state between WELCOME and INITIATE. This server keeps the
 * connection, so its cookie is random bytes that the client must return.
 */
export class CurveServer implements Mechanism {
  readonly name = 'CURVE';
  readonly #socketType: string;
  readonly #secret;
  readonly #publicKey: Buffer;
  readonly #allowed: ReadonlySet<string> | undefined;
  readonly #own = newKeyPair();
  readonly #cookie = randomBytes(COOKIE_BYTES);
  readonly #nonces = new ShortNonces();
  #clientTransient: Buffer | undefined;
  #traffic: CurveTraffic | undefined;

  constructor(socketType: string, { secretKey, clients }: CurveServerIdentity) {
    this.#socketType = socketType;
    this.#secret = secretKeyOf(decodeZ85(secretKey)!);
    this.#publicKey = Buffer.from(decodeZ85(curvePublicKey(secretKey))!);
    this.#allowed = clients === 'any' ? undefined : new Set(clients);
  }

  begin(): readonly Uint8Array[] {
    return [];
  }

  handshake(command: Uint8Array): Step {
    const { name, data } = readCommand(command);
    if (name === 'HELLO' && this.#clientTransient === undefined) return this.#hello(data);
    if (name === 'INITIATE' && this.#clientTransient !== undefined) {
      return this.#initiate(data, this.#clientTransient);
    }
    throw refusal(name, data);
  }

  encode(kind: FrameKind, body: Uint8Array): readonly Uint8Array[] {
    return [this.#traffic!.encode(kind, body)];
  }

  decode(frame: Frame): Frame {
    return this.#traffic!.decode(frame);
  }

  /** Version 1.0, padding, the client's transient key, a nonce and a box of zeros. */
  #hello(data: Buffer): Step {
    if (data.length !== HELLO_BYTES || data[0] !== 1)
      throw new ZmtpError('not_zmtp', 'invalid HELLO of CURVE');
    const transient = Buffer.from(data.subarray(74, 106));
    const key = boxKey(this.#secret, transient);
    openBox(
      key,
      nonceOf('CurveZMQHELLO---', this.#nonces.check(data.subarray(106, 114))),
      data.subarray(114),
    );
    this.#clientTransient = transient;
    const long = randomBytes(16);
    const box = boxOf(key, nonceOf('WELCOME-', long), Buffer.concat([this.#own.public, this.#cookie]));
    return { answers: [encodeCommand('WELCOME', long, box)] };
  }

  #initiate(data: Buffer, transient: Buffer): Step {
    if (data.length < INITIATE_BYTES || !timingSafeEqual(data.subarray(0, COOKIE_BYTES), this.#cookie)) {
      throw new ZmtpError('not_zmtp', 'invalid INITIATE of CURVE');
    }
    const key = boxKey(this.#own.secret, transient);
    const short = this.#nonces.check(data.subarray(COOKIE_BYTES, COOKIE_BYTES + 8));
    const plain = openBox(key, nonceOf('CurveZMQINITIATE', short), data.subarray(COOKIE_BYTES + 8));
    const client = Buffer.from(plain.subarray(0, 32));
    this.#checkVouch(client, transient, plain.subarray(32, 128));
    const clientKey = encodeZ85(client);
    if (this.#allowed !== undefined && !this.#allowed.has(clientKey))
      throw new ZmtpError('unauthorized', `the key "${clientKey}" is not allowed`);
    const peer = { ...readMetadata(plain.subarray(128)), key: clientKey };
    const nonce = this.#nonces.next();
    const metadata = encodeMetadata({ socketType: this.#socketType });
    const ready = encodeCommand('READY', nonce, boxOf(key, nonceOf('CurveZMQREADY---', nonce), metadata));
    this.#traffic = new CurveTraffic(key, this.#nonces, 'server');
    return { answers: [ready], peer };
  }

  /** Checks that the client's permanent key vouches for its transient key, for this server. */
  #checkVouch(client: Buffer, transient: Buffer, vouch: Buffer): void {
    const key = boxKey(this.#own.secret, client);
    const plain = openBox(key, nonceOf('VOUCH---', vouch.subarray(0, 16)), vouch.subarray(16));
    if (plain.equals(Buffer.concat([transient, this.#publicKey]))) return;
    throw new ZmtpError('unauthorized', 'the client did not prove that it owns its key');
  }
}
