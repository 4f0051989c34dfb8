import type { ServerHttp2Session } from 'node:http2';
import type { Socket } from 'node:net';

/** For many calls at once; Node's own is 64 KiB, a pause of a whole way there and back after each. */
const SESSION_WINDOW_BYTES = 2 ** 20;
/** So many times the bound of the handshake lie between two pings. */
const HEARTBEATS = 3;

/** The open connections of a gRPC server, to be ended one day. */
export class GrpcSessions {
  readonly #handshakeMillis: number;
  readonly #sessions = new Set<ServerHttp2Session>();
  #isClosing = false;

  /** @param handshakeMillis how long a client may take until it speaks HTTP/2 */
  constructor(handshakeMillis: number) {
    this.#handshakeMillis = handshakeMillis;
  }

  /** @param socket the connection that it lies on */
  add(session: ServerHttp2Session, socket: Socket | undefined): void {
    // What is wrong with it comes as the server's `sessionError` too, where it is counted.
    session.on('error', () => {});
    if (this.#isClosing) return session.destroy();
    this.#sessions.add(session);
    // Released at the end: as long as its socket can be reached from it, Node 20 never frees a session that
    // ended before its settings were answered.
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

  /** Takes no new call; a connection closes after its last. */
  close(): void {
    this.#isClosing = true;
    for (const session of this.#sessions) session.close();
  }
}

/**
 * Ends a connection that does not answer. Node keeps one forever, and sees no end of it, after a frame of a
 * wrong size (seen with Node 20), and one whose client takes leave and does not close; clients vanish without
 * a word, too.
 * @returns a function that stops it
 */
function heartbeat(session: ServerHttp2Session, everyMillis: number, end: () => void): () => void {
  let isAlive = true;
  const timer = setInterval(() => {
    // A ping of what is closed throws.
    if (!isAlive || session.destroyed || session.closed) return end();
    isAlive = false;
    session.ping((error) => {
      isAlive = error === null;
    });
  }, everyMillis);
  timer.unref();
  return () => clearInterval(timer);
}
