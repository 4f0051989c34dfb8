import type { LoadedTls } from '../config/index.ts';

/** TLS as Node's servers take it. With authorities, only clients with a certificate of theirs come in. */
export function serverTls({ cert, key, ca }: LoadedTls) {
  if (ca === undefined) return { cert, key };
  return { cert, key, ca, requestCert: true, rejectUnauthorized: true };
}

/** Node waits two minutes for a handshake. */
export function tlsSettings(handshakeTimeout: number) {
  return { handshakeTimeout, minVersion: 'TLSv1.2' } as const;
}
