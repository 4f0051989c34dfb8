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
  /** The maximum number of bytes and of frames per received message. */
  readonly maxMessageBytes: number;
  readonly maxFrames: number;
  /** See `Connection`. */
  readonly heartbeatMillis: number;
  /** How long a connection may take from its beginning to the end of its handshake. */
  readonly handshakeMillis: number;
  /** The delay before the first reconnection attempt, and the longest delay. */
  readonly reconnectMillis: number;
  readonly reconnectMaxMillis: number;
  readonly clock: Clock;
}

export interface ZmtpClientEvents {
  opened(): void;
  message(frames: readonly Uint8Array[]): void;
  /** There is room again after `isFull`, or the operating system has taken everything that was sent. */
  drained(): void;
  /**
   * A connection failed or could not be established. The client reconnects by itself.
   * @param unsentBytes bytes that were sent and that the operating system did not take: they are lost
   */
  lost(error: ZmtpError, unsentBytes: number): void;
}

/** A received message must be complete within this time, and the peer must read within it. */
const MESSAGE_MILLIS = 60_000;
/** Random spread of the delay, so that many clients of one daemon do not reconnect together. */
const JITTER = 0.25;
/** How often to check whether only this client keeps the process alive. */
const CHECK_MILLIS = 50;

/**
 * A DEALER or PUSH socket with one endpoint. It reconnects whatever ended the connection, because a peer that
 * refused it may accept it later. Delays grow from `reconnectMillis` to `reconnectMaxMillis`, with jitter.
 *
 * It does not keep the process alive. When nothing else does, data for a peer that does not read is dropped.
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
  #checkTimer: NodeJS.Timeout | undefined;

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

  /** Whether no message should be sent now: there is no connection, or the send buffer is full. */
  get isFull(): boolean {
    return this.#connection?.isFull ?? true;
  }

  /** Bytes that the operating system has not taken. */
  get bytesWaiting(): number {
    return this.#connection?.bytesWaiting ?? 0;
  }

  /** Sends a message. It is lost if there is no connection. The frames must not change afterwards. */
  send(frames: readonly Uint8Array[]): void {
    this.#connection?.send(frames);
    this.#check();
  }

  /** Closes the connection and reconnects after the usual delay. */
  reconnect(): void {
    this.#connection?.destroy(new ZmtpError('silent', 'the peer did not answer'));
  }

  /** @param lingerMillis how long buffered data may take to be sent */
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
      failed(new Error(`no connection after ${handshakeMillis} ms`));
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
    this.#check();
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
   * A pending request of a socket keeps the process alive, even if the socket is unref'ed. While there is
   * one, this checks whether anything else keeps the process alive.
   */
  #check(): void {
    if (this.#checkTimer !== undefined || this.#isClosed) return;
    this.#checkTimer = armTimeout(() => {
      this.#checkTimer = undefined;
      const isConnecting = this.#socket?.connecting === true;
      if (!isConnecting && this.bytesWaiting === 0) return;
      if (!holdsOnlyRequests()) return this.#check();
      this.#socket?.destroy();
      if (isConnecting) this.#lost(new ZmtpError('connection', 'the process is ending'));
    }, CHECK_MILLIS);
    this.#checkTimer.unref();
  }
}
