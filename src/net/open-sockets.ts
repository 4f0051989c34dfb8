import type { Server, Socket } from 'node:net';

/** The remote end of a connection. */
export type Peer = Pick<Socket, 'remoteAddress' | 'remotePort'>;

/**
 * All connections of a server, including those whose handshake is not complete, so that they can be closed on
 * shutdown.
 *
 * Their number is bounded. At the bound, a new connection closes the one that has been idle for the longest
 * time, so that idle clients do not block others. If none is idle, the new connection is closed.
 */
export class OpenSockets {
  readonly #max: number;
  /** By remote address, the most recently used last. */
  readonly #sockets = new Map<string, Socket>();
  readonly #uses = new Map<Socket, number>();
  /** Keys for sockets without a remote address. */
  readonly #ids = new WeakMap<object, number>();
  #lastId = 0;

  /** @param max the maximum number of connections */
  constructor(server: Server, max = Number.POSITIVE_INFINITY) {
    this.#max = max;
    // Runs before an HTTP/2 server creates a session for the socket.
    server.prependListener('connection', (socket) => {
      const key = this.#keyOf(socket);
      if (this.#sockets.size >= this.#max) (this.#unused() ?? socket).destroy();
      if (socket.destroyed) return;
      this.#sockets.set(key, socket);
      socket.once('close', () => {
        this.#forget(key, socket);
        this.#uses.delete(socket);
      });
    });
  }

  /** The number of connections. */
  get count(): number {
    return this.#sockets.size;
  }

  /** The socket below TLS and HTTP/2 of the connection from this address. */
  from(peer: Peer): Socket | undefined {
    return this.#sockets.get(this.#keyOf(peer));
  }

  /**
   * Marks the connection from this address as in use.
   * @returns a function to call when the use ends
   */
  use(peer: Peer): () => void {
    const socket = this.from(peer);
    if (socket === undefined) return () => {};
    const key = this.#keyOf(peer);
    this.#uses.set(socket, (this.#uses.get(socket) ?? 0) + 1);
    return () => {
      const uses = this.#uses.get(socket) ?? 1;
      if (uses > 1) this.#uses.set(socket, uses - 1);
      else this.#uses.delete(socket);
      if (this.#sockets.get(key) !== socket) return;
      this.#sockets.delete(key);
      this.#sockets.set(key, socket);
    };
  }

  /**
   * Closes idle connections, including those that have sent nothing: Node's own server would wait for them.
   */
  destroyUnused(): void {
    for (const socket of this.#sockets.values()) if (!this.#uses.has(socket)) socket.destroy();
  }

  destroy(): void {
    for (const socket of this.#sockets.values()) socket.destroy();
  }

  /** Removes and returns the connection that has been idle for the longest time. */
  #unused(): Socket | undefined {
    for (const [key, socket] of this.#sockets) {
      if (this.#uses.has(socket)) continue;
      this.#forget(key, socket);
      return socket;
    }
    return undefined;
  }

  #forget(key: string, socket: Socket): void {
    if (this.#sockets.get(key) === socket) this.#sockets.delete(key);
  }

  #keyOf(peer: Peer): string {
    const { remoteAddress, remotePort } = peer;
    if (remoteAddress !== undefined) return `${remoteAddress} ${remotePort}`;
    const known = this.#ids.get(peer);
    if (known !== undefined) return `#${known}`;
    this.#lastId += 1;
    this.#ids.set(peer, this.#lastId);
    return `#${this.#lastId}`;
  }
}
