import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { type CurveServerKeys, cannotListen, checkFree, listenTarget, showAddress } from '../net/index.ts';
import { armTimeout, clearTimeout } from '../record/index.ts';
import { Connection } from './connection.ts';
import { CurveServer } from './curve-server.ts';
import { HeldBytes } from './held-bytes.ts';
import type { Peer } from './mechanism.ts';
import { NullMechanism } from './null-mechanism.ts';
import { ZmtpError } from './zmtp-error.ts';

/** A client that has not completed its handshake by then is disconnected. */
const HANDSHAKE_MILLIS = 10_000;
/**
 * A PING is sent to an idle client at this interval; after three intervals without data it is disconnected.
 */
const HEARTBEAT_MILLIS = 10_000;
/** A received message must be complete within this time, and the client must read within it. */
const MESSAGE_MILLIS = 60_000;
/** How long replies may take to be sent after the server is closed. */
const LINGER_MILLIS = 200;

export interface ZmtpServerOptions {
  readonly endpoint: string;
  /** The name of the endpoint's setting, for error messages. */
  readonly setting: string;
  readonly socketType: 'ROUTER' | 'PULL' | 'PUB';
  readonly peerTypes: readonly string[];
  readonly curve?: CurveServerKeys | undefined;
  /** The maximum number of bytes and of frames per message. */
  readonly maxMessageBytes: number;
  readonly maxFrames: number;
  /** The maximum number of connections; further ones are closed at once. */
  readonly maxConnections: number;
  /** The maximum number of bytes of unprocessed messages, of all connections together. */
  readonly maxHeldBytes: number;
}

/** A connected client. */
export interface ServerConnection {
  /** `127.0.0.1:50514`; `ipc` for a Unix domain socket. */
  readonly address: string;
  /** The public key in Z85, with CURVE. */
  readonly key: string | undefined;
  /** Whether the send buffer of this client is full. */
  readonly isFull: boolean;
  send(frames: readonly Uint8Array[]): void;
  /** Closes the connection. */
  destroy(): void;
}

export interface ZmtpServerEvents {
  opened?(connection: ServerConnection): void;
  /** @see ConnectionEvents.message */
  message(connection: ServerConnection, frames: readonly Uint8Array[]): Promise<void> | undefined;
  /** @see ConnectionEvents.command */
  command?(connection: ServerConnection, name: string, data: Uint8Array): void;
  drained?(connection: ServerConnection): void;
  /** An opened connection was closed. */
  closed?(connection: ServerConnection): void;
  /** A client was disconnected or rejected because it violated a rule or a bound. */
  refused(cause: string, address: string, why: string): void;
}

/** Ordinary ends of a connection, which are not reported as refused. */
const UNREPORTED_CAUSES: readonly string[] = ['connection', 'silent'];

/**
 * A ROUTER, PULL or PUB socket: accepts connections, completes their handshakes, reads their messages.
 *
 * Bounds: the number of connections, bytes and frames per message, bytes of unprocessed messages of all
 * clients, the time for a handshake and for a message, and data that a client does not read. A client that
 * exceeds a bound is disconnected, counted and reported. While messages are not processed, TCP slows the
 * clients down.
 */
export class ZmtpServer {
  readonly #options: ZmtpServerOptions;
  readonly #events: ZmtpServerEvents;
  readonly #server: Server;
  readonly #held: HeldBytes;
  readonly #connections = new Set<Connection>();
  #endpoint: string;

  constructor(options: ZmtpServerOptions, events: ZmtpServerEvents) {
    this.#options = options;
    this.#events = events;
    this.#endpoint = options.endpoint;
    this.#held = new HeldBytes(options.maxHeldBytes);
    this.#server = createServer({ pauseOnConnect: false }, (socket) => this.#accept(socket));
    this.#server.maxConnections = options.maxConnections;
    this.#server.on('drop', (data) => {
      const address = addressOf({ address: data?.remoteAddress, port: data?.remotePort });
      events.refused('connections', address, `the limit of ${options.maxConnections} connections is reached`);
    });
  }

  /** The endpoint with the actual port. */
  get endpoint(): string {
    return this.#endpoint;
  }

  /** @throws (rejects) an Error that names the endpoint and its setting */
  async listen(): Promise<void> {
    const { endpoint, setting } = this.#options;
    await checkFree(endpoint, setting);
    const target = listenTarget(endpoint);
    // Removes the socket that a killed process left behind.
    if ('path' in target && !target.path.startsWith('\0'))
      await rm(target.path, { force: true }).catch(() => {});
    const listening = once(this.#server, 'listening');
    try {
      this.#server.listen(target);
      await listening;
    } catch (error) {
      throw cannotListen(endpoint, setting, error);
    }
    this.#server.on('error', () => {});
    const address = this.#server.address() as AddressInfo | string;
    if (typeof address !== 'string' && 'host' in target) {
      this.#endpoint = `tcp://${showAddress({ host: target.host, port: address.port })}`;
    }
  }

  /** Accepts no more connections, sends buffered data for at most {@link LINGER_MILLIS}, and closes. */
  async close(): Promise<void> {
    if (!this.#server.listening) return;
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.#held.close();
    for (const connection of this.#connections) connection.end();
    const timer = armTimeout(() => {
      for (const connection of this.#connections) {
        connection.destroy(new ZmtpError('connection', 'the server was closed'));
      }
    }, LINGER_MILLIS);
    await closed;
    clearTimeout(timer);
  }

  #accept(socket: Socket): void {
    const { curve, socketType, peerTypes, maxMessageBytes, maxFrames } = this.#options;
    const address = addressOf({ address: socket.remoteAddress, port: socket.remotePort });
    const mechanism =
      curve === undefined ? new NullMechanism(socketType) : new CurveServer(socketType, curve);
    let client: Client | undefined;
    const connection: Connection = new Connection(
      socket,
      mechanism,
      {
        ...{ socketType, peerTypes, maxMessageBytes, maxFrames, isServer: true },
        handshakeMillis: HANDSHAKE_MILLIS,
        heartbeatMillis: HEARTBEAT_MILLIS,
        messageMillis: MESSAGE_MILLIS,
      },
      {
        opened: (peer) => {
          client = new Client(connection, address, peer);
          this.#events.opened?.(client);
        },
        message: (frames) => this.#events.message(client!, frames),
        command: (name, data) => this.#events.command?.(client!, name, data),
        drained: () => this.#events.drained?.(client!),
        holds: (bytes) => this.#held.set(connection, bytes),
        closed: (error) => {
          this.#connections.delete(connection);
          this.#held.remove(connection);
          if (client !== undefined) this.#events.closed?.(client);
          if (!UNREPORTED_CAUSES.includes(error.cause))
            this.#events.refused(error.cause, address, error.message);
        },
      },
    );
    this.#connections.add(connection);
  }
}

class Client implements ServerConnection {
  readonly #connection: Connection;
  readonly address: string;
  readonly key: string | undefined;

  constructor(connection: Connection, address: string, { key }: Peer) {
    this.#connection = connection;
    this.address = address;
    this.key = key;
  }

  get isFull(): boolean {
    return this.#connection.isFull;
  }

  send(frames: readonly Uint8Array[]): void {
    this.#connection.send(frames);
  }

  destroy(): void {
    this.#connection.destroy(new ZmtpError('connection', 'this side closed the connection'));
  }
}

function addressOf({ address, port }: { address?: string | undefined; port?: number | undefined }): string {
  if (address === undefined || port === undefined) return 'ipc';
  return showAddress({ host: address.replace(/^::ffff:(?=\d+\.)/, ''), port });
}
