/** The keys of a client of CURVE, ZeroMQ's encryption. Keys are 40 characters in Z85, as `distlogd keygen` prints. */
export interface CurveClientKeys {
  /** The daemon's public key: only the holder of its secret key can read what is sent. */
  readonly serverKey: string;
  /** The public key of this client, which the daemon has in `allow`. */
  readonly publicKey: string;
  /** The secret key of this client. */
  readonly secretKey: string;
}

/** The keys of a receiver. */
export interface CurveServerKeys {
  readonly secretKey: string;
  /**
   * The public keys of the clients that may connect; `'any'` accepts every client that knows the receiver's
   * public key.
   */
  readonly clients: readonly string[] | 'any';
}
