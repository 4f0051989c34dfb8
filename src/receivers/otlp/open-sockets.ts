import type { Server, Socket } from 'node:net';

/** The other end of a connection. */
export type Peer = Pick<Socket, 'remoteAddress' | 'remotePort'>;

/** All connections of a server, also those that are in the middle of a handshake, to be closed at the end. */
export class OpenSockets {
  readonly #sockets = new Map<string, Socket>();
  readonly #uses = new Map<Socket, number>();

  constructor(server: Server) {
    // Before a server of HTTP/2 makes its session of it.
    server.prependListener('connection', (socket) => {
      const key = keyOf(socket);
      this.#sockets.set(key, socket);
      socket.once('close', () => {
        if (this.#sockets.get(key) === socket) this.#sockets.delete(key);
        this.#uses.delete(socket);
      });
    });
  }

  /** The connection from there, under TLS and HTTP/2. */
  from(peer: Peer): Socket | undefined {
    return this.#sockets.get(keyOf(peer));
  }

  /**
   * Something is under way on the connection from there.
   * @returns a function to be called when it is not any more
   */
  use(peer: Peer): () => void {
    const socket = this.from(peer);
    if (socket === undefined) return () => {};
    this.#uses.set(socket, (this.#uses.get(socket) ?? 0) + 1);
    return () => {
      const uses = this.#uses.get(socket) ?? 1;
      if (uses > 1) this.#uses.set(socket, uses - 1);
      else this.#uses.delete(socket);
    };
  }

  /** Those on which nothing is under way, also those that have not said a word: Node's own server waits for them. */
  destroyUnused(): void {
    for (const socket of this.#sockets.values()) if (!this.#uses.has(socket)) socket.destroy();
  }

  destroy(): void {
    for (const socket of this.#sockets.values()) socket.destroy();
  }
}

function keyOf({ remoteAddress, remotePort }: Peer): string {
  return `${remoteAddress} ${remotePort}`;
}
