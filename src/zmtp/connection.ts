import type { Socket } from 'node:net';
import { armTimeout, clearTimeout, monotonicNow } from '../record/index.ts';
import { encodeCommand, readCommand } from './command.ts';
import type { ConnectionEvents, ConnectionOptions } from './connection-options.ts';
import { encodeFrame, type Frame } from './frame.ts';
import { FrameReader } from './frame-reader.ts';
import { encodeGreeting, GREETING_BYTES, looksLikeZmtp, readGreeting } from './greeting.ts';
import { IncomingMessage } from './incoming-message.ts';
import type { Mechanism } from './mechanism.ts';
import { Outgoing } from './outgoing.ts';
import { ZmtpError } from './zmtp-error.ts';

/** The maximum size of a handshake command in bytes. */
const HANDSHAKE_BYTES = 4_096;
/** A connection counts as lost after this many heartbeat intervals without data from the peer. */
const LOST_HEARTBEATS = 3;

/**
 * One ZMTP 3.1 connection over a stream socket: greeting, handshake, heartbeats, messages.
 *
 * It owns the socket. Data is parsed as it arrives, one message at a time. While the receiver processes a
 * message, the connection does not read, so TCP slows the peer down. An incomplete message is bounded in
 * bytes, frames and time; a peer that exceeds a bound is disconnected with the reason. Sent data is buffered
 * in the socket; `isFull` reports when the buffer is full, and the sender must stop then.
 *
 * Source: RFC 37 of ZeroMQ (ZMTP 3.1)
 */
export class Connection {
  readonly #socket: Socket;
  readonly #options: ConnectionOptions;
  readonly #events: ConnectionEvents;
  readonly #mechanism: Mechanism;
  readonly #outgoing: Outgoing;
  #reader = new FrameReader(HANDSHAKE_BYTES);
  #state: 'greeting' | 'handshake' | 'open' | 'closed' = 'greeting';
  readonly #message: IncomingMessage;
  /** When the first byte of the incomplete message arrived. */
  #beganAt: number | undefined;
  #receivedAt = monotonicNow();
  #isBusy = false;
  #isPaused = false;
  #isUnread = false;
  #hasHeartbeats = false;
  #timer: NodeJS.Timeout;
  /** When the next check is due. */
  #checkAt = 0;

