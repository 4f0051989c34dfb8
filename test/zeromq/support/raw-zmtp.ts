import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

/**
 * A peer that completes the handshake of ZMTP 3.1 with the mechanism NULL, and then does what a test wants.
 */
export class RawZmtp {
  readonly socket: Socket;
  /** Its address as the server reports it. */
  address = '';
  readonly #closed: Promise<void>;

  private constructor(socket: Socket) {
    this.socket = socket;
    this.#closed = new Promise((resolve) => socket.once('close', () => resolve()));
  }

  /** After the handshake. Data from the server is read unless the socket is paused. */
  static async open(endpoint: string, socketType = 'DEALER'): Promise<RawZmtp> {
    const socket = connect(Number(endpoint.split(':').at(-1)), '127.0.0.1');
    const raw = new RawZmtp(socket);
    socket.setNoDelay(true);
    // It may be disconnected at any time.
    socket.on('error', () => {});
    const greeting = Buffer.alloc(64);
    Buffer.from('ff00000000000000017f0301', 'hex').copy(greeting);
    greeting.write('NULL', 12);
    const type = Buffer.from(socketType);
    const ready = Buffer.concat([
      Buffer.from('\x05READY\x0bSocket-Type\0\0\0', 'latin1'),
      Buffer.from([type.length]),
      type,
    ]);
    socket.write(Buffer.concat([greeting, Buffer.from([4, ready.length]), ready]));
    // Greeting and READY of the server.
    let bytes = 0;
    while (bytes < 90) bytes += ((await once(socket, 'data')) as [Buffer])[0].length;
    raw.address = `127.0.0.1:${socket.localPort}`;
    socket.resume();
    return raw;
  }

  /** Resolves when the server has disconnected it. */
  get closed(): Promise<void> {
    return this.#closed;
  }

  /** Resolves when the server has read everything that was sent before. */
  async fence(): Promise<void> {
    const heard: string[] = [];
    const hear = (piece: Buffer) => heard.push(piece.toString('latin1'));
    this.socket.on('data', hear);
    this.socket.write(Buffer.from('\x04\x07\x04PING\0\0', 'latin1'));
    while (!heard.join('').includes('\x04PONG')) await once(this.socket, 'data');
    this.socket.off('data', hear);
  }

  /** A frame: the header declares this length, the body may be only a part. */
  frame(body: Uint8Array, { more = false, length = body.length } = {}): void {
    const head = Buffer.alloc(9);
    head[0] = 2 | Number(more);
    head.writeBigUInt64BE(BigInt(length), 1);
    this.socket.write(Buffer.concat([head, body]));
  }

  message(...frames: readonly Uint8Array[]): void {
    for (const [at, body] of frames.entries()) this.frame(body, { more: at < frames.length - 1 });
  }
}
