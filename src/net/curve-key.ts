import { createPrivateKey, createPublicKey, generateKeyPairSync } from 'node:crypto';
import { decodeZ85, encodeZ85 } from './z85.ts';

/** A CURVE key, public or secret, is 32 bytes: 40 characters of Z85. */
export function parseCurveKey(text: string): string | undefined {
  return text.length === 40 && decodeZ85(text) !== undefined ? text : undefined;
}

export interface CurveKeyPair {
  readonly publicKey: string;
  readonly secretKey: string;
}

/**
 * A new key pair for CURVE, in Z85. CURVE's keys are X25519 keys, so Node.js makes them and ZeroMQ need not be
 * installed where keys are made. Neither text holds a `$`: a configuration file and a shell would replace it.
 *
 * Source: https://rfc.zeromq.org/spec/26/ (CurveZMQ: crypto_box of NaCl), RFC 8410 (the last 32 bytes)
 */
export function newCurveKeyPair(): CurveKeyPair {
  const { publicKey, privateKey } = generateKeyPairSync('x25519');
  const secret = privateKey.export({ type: 'pkcs8', format: 'der' }).subarray(-32);
  const pair = { publicKey: encodeZ85(rawPublic(publicKey)), secretKey: encodeZ85(secret) };
  return `${pair.publicKey}${pair.secretKey}`.includes('$') ? newCurveKeyPair() : pair;
}

/** The public key that belongs to a secret one. */
export function curvePublicKey(secretKey: string): string {
  const head = '302e020100300506032b656e04220420';
  const key = Buffer.concat([Buffer.from(head, 'hex'), decodeZ85(secretKey)!]);
  return encodeZ85(rawPublic(createPublicKey(createPrivateKey({ key, format: 'der', type: 'pkcs8' }))));
}

function rawPublic(key: ReturnType<typeof createPublicKey>): Uint8Array {
  return key.export({ type: 'spki', format: 'der' }).subarray(-32);
}
