import type { Peer } from './mechanism.ts';
import type { ZmtpError } from './zmtp-error.ts';

/** Bounds of a connection. */
export interface ConnectionOptions {
  readonly isServer: boolean;
  /** The socket type of this side, and those of peers that fit. */
  readonly socketType: string;
  readonly peerTypes: readonly string[];
  /** Most bytes and most frames of a message. */
  readonly maxMessageBytes: number;
  readonly maxFrames: number;
  readonly handshakeMillis: number;
  /** A peer from which nothing came for so long is asked whether it is there. 0: never. */
  readonly heartbeatMillis: number;
  /** How long a message may take to arrive, from its first byte to its last. */
  readonly messageMillis: number;
}

/** What happens on a connection. Nothing is called after `closed`. */
export interface ConnectionEvents {
  /** The handshake is done: messages may be sent. */
  opened(peer: Peer): void;
  /**
   * A message came. Its frames may be views of what was received: whoever keeps them copies them.
   * @returns undefined, or a promise: no other message is read before it resolves. It must not reject
   */
  message(frames: readonly Uint8Array[]): Promise<void> | undefined;
  /** A command came that is no heartbeat, such as `SUBSCRIBE`. Its data may be a view, as above. */
  command?(name: string, data: Uint8Array): void;
  /** There is room again after `isFull`, or all that was sent has been taken by the operating system. */
  drained(): void;
  /** Once. */
  closed(error: ZmtpError): void;
  /** So many bytes of messages are held that were not taken yet. @returns false: wait for `resume()` */
  holds?(bytes: number): boolean;
}
