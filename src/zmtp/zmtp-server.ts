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

/** A client that has not said who it is by then is cut off. */
const HANDSHAKE_MILLIS = 10_000;
/** An idle client is asked so often whether it is there, and cut off after three times that without an answer. */
const HEARTBEAT_MILLIS = 10_000;
/** A message that has begun must be whole by then, and what is sent must be read. */
const MESSAGE_MILLIS = 60_000;
/** How long answers may take to leave after the server was closed. */
const LINGER_MILLIS = 200;

export interface ZmtpServerOptions {
  readonly endpoint: string;
  /** The name of the endpoint's setting, for error messages. */
  readonly setting: string;
  readonly socketType: 'ROUTER' | 'PULL' | 'PUB';
  readonly peerTypes: readonly string[];
  readonly curve?: CurveServerKeys | undefined;
  /** Most bytes and most frames of a message. */
  readonly maxMessageBytes: number;
  readonly maxFrames: number;
  /** Most connections; more are closed at once. */
  readonly maxConnections: number;
  /** Most bytes of messages that were not taken yet, of all connections. */
  readonly maxHeldBytes: number;
}

/** A client, as the server's owner sees it. */
export interface ServerConnection {
  /** `127.0.0.1:50514`; `ipc` over a socket of this machine. */
  readonly address: string;
  /** Its public key in Z85, with CURVE. */
  readonly key: string | undefined;
  /** More waits to be sent to it than should. */
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
  /** A connection that was opened is no longer there. */
  closed?(connection: ServerConnection): void;
  /** A client was cut off, or not let in. */
  refused(cause: string, address: string, why: string): void;
}

/** Causes that are nobody's fault. */
const ORDINARY: readonly string[] = ['connection', 'silent'];

/**
 * A ROUTER, PULL or PUB socket: takes connections, does their handshakes, reads their messages.
 *
 * Bounds: connections, bytes and frames of a message, bytes that all clients together have sent and that were not taken
 * yet, the time of a handshake and of a message, bytes that a client does not read. Who passes one is cut off, counted
 * and named; when what arrives is not taken, TCP slows the clients down.
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
      events.refused('connections', address, `there are ${options.maxConnections} connections already`);
    });
  }

  /** With the real port. */
  get endpoint(): string {
    return this.#endpoint;
  }

  /** @throws (rejects) Error that names the endpoint and its setting */
  async listen(): Promise<void> {
    const { endpoint, setting } = this.#options;
    await checkFree(endpoint, setting);
    const target = listenTarget(endpoint);
    // A socket that a killed process left behind.
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

  /** Takes no more, sends what waits for at most {@link LINGER_MILLIS}, and closes. */
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
          if (!ORDINARY.includes(error.cause)) this.#events.refused(error.cause, address, error.message);
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
