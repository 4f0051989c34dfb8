import { checkKnown, shown } from '../settings/index.ts';

/** The keys of a client of CURVE, ZeroMQ's encryption. Keys are 40 characters in Z85, as `distlogd keygen` prints. */
export interface CurveClientKeys {
  /** The daemon's public key: only who has its secret key can read what is sent. */
  readonly serverKey: string;
  readonly publicKey: string;
  readonly secretKey: string;
}

/** The keys of a receiver. */
export interface CurveServerKeys {
  readonly secretKey: string;
  /**
   * The public keys of the clients that may connect; `'any'` lets every client in that knows the receiver's
   * public key.
   */
  readonly clients: readonly string[] | 'any';
}

const Z85 = '0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#';
const KEY_LENGTH = 40;

/** Z85 text of bytes whose count is divisible by four (ZeroMQ RFC 32). */
export function z85(bytes: Uint8Array): string {
  const view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let text = '';
  for (let at = 0; at < view.length; at += 4) {
    let value = view.readUInt32BE(at);
    let word = '';
    for (let digit = 0; digit < 5; digit++) {
      word = Z85[value % 85]! + word;
      value = Math.floor(value / 85);
    }
    text += word;
  }
  return text;
}

/** @throws TypeError that does not show the key, as it may be a secret one */
function checkKey(name: string, key: unknown): void {
  if (typeof key === 'string' && key.length === KEY_LENGTH && [...key].every((char) => Z85.includes(char)))
    return;
  const what = typeof key === 'string' ? `text of ${key.length} characters` : shown(key);
  throw new TypeError(`${name} must be a CURVE key, ${KEY_LENGTH} characters of Z85, got ${what}`);
}

/** @throws TypeError that says option, wish and value */
export function checkClientKeys(keys: CurveClientKeys | undefined): void {
  if (keys === undefined) return;
  checkKnown('curve', keys, ['serverKey', 'publicKey', 'secretKey']);
  checkKey('curve.serverKey', keys.serverKey);
  checkKey('curve.publicKey', keys.publicKey);
  checkKey('curve.secretKey', keys.secretKey);
}

/** @throws TypeError that says option, wish and value */
export function checkServerKeys(keys: CurveServerKeys | undefined): void {
  if (keys === undefined) return;
  checkKnown('curve', keys, ['secretKey', 'clients']);
  checkKey('curve.secretKey', keys.secretKey);
  if (keys.clients === 'any') return;
  if (!Array.isArray(keys.clients)) {
    throw new TypeError(
      `curve.clients must be an array of public keys, or "any", got ${shown(keys.clients)}`,
    );
  }
  for (const [at, key] of keys.clients.entries()) checkKey(`curve.clients[${at}]`, key);
}
