/** TLS as Node's `tls` and grpc-js take it, PEM. */
export interface LoadedTls {
  readonly cert?: Buffer | undefined;
  readonly key?: Buffer | undefined;
  /** The authorities that the other side's certificate must come from. */
  readonly ca?: Buffer | undefined;
}

/** TLS as Node's servers take it. With authorities, only clients with a certificate of theirs come in. */
export function serverTls({ cert, key, ca }: LoadedTls) {
  if (ca === undefined) return { cert, key };
  return { cert, key, ca, requestCert: true, rejectUnauthorized: true };
}

/** Node waits two minutes for a handshake. */
export function tlsSettings(handshakeTimeout: number) {
  return { handshakeTimeout, minVersion: 'TLSv1.2' } as const;
}
