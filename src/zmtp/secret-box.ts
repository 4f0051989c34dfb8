/**
 * Authenticated encryption of CURVE, NaCl's `crypto_secretbox`: XSalsa20 and Poly1305, which Node's own crypto does
 * not offer. A box is 16 bytes longer than its message: the authenticator comes first.
 *
 * No branch and no index depends on a secret; authenticators are compared in constant time.
 *
 * Sources: D. J. Bernstein, "Extending the Salsa20 nonce" (2011); "The Salsa20 family of stream ciphers" (2007);
 * RFC 8439, section 2.5 (Poly1305)
 */
import { timingSafeEqual } from 'node:crypto';
import { poly1305 } from './poly1305.ts';

export const KEY_BYTES = 32;
export const NONCE_BYTES = 24;
/** How much longer a box is than its message. */
export const BOX_BYTES = 16;

const BLOCK_BYTES = 64;
/** "expand 32-byte k" */
const SIGMA: readonly [number, number, number, number] = [0x61707865, 0x3320646e, 0x79622d32, 0x6b206574];

/**
 * Writes the box of a message into `target`, at `at`.
 * @param key 32 bytes
 * @param nonce 24 bytes, never used twice with the key
 */
export function seal(
  target: Uint8Array,
  at: number,
  key: Uint8Array,
  nonce: Uint8Array,
  message: Uint8Array,
): void {
  const work = stream(key, nonce, message);
  target.set(work.subarray(32, 32 + message.length), at + BOX_BYTES);
  const box = target.subarray(at + BOX_BYTES, at + BOX_BYTES + message.length);
  target.set(poly1305(work, box), at);
}

/** @returns the message in a buffer of its own, or undefined for a box that was not made with this key and nonce */
export function open(key: Uint8Array, nonce: Uint8Array, box: Uint8Array): Uint8Array | undefined {
  if (box.length < BOX_BYTES) return undefined;
  const sealed = box.subarray(BOX_BYTES);
  const work = stream(key, nonce, sealed);
  if (!timingSafeEqual(poly1305(work, sealed), box.subarray(0, BOX_BYTES))) return undefined;
  return work.subarray(32, 32 + sealed.length);
}

/** The key of a box of two key pairs: HSalsa20 of what X25519 makes of them. */
export function sharedKey(secret: Uint8Array): Uint8Array {
  return hsalsa20(secret, new Uint8Array(16));
}

/** XSalsa20 over 32 zeros, which become the authenticator's key, and the message behind them. */
function stream(key: Uint8Array, nonce: Uint8Array, message: Uint8Array): Uint8Array {
  const length = 32 + message.length;
  const work = new Uint8Array(Math.ceil(length / BLOCK_BYTES) * BLOCK_BYTES);
  work.set(message, 32);
  const view = new DataView(work.buffer);
  const state = stateOf(hsalsa20(key, nonce.subarray(0, 16)), nonce.subarray(16, 24));
  const words = new Int32Array(16);
  for (let at = 0, block = 0; at < length; at += BLOCK_BYTES, block++) {
    state[8] = block | 0;
    state[9] = (block / 0x1_0000_0000) | 0;
    rounds(words, state);
    for (let word = 0; word < 16; word++) {
      const offset = at + 4 * word;
      view.setInt32(offset, view.getInt32(offset, true) ^ (words[word]! + state[word]!), true);
    }
  }
  return work;
}

function hsalsa20(key: Uint8Array, input: Uint8Array): Uint8Array {
  const state = stateOf(key, input);
  const words = new Int32Array(16);
  rounds(words, state);
  const result = new Uint8Array(32);
  const view = new DataView(result.buffer);
  for (const [at, word] of [0, 5, 10, 15, 6, 7, 8, 9].entries()) view.setInt32(4 * at, words[word]!, true);
  return result;
}

