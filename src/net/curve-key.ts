import { createPrivateKey, createPublicKey, generateKeyPairSync } from 'node:crypto';

/** Source: https://rfc.zeromq.org/spec/32/ (Z85) */
const alphabet = '0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#';

/** @param bytes a multiple of four of them */
export function encodeZ85(bytes: Uint8Array): string {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let text = '';
  for (let offset = 0; offset < bytes.length; offset += 4) {
    const value = view.getUint32(offset);
    for (const factor of [52_200_625, 614_125, 7_225, 85, 1])
      text += alphabet[Math.floor(value / factor) % 85];
  }
  return text;
}

/** @returns undefined if `text` is no Z85 */
export function decodeZ85(text: string): Uint8Array | undefined {
  if (text.length % 5 !== 0) return undefined;
  const bytes = new Uint8Array((text.length / 5) * 4);
  const view = new DataView(bytes.buffer);
  for (let group = 0; group * 5 < text.length; group += 1) {
    let value = 0;
    for (const character of text.slice(group * 5, group * 5 + 5)) {
      const digit = alphabet.indexOf(character);
      if (digit < 0) return undefined;
      value = value * 85 + digit;
    }
    if (value > 0xffff_ffff) return undefined;
    view.setUint32(group * 4, value);
  }
  return bytes;
}

/** A CURVE key, public or secret, is 32 bytes: 40 characters. */
export function parseCurveKey(text: string): string | undefined {
  return text.length === 40 && decodeZ85(text) !== undefined ? text : undefined;
}

export interface CurveKeyPair {
  readonly publicKey: string;
  readonly secretKey: string;
}

/**
 * A new key pair for CURVE, in Z85. CURVE's keys are X25519 keys, so Node.js makes them and ZeroMQ need not be
 * installed where keys are made.
 *
 * Source: https://rfc.zeromq.org/spec/26/ (CurveZMQ: crypto_box of NaCl), RFC 8410 (the last 32 bytes)
 */
export function newCurveKeyPair(): CurveKeyPair {
  const { publicKey, privateKey } = generateKeyPairSync('x25519');
  const secret = privateKey.export({ type: 'pkcs8', format: 'der' }).subarray(-32);
  return { publicKey: encodeZ85(rawPublic(publicKey)), secretKey: encodeZ85(secret) };
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
