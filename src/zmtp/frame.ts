/**
 * A frame of ZMTP: a command, or a part of a message.
 * Source: RFC 37 of ZeroMQ, "Framing"
 */
export interface Frame {
  readonly isCommand: boolean;
  /** Another part of the same message follows. */
  readonly hasMore: boolean;
  /** Mostly a view of what was received: whoever keeps it copies it. */
  readonly body: Uint8Array;
}

export const MORE = 1;
export const LONG = 2;
export const COMMAND = 4;

/** Bytes of ZMTP before the body of a frame, at most. */
export const FRAME_HEAD_BYTES = 9;

/** What a frame is: a command, a part of a message that has more, or its last. */
export type FrameKind = 'command' | 'more' | 'last';

/** Up to here a body is copied behind its head, so that the socket gets one piece. */
const COPIED_BYTES = 4_096;

/** The bytes of a frame, in one piece or two. */
export function encodeFrame(kind: FrameKind, body: Uint8Array): readonly Uint8Array[] {
  const copied = body.length <= COPIED_BYTES ? body.length : 0;
  const target = Buffer.allocUnsafeSlow(FRAME_HEAD_BYTES + copied);
  const at = writeFrameHead(target, 0, kind, body.length);
  if (copied < body.length) return [target.subarray(0, at), body];
  target.set(body, at);
  return [target.subarray(0, at + copied)];
}

/** Writes the head of a frame. @returns where its body begins */
export function writeFrameHead(target: Uint8Array, at: number, kind: FrameKind, length: number): number {
  const flags = kind === 'command' ? COMMAND : kind === 'more' ? MORE : 0;
  if (length < 256) {
    target[at] = flags;
    target[at + 1] = length;
    return at + 2;
  }
  target[at] = flags | LONG;
  new DataView(target.buffer, target.byteOffset, target.byteLength).setBigUint64(at + 1, BigInt(length));
  return at + FRAME_HEAD_BYTES;
}
