import type { Metadata } from './command.ts';
import type { Frame, FrameKind } from './frame.ts';

/** What is known of a peer after its handshake. */
export interface Peer extends Metadata {
  /** Its public key in Z85, if the mechanism is CURVE. */
  readonly key?: string | undefined;
}

/** A step of a handshake: what to answer, and whether it ends with it. */
export interface Step {
  readonly answers: readonly Uint8Array[];
  readonly peer?: Peer | undefined;
}

/**
 * How two sides get to know each other, and how frames then stand on the wire. One for each connection.
 * Commands are bodies of command frames.
 */
export interface Mechanism {
  readonly name: 'NULL' | 'CURVE';
  /** What this side says first. */
  begin(): readonly Uint8Array[];
  /** @throws ZmtpError if the peer is not taken */
  handshake(command: Uint8Array): Step;
  /** The bytes of a frame. @returns what is written to the socket, in order */
  encode(kind: FrameKind, body: Uint8Array): readonly Uint8Array[];
  /** @throws ZmtpError for a frame that the mechanism does not open */
  decode(frame: Frame): Frame;
}
