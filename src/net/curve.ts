import { checkKnown, shown } from '../settings/index.ts';
import { parseCurveKey } from './curve-key.ts';

/** The keys of a client of CURVE, ZeroMQ's encryption. Keys are 40 characters in Z85, as `distlogd keygen` prints. */
export interface CurveClientKeys {
  /** The daemon's public key: only the holder of its secret key can read what is sent. */
  readonly serverKey: string;
  readonly publicKey: string;
  readonly secretKey: string;
}

/** The keys of a receiver. */
export interface CurveServerKeys {
  readonly secretKey: string;
  /**
   * The public keys of the clients that may connect; `'any'` accepts every client that knows the receiver's
   * public key.
   */
  readonly clients: readonly string[] | 'any';
}

/** @throws TypeError that does not show the key, as it may be a secret one */
function checkKey(name: string, key: unknown): void {
  if (typeof key === 'string' && parseCurveKey(key) !== undefined) return;
  const what = typeof key === 'string' ? `text of ${key.length} characters` : shown(key);
  throw new TypeError(`${name} must be a CURVE key, 40 characters of Z85, got ${what}`);
}

/** @throws TypeError that names option, expected value and value */
export function checkClientKeys(keys: CurveClientKeys | undefined): void {
  if (keys === undefined) return;
  checkKnown('curve', keys, ['serverKey', 'publicKey', 'secretKey']);
  checkKey('curve.serverKey', keys.serverKey);
  checkKey('curve.publicKey', keys.publicKey);
  checkKey('curve.secretKey', keys.secretKey);
}

/** @throws TypeError that names option, expected value and value */
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
