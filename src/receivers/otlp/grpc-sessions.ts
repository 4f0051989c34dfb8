import type { ServerHttp2Session } from 'node:http2';
import type { Socket } from 'node:net';

/** Large enough for many concurrent calls. Node's default of 64 KiB costs a round trip after each window. */
const SESSION_WINDOW_BYTES = 2 ** 20;
/** The interval between two pings, as a multiple of the handshake timeout. */
const HEARTBEATS = 3;

/** The open connections of a gRPC server, so that they can be closed on shutdown. */
export class GrpcSessions {
  readonly #handshakeMillis: number;
  readonly #sessions = new Set<ServerHttp2Session>();
  #isClosing = false;

  /** @param handshakeMillis how long a client may take to complete the HTTP/2 handshake */
  constructor(handshakeMillis: number) {
    this.#handshakeMillis = handshakeMillis;
  }

  /** @param socket the underlying connection */
  add(session: ServerHttp2Session, socket: Socket | undefined): void {
    // Session errors also arrive as `sessionError` of the server, where they are counted.
    session.on('error', () => {});
    if (this.#isClosing) return session.destroy();
    this.#sessions.add(session);
    // The reference is released on close: while the socket is reachable from here, Node 20 never frees a
    // session that ended before its settings were acknowledged.
    let connection = socket;
    const end = () => {
      session.destroy();
      connection?.destroy();
    };
    const timer = setTimeout(end, this.#handshakeMillis);
    const endHeartbeat = heartbeat(session, HEARTBEATS * this.#handshakeMillis, end);
    session.once('remoteSettings', () => clearTimeout(timer));
    session.once('close', () => {
      clearTimeout(timer);
      endHeartbeat();
      connection = undefined;
      this.#sessions.delete(session);
    });
    session.setLocalWindowSize(SESSION_WINDOW_BYTES);
  }

  /** Accepts no new calls. Each connection closes after its last call. */
  close(): void {
    this.#isClosing = true;
    for (const session of this.#sessions) session.close();
  }
}

/**
 * Closes a connection that does not answer pings. Node keeps some connections forever without noticing their
 * end: after a frame of an invalid size (seen with Node 20), and if the client sends GOAWAY but does not
 * close. Clients also disappear without notice.
 * @returns a function that stops the heartbeat
 */
function heartbeat(session: ServerHttp2Session, everyMillis: number, end: () => void): () => void {
  let isAlive = true;
  const timer = setInterval(() => {
    // `ping` throws on a closed session.
    if (!isAlive || session.destroyed || session.closed) return end();
    isAlive = false;
    session.ping((error) => {
      isAlive = error === null;
    });
  }, everyMillis);
  timer.unref();
  return () => clearInterval(timer);
}
