import { createPrivateKey, createPublicKey, generateKeyPairSync } from 'node:crypto';
import { decodeZ85, encodeZ85 } from './z85.ts';

/** Returns the text if it is a CURVE key, public or secret: 32 bytes, 40 characters of Z85. */
export function parseCurveKey(text: string): string | undefined {
  return text.length === 40 && decodeZ85(text) !== undefined ? text : undefined;
}

export interface CurveKeyPair {
  readonly publicKey: string;
  readonly secretKey: string;
}

/**
 * Creates a key pair for CURVE, in Z85. CURVE keys are X25519 keys, so Node.js can create them without
 * ZeroMQ. Neither key contains a `$`, which a configuration file or a shell would substitute.
 *
 * Source: https://rfc.zeromq.org/spec/26/ (CurveZMQ: crypto_box of NaCl), RFC 8410 (the last 32 bytes)
 */
export function newCurveKeyPair(): CurveKeyPair {
  const { publicKey, privateKey } = generateKeyPairSync('x25519');
  const secret = privateKey.export({ type: 'pkcs8', format: 'der' }).subarray(-32);
  const pair = { publicKey: encodeZ85(rawPublic(publicKey)), secretKey: encodeZ85(secret) };
  return `${pair.publicKey}${pair.secretKey}`.includes('$') ? newCurveKeyPair() : pair;
}

/** Returns the public key for a secret key. */
export function curvePublicKey(secretKey: string): string {
  const head = '302e020100300506032b656e04220420';
  const key = Buffer.concat([Buffer.from(head, 'hex'), decodeZ85(secretKey)!]);
  return encodeZ85(rawPublic(createPublicKey(createPrivateKey({ key, format: 'der', type: 'pkcs8' }))));
}

function rawPublic(key: ReturnType<typeof createPublicKey>): Uint8Array {
  return key.export({ type: 'spki', format: 'der' }).subarray(-32);
}
