/**
 * The keys of a CURVE client (CURVE is ZeroMQ's encryption). Each has 40 characters in Z85, as `distlogd
 * keygen` prints.
 */
export interface CurveClientKeys {
  /**
   * The public key of the daemon. Only the daemon, which has the matching secret key, can read what is sent.
   */
  readonly serverKey: string;
  /** The public key of this client. The daemon must list it in `allow`. */
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
