import { randomBytes } from 'node:crypto';
import { type CurveClientKeys, decodeZ85 } from '../net/index.ts';
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

const WELCOME_BYTES = 16 + 144;
const READY_BYTES = 8 + 16;
const PADDING = Buffer.alloc(72);
const ZEROS = Buffer.alloc(64);

/** The client side of CURVE. Source: RFC 26 of ZeroMQ */
export class CurveClient implements Mechanism {
  readonly name = 'CURVE';
  readonly #socketType: string;
  readonly #serverKey: Uint8Array;
  readonly #publicKey: Uint8Array;
  readonly #secret;
  readonly #own = newKeyPair();
  readonly #nonces = new ShortNonces();
  #key: Uint8Array | undefined;
  #traffic: CurveTraffic | undefined;

  constructor(socketType: string, { serverKey, publicKey, secretKey }: CurveClientKeys) {
    this.#socketType = socketType;
    this.#serverKey = decodeZ85(serverKey)!;
    this.#publicKey = decodeZ85(publicKey)!;
    this.#secret = secretKeyOf(decodeZ85(secretKey)!);
  }

  begin(): readonly Uint8Array[] {
    const nonce = this.#nonces.next();
    const key = boxKey(this.#own.secret, this.#serverKey);
    const box = boxOf(key, nonceOf('CurveZMQHELLO---', nonce), ZEROS);
    return [encodeCommand('HELLO', Buffer.from([1, 0]), PADDING, this.#own.public, nonce, box)];
  }

  handshake(command: Uint8Array): Step {
    const { name, data } = readCommand(command);
    if (name === 'WELCOME' && this.#key === undefined) return this.#welcome(data);
    if (name === 'READY' && this.#key !== undefined) return this.#ready(data, this.#key);
    throw refusal(name, data);
  }

  encode(kind: FrameKind, body: Uint8Array): readonly Uint8Array[] {
    return [this.#traffic!.encode(kind, body)];
  }

  decode(frame: Frame): Frame {
    return this.#traffic!.decode(frame);
  }

  #welcome(data: Buffer): Step {
    if (data.length !== WELCOME_BYTES) throw new ZmtpError('not_zmtp', 'invalid WELCOME of CURVE');
    const toServer = boxKey(this.#own.secret, this.#serverKey);
    const plain = openBox(toServer, nonceOf('WELCOME-', data.subarray(0, 16)), data.subarray(16));
    const serverTransient = plain.subarray(0, 32);
    const key = boxKey(this.#own.secret, serverTransient);
    const long = randomBytes(16);
    const proven = Buffer.concat([this.#own.public, this.#serverKey]);
    const vouch = boxOf(boxKey(this.#secret, serverTransient), nonceOf('VOUCH---', long), proven);
    const metadata = encodeMetadata({ socketType: this.#socketType });
    const nonce = this.#nonces.next();
    const box = boxOf(
      key,
      nonceOf('CurveZMQINITIATE', nonce),
      Buffer.concat([this.#publicKey, long, vouch, metadata]),
    );
    this.#key = key;
    return { answers: [encodeCommand('INITIATE', plain.subarray(32), nonce, box)] };
  }

  #ready(data: Buffer, key: Uint8Array): Step {
    if (data.length < READY_BYTES) throw new ZmtpError('not_zmtp', 'invalid READY of CURVE');
    const short = this.#nonces.check(data.subarray(0, 8));
    const plain = openBox(key, nonceOf('CurveZMQREADY---', short), data.subarray(8));
    this.#traffic = new CurveTraffic(key, this.#nonces, 'client');
    return { answers: [], peer: readMetadata(plain) };
  }
}
