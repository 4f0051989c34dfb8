/** PEM files for TLS, in the form that Node's `tls` and grpc-js accept. */
export interface LoadedTls {
  readonly cert?: Buffer | undefined;
  readonly key?: Buffer | undefined;
  /** The certificate authorities that must have signed the peer's certificate. */
  readonly ca?: Buffer | undefined;
}

/**
 * TLS options for Node's servers. With certificate authorities, only clients that present a certificate
 * signed by one of them can connect.
 */
export function serverTls({ cert, key, ca }: LoadedTls) {
  if (ca === undefined) return { cert, key };
  return { cert, key, ca, requestCert: true, rejectUnauthorized: true };
}

/** Replaces Node's default handshake timeout of two minutes. */
export function tlsSettings(handshakeTimeout: number) {
  return { handshakeTimeout, minVersion: 'TLSv1.2' } as const;
}
