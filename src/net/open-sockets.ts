import type { Server, Socket } from 'node:net';

/** The other end of a connection. */
export type Peer = Pick<Socket, 'remoteAddress' | 'remotePort'>;

/**
 * All connections of a server, also those that are in the middle of a handshake: to be closed at the end, and bounded.
 * Beyond the bound the connection is closed that has been unused for the longest time, so that those who are silent do
 * not keep others out; the new one only if all are in use.
 */
export class OpenSockets {
  readonly #max: number;
  /** By the other end, the one that was used last at the end. */
  readonly #sockets = new Map<string, Socket>();
  readonly #uses = new Map<Socket, number>();
  /** Of sockets that have no address at the other end. */
  readonly #ids = new WeakMap<object, number>();
  #lastId = 0;

  /** @param max how many connections at a time */
  constructor(server: Server, max = Number.POSITIVE_INFINITY) {
    this.#max = max;
    // Before a server of HTTP/2 makes its session of it.
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

  /** How many there are. */
  get count(): number {
    return this.#sockets.size;
  }

  /** The connection from there, under TLS and HTTP/2. */
  from(peer: Peer): Socket | undefined {
    return this.#sockets.get(this.#keyOf(peer));
  }

  /**
   * Something is under way on the connection from there.
   * @returns a function to be called when it is not any more
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

  /** Those on which nothing is under way, also those that have not said a word: Node's own server waits for them. */
  destroyUnused(): void {
    for (const socket of this.#sockets.values()) if (!this.#uses.has(socket)) socket.destroy();
  }

  destroy(): void {
    for (const socket of this.#sockets.values()) socket.destroy();
  }

  /** The one that has been unused for the longest time. It counts as closed. */
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
