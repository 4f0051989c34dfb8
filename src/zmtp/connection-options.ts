import type { Peer } from './mechanism.ts';
import type { ZmtpError } from './zmtp-error.ts';

/** The socket types and the bounds of a connection. */
export interface ConnectionOptions {
  readonly isServer: boolean;
  /** The socket type of this side, and the peer types that may connect to it. */
  readonly socketType: string;
  readonly peerTypes: readonly string[];
  /** The maximum number of bytes and of frames per message. */
  readonly maxMessageBytes: number;
  readonly maxFrames: number;
  readonly handshakeMillis: number;
  /** A PING is sent to a peer that has sent nothing for this long. 0: never. */
  readonly heartbeatMillis: number;
  /** How long a message may take to arrive, from its first byte to its last. */
  readonly messageMillis: number;
}

/** The events of a connection. `closed` is the last one. */
export interface ConnectionEvents {
  /** The handshake is complete: messages may be sent. */
  opened(peer: Peer): void;
  /**
   * A message arrived. Its frames may be views of the receive buffer: a receiver that keeps them must copy
   * them.
   * @returns undefined, or a promise that must not reject: the next message is read after it resolves
   */
  message(frames: readonly Uint8Array[]): Promise<void> | undefined;
  /** A command other than a heartbeat arrived, such as `SUBSCRIBE`. Its data may be a view, as above. */
  command?(name: string, data: Uint8Array): void;
  /** There is room again after `isFull`, or the operating system has taken everything that was sent. */
  drained(): void;
  /** Called once. */
  closed(error: ZmtpError): void;
  /**
   * Reports how many bytes of unprocessed messages are held. @returns false: stop reading until `resume()`
   */
  holds?(bytes: number): boolean;
}
