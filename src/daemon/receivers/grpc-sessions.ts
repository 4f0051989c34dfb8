import type { ServerHttp2Session } from 'node:http2';

/** For many calls at once; Node's own is 64 KiB, a pause of a whole way there and back after each. */
const SESSION_WINDOW_BYTES = 2 ** 20;
/** A client that is silent for so long is told that it may come again. */
const IDLE_MILLIS = 15 * 60_000;

/** The open connections of a gRPC server, to be ended one day. */
export class GrpcSessions {
  readonly #handshakeMillis: number;
  readonly #sessions = new Set<ServerHttp2Session>();
  #isClosing = false;

  /** @param handshakeMillis how long a client may take until it speaks HTTP/2 */
  constructor(handshakeMillis: number) {
    this.#handshakeMillis = handshakeMillis;
  }

  add(session: ServerHttp2Session): void {
    // What is wrong with it comes as the server's `sessionError` too, where it is counted.
    session.on('error', () => {});
    if (this.#isClosing) return session.destroy();
    this.#sessions.add(session);
    const timer = setTimeout(() => session.destroy(), this.#handshakeMillis);
    session.once('remoteSettings', () => clearTimeout(timer));
    session.once('close', () => {
      clearTimeout(timer);
      this.#sessions.delete(session);
    });
    session.setLocalWindowSize(SESSION_WINDOW_BYTES);
    session.setTimeout(IDLE_MILLIS, () => session.close());
  }

  /** Lets open calls end, takes no new one; a connection closes after its last. */
  close(): void {
    this.#isClosing = true;
    for (const session of this.#sessions) session.close();
  }
}
