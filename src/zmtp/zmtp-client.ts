import { connect, type Socket } from 'node:net';
import { type CurveClientKeys, connectTarget } from '../net/index.ts';
import { armTimeout, Backoff, type Clock, clearTimeout } from '../record/index.ts';
import { Connection } from './connection.ts';
import { CurveClient } from './curve-client.ts';
import { holdsOnlyRequests } from './holds-only-requests.ts';
import { NullMechanism } from './null-mechanism.ts';
import { ZmtpError } from './zmtp-error.ts';

export interface ZmtpClientOptions {
  readonly endpoint: string;
  readonly socketType: 'DEALER' | 'PUSH';
  readonly peerTypes: readonly string[];
  readonly curve?: CurveClientKeys | undefined;
  /** Most bytes and most frames of a message that comes in. */
  readonly maxMessageBytes: number;
  readonly maxFrames: number;
  /** See `Connection`. */
  readonly heartbeatMillis: number;
  /** How long a connection may take from its beginning to the end of its handshake. */
  readonly handshakeMillis: number;
  /** The first wait before a connection is made again, and the longest. */
  readonly reconnectMillis: number;
  readonly reconnectMaxMillis: number;
  readonly clock: Clock;
}

export interface ZmtpClientEvents {
  opened(): void;
  message(frames: readonly Uint8Array[]): void;
  /** There is room again after `isFull`, or all that was sent has been taken by the operating system. */
  drained(): void;
  /**
   * A connection broke, or could not be made. The next attempt comes by itself.
   * @param unsentBytes what was sent, and not taken by the operating system: lost
   */
  lost(error: ZmtpError, unsentBytes: number): void;
}

/** A message that was begun must be whole by then, and what is sent must be read. */
const MESSAGE_MILLIS = 60_000;
/** How far a wait is moved at random, so that many clients of one daemon do not come back together. */
const JITTER = 0.25;
/** How often it is looked whether only this keeps the process alive. */
const LOOK_MILLIS = 50;

/**
 * A DEALER or PUSH socket with one endpoint. It connects, and connects again whatever ended the connection: also a peer
 * that refused it may let it in the next time. Waits grow from `reconnectMillis` to `reconnectMaxMillis`, with jitter.
 *
 * It keeps no process alive. What waits for a peer that does not read is dropped when nothing else is left to do.
 */
export class ZmtpClient {
  readonly #options: ZmtpClientOptions;
  readonly #events: ZmtpClientEvents;
  #socket: Socket | undefined;
  #connection: Connection | undefined;
  #isOpen = false;
  #isClosed = false;
  readonly #backoff: Backoff;
  #cancelRetry = () => {};
  #connectTimer: NodeJS.Timeout | undefined;
  #looking: NodeJS.Timeout | undefined;

  constructor(options: ZmtpClientOptions, events: ZmtpClientEvents) {
    this.#options = options;
    this.#events = events;
    const { reconnectMillis: initialMillis, reconnectMaxMillis: maxMillis } = options;
    this.#backoff = new Backoff({
      initialMillis,
      maxMillis,
      multiplier: 2,
      jitter: JITTER,
      random: Math.random,
    });
    this.#connect();
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** No message should be sent now: there is no connection, or too much waits. */
  get isFull(): boolean {
    return this.#connection?.isFull ?? true;
  }

  /** Bytes that the operating system has not taken. */
  get bytesWaiting(): number {
    return this.#connection?.bytesWaiting ?? 0;
  }

  /** Frames must not change afterwards. Lost if there is no connection. */
  send(frames: readonly Uint8Array[]): void {
    this.#connection?.send(frames);
    this.#look();
  }

  /** Ends this connection; the next one is made as after any other end. */
  reconnect(): void {
    this.#connection?.destroy(new ZmtpError('silent', 'the peer did not answer'));
  }

  /** @param lingerMillis how long what waits may still take to leave */
  close(lingerMillis: number): void {
    this.#isClosed = true;
    this.#isOpen = false;
    this.#cancelRetry();
    clearTimeout(this.#connectTimer);
    const [connection, socket] = [this.#connection, this.#socket];
    if (connection === undefined) return void socket?.destroy();
    const end = () => connection.destroy(new ZmtpError('connection', 'this side closed the connection'));
    connection.end();
    if (lingerMillis === 0 || connection.bytesWaiting === 0) return end();
    armTimeout(end, lingerMillis).unref();
  }

  #connect(): void {
    const { endpoint, curve, socketType, handshakeMillis } = this.#options;
    const socket = connect(connectTarget(endpoint));
    socket.unref();
    this.#socket = socket;
    const failed = (error: Error) => this.#lost(new ZmtpError('connection', error.message));
    socket.once('error', failed);
    this.#connectTimer = armTimeout(() => {
      socket.destroy();
      failed(new Error(`there was no connection after ${handshakeMillis} ms`));
    }, handshakeMillis);
    this.#connectTimer.unref();
    socket.once('connect', () => {
      clearTimeout(this.#connectTimer);
      socket.off('error', failed);
      const mechanism =
        curve === undefined ? new NullMechanism(socketType) : new CurveClient(socketType, curve);
      const { peerTypes, maxMessageBytes, maxFrames, heartbeatMillis } = this.#options;
      this.#connection = new Connection(
        socket,
        mechanism,
        {
          ...{ socketType, peerTypes, maxMessageBytes, maxFrames, handshakeMillis, heartbeatMillis },
          isServer: false,
          messageMillis: MESSAGE_MILLIS,
        },
        {
          opened: () => {
            this.#backoff.reset();
            this.#isOpen = true;
            this.#events.opened();
          },
          message: (frames) => void this.#events.message(frames),
          drained: () => this.#events.drained(),
          closed: (error) => this.#lost(error),
        },
      );
    });
    this.#look();
  }

  #lost(error: ZmtpError): void {
    const unsentBytes = this.bytesWaiting;
    this.#connection = undefined;
    this.#isOpen = false;
    clearTimeout(this.#connectTimer);
    if (this.#isClosed) return;
    this.#cancelRetry = this.#options.clock.after(this.#backoff.nextMillis(), () => this.#connect());
    this.#events.lost(error, unsentBytes);
  }

  /**
   * A request of the operating system keeps a process alive, also on a socket that does not. So as long as there is one,
   * it is looked whether anything else does.
   */
  #look(): void {
    if (this.#looking !== undefined || this.#isClosed) return;
    this.#looking = armTimeout(() => {
      this.#looking = undefined;
      const isConnecting = this.#socket?.connecting === true;
      if (!isConnecting && this.bytesWaiting === 0) return;
      if (!holdsOnlyRequests()) return this.#look();
      this.#socket?.destroy();
      if (isConnecting) this.#lost(new ZmtpError('connection', 'the process has nothing else to do'));
    }, LOOK_MILLIS);
    this.#looking.unref();
  }
}
