/**
 * Authenticated encryption for CURVE, NaCl's `crypto_secretbox`: XSalsa20 and Poly1305, which Node's own
 * crypto does not offer. A box starts with the authenticator and is 16 bytes longer than its message.
 *
 * Source: D. J. Bernstein, "Cryptography in NaCl" (2009)
 */
import nacl from 'tweetnacl';

export const KEY_BYTES = 32;
export const NONCE_BYTES = 24;
/** How many bytes a box is longer than its message. */
export const BOX_BYTES = 16;

/** tweetnacl exports this function but does not declare it. */
const { crypto_core_hsalsa20: hsalsa20 } = (
  nacl as unknown as {
    readonly lowlevel: {
      crypto_core_hsalsa20(out: Uint8Array, input: Uint8Array, key: Uint8Array, constant: Uint8Array): number;
    };
  }
).lowlevel;
const SIGMA: Readonly<Uint8Array> = new Uint8Array(Buffer.from('expand 32-byte k', 'latin1'));
const ZEROS: Readonly<Uint8Array> = new Uint8Array(16);

/**
 * Encrypts a message and writes the box into `target` at `at`.
 * @param key 32 bytes
 * @param nonce 24 bytes, never used twice with the same key
 */
export function seal(
  target: Uint8Array,
  at: number,
  key: Uint8Array,
  nonce: Uint8Array,
  message: Uint8Array,
): void {
  target.set(nacl.secretbox(plain(message), plain(nonce), plain(key)), at);
}

/** @returns the message in a new buffer; undefined if the box was not made with this key and nonce */
export function open(key: Uint8Array, nonce: Uint8Array, box: Uint8Array): Uint8Array | undefined {
  if (box.length < BOX_BYTES) return undefined;
  return nacl.secretbox.open(plain(box), plain(nonce), plain(key)) ?? undefined;
}

/** The key for boxes between two key pairs: HSalsa20 of their X25519 shared secret. */
export function sharedKey(secret: Uint8Array): Uint8Array {
  const key = new Uint8Array(KEY_BYTES);
  hsalsa20(key, ZEROS, plain(secret), SIGMA);
  return key;
}

/**
 * The same bytes as a plain Uint8Array: tweetnacl requires one of this realm, and its `subarray` must not
 * copy.
 */
function plain(bytes: Uint8Array): Uint8Array {
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}
