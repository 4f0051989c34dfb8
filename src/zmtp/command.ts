import { ZmtpError } from './zmtp-error.ts';

/**
 * A ZMTP command: a name and its data.
 * Source: RFC 37 of ZeroMQ, "Commands", "The NULL Security Mechanism"
 */
export interface Command {
  readonly name: string;
  readonly data: Buffer;
}

/** The properties that a side sends at the end of the handshake. */
export interface Metadata {
  readonly socketType: string;
}

const MAX_PROPERTIES = 64;

export function encodeCommand(name: string, ...data: readonly Uint8Array[]): Buffer {
  return Buffer.concat([Buffer.from([name.length]), Buffer.from(name, 'latin1'), ...data]);
}

/** @throws ZmtpError */
export function readCommand(body: Uint8Array): Command {
  const view = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  const length = view[0] ?? 0;
  if (length === 0 || view.length < 1 + length) {
    throw new ZmtpError('not_zmtp', 'a command has no name');
  }
  return { name: view.toString('latin1', 1, 1 + length), data: view.subarray(1 + length) };
}

export function encodeMetadata({ socketType }: Metadata): Buffer {
  const properties = [property('Socket-Type', socketType)];
  // A socket that a ROUTER can address sends its identity. Empty: the ROUTER chooses one.
  if (socketType === 'DEALER' || socketType === 'ROUTER') properties.push(property('Identity', ''));
  return Buffer.concat(properties);
}

function property(name: string, value: string): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(value.length);
  return Buffer.concat([
    Buffer.from([name.length]),
    Buffer.from(name, 'latin1'),
    length,
    Buffer.from(value, 'latin1'),
  ]);
}

/** @throws ZmtpError */
export function readMetadata(data: Buffer): Metadata {
  let socketType = '';
  let at = 0;
  for (let count = 0; at < data.length; count++) {
    const nameBytes = data[at]!;
    const valueAt = at + 1 + nameBytes + 4;
    if (count === MAX_PROPERTIES || nameBytes === 0 || valueAt > data.length) {
      throw new ZmtpError('not_zmtp', 'the handshake has invalid properties');
    }
    const valueBytes = data.readUInt32BE(valueAt - 4);
    if (valueBytes > data.length - valueAt) {
      throw new ZmtpError('not_zmtp', 'the handshake has invalid properties');
    }
    // Property names are case-insensitive.
    const name = data.toString('latin1', at + 1, at + 1 + nameBytes).toLowerCase();
    if (name === 'socket-type')
      socketType = data.toString('latin1', valueAt, valueAt + Math.min(valueBytes, 32));
    at = valueAt + valueBytes;
  }
  return { socketType };
}
