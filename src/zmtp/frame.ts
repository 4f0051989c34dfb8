/**
 * A ZMTP frame: a command, or a part of a message.
 * Source: RFC 37 of ZeroMQ, "Framing"
 */
export interface Frame {
  readonly isCommand: boolean;
  /** Whether another part of the same message follows. */
  readonly hasMore: boolean;
  /** Usually a view of the receive buffer: a receiver that keeps it must copy it. */
  readonly body: Uint8Array;
}

export const MORE = 1;
export const LONG = 2;
export const COMMAND = 4;

/** The maximum number of header bytes before the body of a frame. */
export const FRAME_HEAD_BYTES = 9;

/** A command, a part of a message that more parts follow, or its last part. */
export type FrameKind = 'command' | 'more' | 'last';

/** Bodies up to this size are copied after their header, so that the socket gets one chunk. */
const COPIED_BYTES = 4_096;

/** Encodes a frame as one chunk or two. */
export function encodeFrame(kind: FrameKind, body: Uint8Array): readonly Uint8Array[] {
  const copied = body.length <= COPIED_BYTES ? body.length : 0;
  const target = Buffer.allocUnsafeSlow(FRAME_HEAD_BYTES + copied);
  const at = writeFrameHead(target, 0, kind, body.length);
  if (copied < body.length) return [target.subarray(0, at), body];
  target.set(body, at);
  return [target.subarray(0, at + copied)];
}

/** Writes the header of a frame. @returns where the body begins */
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
