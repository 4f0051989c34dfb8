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

/** Bytes of a handshake's command. */
const HANDSHAKE_BYTES = 4_096;
/** A connection counts as broken after so many heartbeats without a sign of life. */
const LOST_HEARTBEATS = 3;

/**
 * One connection of ZMTP 3.1 over a stream socket: greeting, handshake, heartbeats, messages.
 *
 * It owns the socket. What arrives is parsed as it comes, one message at a time, and while the receiver of a message is
 * busy nothing more is read: the peer is slowed down by TCP. What it may hold of a message that is not whole is bounded
 * in bytes, frames and time; a peer that passes a bound is cut off with the reason. What is sent waits in the socket;
 * `isFull` says when that is too much, and it is up to the sender to stop.
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
  /** When the first byte of the message came that is not whole. */
  #begunAt: number | undefined;
  #heardAt = monotonicNow();
  #isBusy = false;
  #isPaused = false;
  #isUnread = false;
  #hasHeartbeats = false;
  #timer: NodeJS.Timeout;
  /** When the timer of the next look is due. */
  #beatAt = 0;

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
    socket.on('data', (chunk: Buffer) => this.#heard(chunk));
    socket.on('error', (error) =>
      this.#end(new ZmtpError('connection', `the connection broke: ${error.message}`)),
    );
    socket.on('close', () => this.#end(new ZmtpError('connection', 'the peer closed the connection')));
    this.#timer = armTimeout(() => this.#late(), options.handshakeMillis);
    this.#timer.unref();
    this.#outgoing.add([encodeGreeting(mechanism.name, options.isServer)]);
  }

  /** Whether more waits to be sent than should. Also while there is no peer yet. */
  get isFull(): boolean {
    return this.#state !== 'open' || this.#outgoing.isFull;
  }

  /** Bytes that wait to be taken by the operating system. */
  get bytesWaiting(): number {
    return this.#outgoing.bytes;
  }

  /** Bytes held of messages that were not taken yet. */
  get bytesHeld(): number {
    return this.#reader.bytes + this.#message.bytes;
  }

  /** When the message began that is not whole; undefined: there is none. */
  get begunAt(): number | undefined {
    return this.#begunAt;
  }

  /** Sends a message. It is written in the order of the calls. Frames must not change afterwards. */
  send(frames: readonly Uint8Array[]): void {
    if (this.#state !== 'open') return;
    for (const [at, frame] of frames.entries()) {
      this.#outgoing.add(this.#mechanism.encode(at === frames.length - 1 ? 'last' : 'more', frame));
    }
  }

  /** Reads again, after `holds` said no. */
  resume(): void {
    if (!this.#isPaused) return;
    this.#isPaused = false;
    this.#parse();
  }

  /** Closes the connection at once. @param error why, for `closed` */
  destroy(error: ZmtpError): void {
    this.#end(error);
  }

  /** Sends what waits, then closes; `destroy` bounds how long that takes. */
  end(): void {
    this.#outgoing.flush();
    this.#socket.end();
  }

  #heard(chunk: Buffer): void {
    this.#heardAt = monotonicNow();
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
    this.#flow();
  }

  /** Reads on, or not: while a message is being taken, or too much is held by all, TCP slows the peer down. */
  #flow(): void {
    if (this.#state === 'closed') return;
    const { bytesHeld } = this;
    if (bytesHeld === 0 || this.#isBusy) this.#begunAt = undefined;
    else this.#begunAt ??= this.#heardAt;
    if (this.#state === 'open' && this.#events.holds?.(bytesHeld) === false) this.#isPaused = true;
    // A server need not read from a client that does not read its answers.
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
      // What is no ZMTP must not wait for its 64th byte.
      const beginning = this.#reader.take(this.#reader.bytes)!;
      if (!looksLikeZmtp(beginning)) throw new ZmtpError('not_zmtp', 'it does not speak ZeroMQ');
      return this.#reader.add(beginning);
    }
    const { mechanism, minor } = readGreeting(bytes);
    if (mechanism !== this.#mechanism.name) {
      const wanted = this.#mechanism.name;
      throw new ZmtpError(
        'mismatch',
        `it requires the security mechanism ${mechanism.slice(0, 20)}, this side ${wanted}`,
      );
    }
    this.#hasHeartbeats = minor >= 1 && this.#options.heartbeatMillis > 0;
    this.#state = 'handshake';
    for (const command of this.#mechanism.begin()) this.#command(command);
  }

  #handshake(frame: Frame): void {
    if (!frame.isCommand) throw new ZmtpError('not_zmtp', 'a message came before the handshake was done');
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
    this.#armBeat();
    this.#events.opened(peer);
  }

  #frame({ isCommand, hasMore, body }: Frame): void {
    if (isCommand) return this.#commanded(body);
    const frames = this.#message.add(body, hasMore);
    if (frames === undefined) return;
    this.#begunAt = undefined;
    const taken = this.#events.message(frames);
    if (taken === undefined) return this.#message.release();
    // Its bytes are held until it is taken.
    this.#isBusy = true;
    void taken.then(() => {
      this.#isBusy = false;
      this.#message.release();
      this.#parse();
    });
  }

  #commanded(body: Uint8Array): void {
    const { name, data } = readCommand(body);
    if (name !== 'PING' && name !== 'PONG') return this.#events.command?.(name, data);
    // A PING brings its time to live, 2 bytes, and up to 16 bytes that come back.
    if (name === 'PING' && !this.#outgoing.isFull) this.#command(encodeCommand('PONG', data.subarray(2, 18)));
  }

  /** Before the end of the handshake nothing is in boxes. */
  #command(body: Uint8Array): void {
    this.#outgoing.add(
      this.#state === 'open' ? this.#mechanism.encode('command', body) : encodeFrame('command', body),
    );
  }

  get #beatMillis(): number {
    const { heartbeatMillis, messageMillis } = this.#options;
    return Math.min(this.#hasHeartbeats ? heartbeatMillis : messageMillis, messageMillis) / 2;
  }

  #armBeat(): void {
    this.#beatAt = monotonicNow() + this.#beatMillis;
    this.#timer = armTimeout(() => this.#beat(), this.#beatMillis);
    this.#timer.unref();
  }

  /** Looks after silence, messages that do not end, and peers that do not read. */
  #beat(): void {
    const now = monotonicNow();
    const lateMillis = now - this.#beatAt;
    if (lateMillis >= this.#beatMillis) {
      // This process was stopped, or had no processor: what came meanwhile has not been read yet.
      this.#heardAt += lateMillis;
      return this.#armBeat();
    }
    const { heartbeatMillis, messageMillis } = this.#options;
    // What this side does not read is no silence of the peer.
    const silentMillis = this.#isBusy || this.#isPaused || this.#isUnread ? 0 : now - this.#heardAt;
    if (this.#hasHeartbeats && silentMillis >= LOST_HEARTBEATS * heartbeatMillis) {
      return this.#end(new ZmtpError('silent', `nothing was heard for ${Math.round(silentMillis)} ms`));
    }
    if (
      this.#begunAt !== undefined &&
      !this.#isBusy &&
      !this.#isPaused &&
      now - this.#begunAt >= messageMillis
    ) {
      return this.#refuse(new ZmtpError('too_slow', `a message was not whole after ${messageMillis} ms`));
    }
    if (this.#outgoing.stuckMillis >= messageMillis) {
      return this.#refuse(new ZmtpError('not_reading', `it has not read for ${messageMillis} ms`));
    }
    if (this.#hasHeartbeats && silentMillis >= heartbeatMillis / 2 && !this.#outgoing.isFull) {
      this.#command(encodeCommand('PING', Buffer.from([0, 0])));
    }
    this.#armBeat();
  }

  #late(): void {
    this.#refuse(new ZmtpError('too_slow', 'the handshake took too long'));
  }

  /** Says why, if there is a handshake to say it in. */
  #refuse(error: ZmtpError): void {
    if (this.#state === 'handshake' && this.#options.isServer && error.cause === 'unauthorized') {
      this.#command(encodeCommand('ERROR', Buffer.from('\x03400', 'latin1')));
      this.#outgoing.flush();
      // It still goes out; nothing more is read.
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
