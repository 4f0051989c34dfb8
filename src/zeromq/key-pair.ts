import { loadZeromq } from './load-zeromq.ts';

/**
 * A new pair of CURVE keys, each 40 characters of Z85. `distlogd keygen` prints them.
 * @throws Error if the package zeromq cannot be loaded
 */
export function curveKeyPair(): { readonly publicKey: string; readonly secretKey: string } {
  return loadZeromq().curveKeyPair();
}