/** @param input 8 bytes of nonce, or 16 of nonce and block */
function stateOf(key: Uint8Array, input: Uint8Array): Int32Array {
  const state = new Int32Array(16);
  const keys = new DataView(key.buffer, key.byteOffset, KEY_BYTES);
  const inputs = new DataView(input.buffer, input.byteOffset, input.byteLength);
  for (const [at, word] of SIGMA.entries()) state[5 * at] = word;
  for (let at = 0; at < 4; at++) {
    state[1 + at] = keys.getInt32(4 * at, true);
    state[11 + at] = keys.getInt32(16 + 4 * at, true);
    if (4 * at < input.length) state[6 + at] = inputs.getInt32(4 * at, true);
  }
  return state;
}

/** Twenty rounds of Salsa20, without the addition of the state at the end. */
function rounds(target: Int32Array, state: Int32Array): void {
  let a = state[0]!;
  let b = state[1]!;
  let c = state[2]!;
  let d = state[3]!;
  let e = state[4]!;
  let f = state[5]!;
  let g = state[6]!;
  let h = state[7]!;
  let i = state[8]!;
  let j = state[9]!;
  let k = state[10]!;
  let l = state[11]!;
  let m = state[12]!;
  let n = state[13]!;
  let o = state[14]!;
  let p = state[15]!;
  let t = 0;
  for (let round = 0; round < 10; round++) {
    t = (a + m) | 0;
    e ^= (t << 7) | (t >>> 25);
    t = (e + a) | 0;
    i ^= (t << 9) | (t >>> 23);
    t = (i + e) | 0;
    m ^= (t << 13) | (t >>> 19);
    t = (m + i) | 0;
    a ^= (t << 18) | (t >>> 14);
    t = (f + b) | 0;
    j ^= (t << 7) | (t >>> 25);
    t = (j + f) | 0;
    n ^= (t << 9) | (t >>> 23);
    t = (n + j) | 0;
    b ^= (t << 13) | (t >>> 19);
    t = (b + n) | 0;
    f ^= (t << 18) | (t >>> 14);
    t = (k + g) | 0;
    o ^= (t << 7) | (t >>> 25);
    t = (o + k) | 0;
    c ^= (t << 9) | (t >>> 23);
    t = (c + o) | 0;
    g ^= (t << 13) | (t >>> 19);
    t = (g + c) | 0;
    k ^= (t << 18) | (t >>> 14);
    t = (p + l) | 0;
    d ^= (t << 7) | (t >>> 25);
    t = (d + p) | 0;
    h ^= (t << 9) | (t >>> 23);
    t = (h + d) | 0;
    l ^= (t << 13) | (t >>> 19);
    t = (l + h) | 0;
    p ^= (t << 18) | (t >>> 14);
    t = (a + d) | 0;
    b ^= (t << 7) | (t >>> 25);
    t = (b + a) | 0;
    c ^= (t << 9) | (t >>> 23);
    t = (c + b) | 0;
    d ^= (t << 13) | (t >>> 19);
    t = (d + c) | 0;
    a ^= (t << 18) | (t >>> 14);
    t = (f + e) | 0;
    g ^= (t << 7) | (t >>> 25);
    t = (g + f) | 0;
    h ^= (t << 9) | (t >>> 23);
    t = (h + g) | 0;
    e ^= (t << 13) | (t >>> 19);
    t = (e + h) | 0;
    f ^= (t << 18) | (t >>> 14);
    t = (k + j) | 0;
    l ^= (t << 7) | (t >>> 25);
    t = (l + k) | 0;
    i ^= (t << 9) | (t >>> 23);
    t = (i + l) | 0;
    j ^= (t << 13) | (t >>> 19);
    t = (j + i) | 0;
    k ^= (t << 18) | (t >>> 14);
    t = (p + o) | 0;
    m ^= (t << 7) | (t >>> 25);
    t = (m + p) | 0;
    n ^= (t << 9) | (t >>> 23);
    t = (n + m) | 0;
    o ^= (t << 13) | (t >>> 19);
    t = (o + n) | 0;
    p ^= (t << 18) | (t >>> 14);
  }
  target[0] = a;
  target[1] = b;
  target[2] = c;
  target[3] = d;
  target[4] = e;
  target[5] = f;
  target[6] = g;
  target[7] = h;
  target[8] = i;
  target[9] = j;
  target[10] = k;
  target[11] = l;
  target[12] = m;
  target[13] = n;
  target[14] = o;
  target[15] = p;
}
