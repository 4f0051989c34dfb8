import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { ID_BYTES } from './layout.ts';

/**
 * Prefix of ids that have an owner. Ids of older clients are random, so 1 in 2^32 of them starts with it by
 * chance.
 */
const OWNED = Buffer.from('DLP1', 'latin1');

/** The identity of an exporter instance, and the secret that proves it. */
export interface Producer {
  readonly id: Uint8Array;
  /** 16 bytes that only the exporter and its daemon know. */
  readonly secret: Uint8Array;
}

/**
 * Creates a producer whose id is derived from its secret, so that knowing the id is not enough to send as
 * this producer.
 */
export function newProducer(secret: Uint8Array = randomBytes(ID_BYTES)): Producer {
  const hash = createHash('sha256').update('distlog producer').update(secret).digest();
  return { secret, id: Buffer.concat([OWNED, hash.subarray(0, ID_BYTES - OWNED.length)]) };
}

/** Whether sending as this producer requires its secret. */
export function hasOwner(id: Uint8Array): boolean {
  return OWNED.equals(id.subarray(0, OWNED.length));
}

/** Whether `secret` is the secret of this producer. */
export function isOwner(id: Uint8Array, secret: Uint8Array): boolean {
  return secret.length === ID_BYTES && id.length === ID_BYTES && timingSafeEqual(newProducer(secret).id, id);
}
