import type { Server, Socket } from 'node:net';

/** The other end of a connection. */
export type Peer = Pick<Socket, 'remoteAddress' | 'remotePort'>;

/** All connections of a server, also those that are in the middle of a handshake, to be closed at the end. */
export class OpenSockets {
  readonly #sockets = new Map<string, Socket>();

  constructor(server: Server) {
    // Before a server of HTTP/2 makes its session of it.
    server.prependListener('connection', (socket) => {
      const key = keyOf(socket);
      this.#sockets.set(key, socket);
      socket.once('close', () => {
        if (this.#sockets.get(key) === socket) this.#sockets.delete(key);
      });
    });
  }

  /** The connection from there, under TLS and HTTP/2. */
  from(peer: Peer): Socket | undefined {
    return this.#sockets.get(keyOf(peer));
  }

  destroy(): void {
    for (const socket of this.#sockets.values()) socket.destroy();
  }
}

function keyOf({ remoteAddress, remotePort }: Peer): string {
  return `${remoteAddress} ${remotePort}`;
}
