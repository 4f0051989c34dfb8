import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { ID_BYTES } from './layout.ts';

/** An id that begins so has an owner. Ids of older clients are random: one of 2^32 begins so by chance. */
const OWNED = Buffer.from('DLP1', 'latin1');

/** An exporter instance, and what proves that a connection is its own. */
export interface Producer {
  readonly id: Uint8Array;
  /** 16 bytes that only the exporter knows, and shows to its daemon. */
  readonly secret: Uint8Array;
}

/** A producer whose id is made of its secret: who knows the id alone cannot continue it. */
export function newProducer(secret: Uint8Array = randomBytes(ID_BYTES)): Producer {
  const hash = createHash('sha256').update('distlog producer').update(secret).digest();
  return { secret, id: Buffer.concat([OWNED, hash.subarray(0, ID_BYTES - OWNED.length)]) };
}

/** Whether only the holder of a secret may send in the name of this producer. */
export function hasOwner(id: Uint8Array): boolean {
  return OWNED.equals(id.subarray(0, OWNED.length));
}

/** Whether this is the secret of the producer. */
export function isOwner(id: Uint8Array, secret: Uint8Array): boolean {
  return secret.length === ID_BYTES && id.length === ID_BYTES && timingSafeEqual(newProducer(secret).id, id);
}
