import type { Metadata } from './command.ts';
import type { Frame, FrameKind } from './frame.ts';

/** The peer, as its handshake describes it. */
export interface Peer extends Metadata {
  /** The public key in Z85, if the mechanism is CURVE. */
  readonly key?: string | undefined;
}

/** The result of a handshake command: the replies, and the peer if the handshake is complete. */
export interface Step {
  readonly answers: readonly Uint8Array[];
  readonly peer?: Peer | undefined;
}

/**
 * A security mechanism: the handshake, and the encoding of frames after it. One instance per connection.
 * Commands are the bodies of command frames.
 */
export interface Mechanism {
  readonly name: 'NULL' | 'CURVE';
  /** The commands that this side sends first. */
  begin(): readonly Uint8Array[];
  /** @throws ZmtpError if the peer is rejected */
  handshake(command: Uint8Array): Step;
  /** Encodes a frame. @returns the chunks to write to the socket, in order */
  encode(kind: FrameKind, body: Uint8Array): readonly Uint8Array[];
  /** @throws ZmtpError for a frame that cannot be decrypted */
  decode(frame: Frame): Frame;
}