  constructor(socket: Socket, mechanism: Mechanism, options: ConnectionOptions, events: ConnectionEvents) {
    this.#socket = socket;
    this.#mechanism = mechanism;
    this.#options = options;
    this.#events = events;
    this.#message = new IncomingMessage(options.maxMessageBytes, options.maxFrames);
    this.#outgoing = new Outgoing(socket, () => {
      if (this.#state !== 'open') return;
      this.#events.drained();
      if (this.#isUnread) this.#parse();
    });
    socket.setNoDelay(true);
    socket.on('data', (chunk: Buffer) => this.#received(chunk));
    socket.on('error', (error) =>
      this.#end(new ZmtpError('connection', `the connection broke: ${error.message}`)),
    );
    socket.on('close', () => this.#end(new ZmtpError('connection', 'the peer closed the connection')));
    this.#timer = armTimeout(() => this.#handshakeTimedOut(), options.handshakeMillis);
    this.#timer.unref();
    this.#outgoing.add([encodeGreeting(mechanism.name, options.isServer)]);
  }

  /** Whether the send buffer is full. Also true until the handshake is complete. */
  get isFull(): boolean {
    return this.#state !== 'open' || this.#outgoing.isFull;
  }

  /** Bytes that the operating system has not taken yet. */
  get bytesWaiting(): number {
    return this.#outgoing.bytes;
  }

  /** Bytes of messages that have arrived and have not been processed. */
  get bytesHeld(): number {
    return this.#reader.bytes + this.#message.bytes;
  }

  /** When the incomplete message began; undefined: there is none. */
  get beganAt(): number | undefined {
    return this.#beganAt;
  }

  /**
   * Sends a message. Messages are written in the order of the calls. The frames must not change afterwards.
   */
  send(frames: readonly Uint8Array[]): void {
    if (this.#state !== 'open') return;
    for (const [at, frame] of frames.entries()) {
      this.#outgoing.add(this.#mechanism.encode(at === frames.length - 1 ? 'last' : 'more', frame));
    }
  }

  /** Continues reading after `holds` returned false. */
  resume(): void {
    if (!this.#isPaused) return;
    this.#isPaused = false;
    this.#parse();
  }

  /** Closes the connection at once. @param error the reason, which is passed to `closed` */
  destroy(error: ZmtpError): void {
    this.#end(error);
  }

  /** Sends the buffered data, then closes the connection. Call `destroy` to bound how long that takes. */
  end(): void {
    this.#outgoing.flush();
    this.#socket.end();
  }

  #received(chunk: Buffer): void {
    this.#receivedAt = monotonicNow();
    this.#reader.add(chunk);
    this.#parse();
  }

  #parse(): void {
    try {
      if (this.#state === 'greeting') this.#greet();
      while (this.#state !== 'closed' && this.#state !== 'greeting' && !this.#isStopped) {
        const frame = this.#reader.next();
        if (frame === undefined) break;
        if (this.#state === 'handshake') this.#handshake(frame);
        else this.#frame(this.#mechanism.decode(frame));
      }
    } catch (error) {
      if (!(error instanceof ZmtpError)) throw error;
      return this.#refuse(error);
    }
    this.#updateFlow();
  }

  /** Pauses or resumes the socket. While it is paused, TCP slows the peer down. */
  #updateFlow(): void {
    if (this.#state === 'closed') return;
    const { bytesHeld } = this;
    if (bytesHeld === 0 || this.#isBusy) this.#beganAt = undefined;
    else this.#beganAt ??= this.#receivedAt;
    if (this.#state === 'open' && this.#events.holds?.(bytesHeld) === false) this.#isPaused = true;
    // A server does not read from a client that does not read its replies.
    this.#isUnread = this.#options.isServer && this.#outgoing.isFull;
    if (this.#isBusy || this.#isPaused || this.#isUnread) this.#socket.pause();
    else this.#socket.resume();
  }

  get #isStopped(): boolean {
    return this.#isBusy || (this.#options.isServer && this.#outgoing.isFull);
  }

  #greet(): void {
    const bytes = this.#reader.take(GREETING_BYTES);
    if (bytes === undefined) {
      // Rejects other protocols before 64 bytes have arrived.
      const beginning = this.#reader.take(this.#reader.bytes)!;
      if (!looksLikeZmtp(beginning)) throw new ZmtpError('not_zmtp', 'the peer does not speak ZeroMQ');
      return this.#reader.add(beginning);
    }
    const { mechanism, minor } = readGreeting(bytes);
    if (mechanism !== this.#mechanism.name) {
      const wanted = this.#mechanism.name;
      throw new ZmtpError(
        'mismatch',
        `the peer uses the security mechanism ${mechanism.slice(0, 20)}, expected ${wanted}`,
      );
    }
    this.#hasHeartbeats = minor >= 1 && this.#options.heartbeatMillis > 0;
    this.#state = 'handshake';
    for (const command of this.#mechanism.begin()) this.#command(command);
  }

  #handshake(frame: Frame): void {
    if (!frame.isCommand)
      throw new ZmtpError('not_zmtp', 'a message arrived before the handshake was complete');
    const { answers, peer } = this.#mechanism.handshake(frame.body);
    for (const command of answers) this.#command(command);
    if (peer === undefined) return;
    const { socketType, peerTypes } = this.#options;
    if (!peerTypes.includes(peer.socketType)) {
      throw new ZmtpError('mismatch', `a ${peer.socketType} socket cannot connect to a ${socketType} socket`);
    }
    clearTimeout(this.#timer);
    this.#state = 'open';
    this.#reader.maxFrameBytes = this.#message.maxFrameBytes;
    this.#scheduleCheck();
    this.#events.opened(peer);
  }

  #frame({ isCommand, hasMore, body }: Frame): void {
    if (isCommand) return this.#commandReceived(body);
    const frames = this.#message.add(body, hasMore);
    if (frames === undefined) return;
    this.#beganAt = undefined;
    const taken = this.#events.message(frames);
    if (taken === undefined) return this.#message.release();
    // The bytes of the message count as held until it is processed.
    this.#isBusy = true;
    void taken.then(() => {
      this.#isBusy = false;
      this.#message.release();
      this.#parse();
    });
  }

  #commandReceived(body: Uint8Array): void {
    const { name, data } = readCommand(body);
    if (name !== 'PING' && name !== 'PONG') return this.#events.command?.(name, data);
    // A PING contains its time to live (2 bytes) and up to 16 bytes that the PONG returns.
    if (name === 'PING' && !this.#outgoing.isFull) this.#command(encodeCommand('PONG', data.subarray(2, 18)));
  }

  /** Commands are not encrypted before the handshake is complete. */
  #command(body: Uint8Array): void {
    this.#outgoing.add(
      this.#state === 'open' ? this.#mechanism.encode('command', body) : encodeFrame('command', body),
    );
  }

  get #checkMillis(): number {
    const { heartbeatMillis, messageMillis } = this.#options;
    return Math.min(this.#hasHeartbeats ? heartbeatMillis : messageMillis, messageMillis) / 2;
  }

  #scheduleCheck(): void {
    this.#checkAt = monotonicNow() + this.#checkMillis;
    this.#timer = armTimeout(() => this.#check(), this.#checkMillis);
    this.#timer.unref();
  }

  /** Checks for a silent peer, an incomplete message, and a peer that does not read. */
  #check(): void {
    const now = monotonicNow();
    const lateMillis = now - this.#checkAt;
    if (lateMillis >= this.#checkMillis) {
      // This process was stopped or got no CPU time: data that arrived in the meantime has not been read yet.
      this.#receivedAt += lateMillis;
      return this.#scheduleCheck();
    }
    const { heartbeatMillis, messageMillis } = this.#options;
    // While this side does not read, the peer does not count as silent.
    const silentMillis = this.#isBusy || this.#isPaused || this.#isUnread ? 0 : now - this.#receivedAt;
    if (this.#hasHeartbeats && silentMillis >= LOST_HEARTBEATS * heartbeatMillis) {
      return this.#end(
        new ZmtpError('silent', `the peer has sent nothing for ${Math.round(silentMillis)} ms`),
      );
    }
    if (
      this.#beganAt !== undefined &&
      !this.#isBusy &&
      !this.#isPaused &&
      now - this.#beganAt >= messageMillis
    ) {
      return this.#refuse(new ZmtpError('too_slow', `a message was incomplete after ${messageMillis} ms`));
    }
    if (this.#outgoing.stuckMillis >= messageMillis) {
      return this.#refuse(new ZmtpError('not_reading', `the peer has not read for ${messageMillis} ms`));
    }
    if (this.#hasHeartbeats && silentMillis >= heartbeatMillis / 2 && !this.#outgoing.isFull) {
      this.#command(encodeCommand('PING', Buffer.from([0, 0])));
    }
    this.#scheduleCheck();
  }

  #handshakeTimedOut(): void {
    this.#refuse(new ZmtpError('too_slow', 'the handshake took too long'));
  }

  /**
   * Closes the connection. During the handshake, a server sends the reason to an unauthorized client first.
   */
  #refuse(error: ZmtpError): void {
    if (this.#state === 'handshake' && this.#options.isServer && error.cause === 'unauthorized') {
      this.#command(encodeCommand('ERROR', Buffer.from('\x03400', 'latin1')));
      this.#outgoing.flush();
      // Sends what is buffered, and reads nothing more.
      this.#socket.pause().destroySoon();
      return this.#closed(error);
    }
    this.#end(error);
  }

  #end(error: ZmtpError): void {
    this.#socket.destroy();
    this.#closed(error);
  }

  #closed(error: ZmtpError): void {
    if (this.#state === 'closed') return;
    this.#state = 'closed';
    clearTimeout(this.#timer);
    this.#message.clear();
    this.#reader = new FrameReader(0);
    this.#outgoing.close();
    this.#events.closed(error);
  }
}
