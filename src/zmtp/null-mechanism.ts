import { encodeCommand, encodeMetadata, readCommand, readMetadata } from './command.ts';
import { encodeFrame, type Frame, type FrameKind } from './frame.ts';
import type { Mechanism, Step } from './mechanism.ts';
import { refusal } from './refusal.ts';

/** No security: both sides send their socket type, and frames are sent unencrypted. */
export class NullMechanism implements Mechanism {
  readonly name = 'NULL';
  readonly #socketType: string;

  constructor(socketType: string) {
    this.#socketType = socketType;
  }

  begin(): readonly Uint8Array[] {
    return [encodeCommand('READY', encodeMetadata({ socketType: this.#socketType }))];
  }

  handshake(command: Uint8Array): Step {
    const { name, data } = readCommand(command);
    if (name !== 'READY') throw refusal(name, data);
    return { answers: [], peer: readMetadata(data) };
  }

  encode(kind: FrameKind, body: Uint8Array): readonly Uint8Array[] {
    return encodeFrame(kind, body);
  }

  decode(frame: Frame): Frame {
    return frame;
  }
}
