import {
  type Accepted,
  type Intake,
  newCounters,
  type Receiver,
  type ReceiverCounters,
  Refusals,
} from '../../component/index.ts';
import {
  CONTENT_OTLP,
  type DataFrame,
  decodeClientFrame,
  ENCODING_IDENTITY,
  encodeReply,
  FrameError,
  type HelloFrame,
  unpackBody,
} from '../../frames/index.ts';
import { causeOf, type ScannedLogs, scanLogsInTurns } from '../../otlp/index.ts';
import { type Clock, errorText, nextTurn, systemClock, within } from '../../record/index.ts';
import { type ServerConnection, ZmtpServer } from '../../zmtp/index.ts';
import type { ClientSession } from './client-session.ts';
import { ClientSessions } from './client-sessions.ts';
import { InFlightBound } from './in-flight-bound.ts';
import { owned } from './message-group.ts';
import type { ZmqAckReceiverOptions, ZmqReceiverTools } from './options.ts';

/** Counts the records of a body. @throws if the body is invalid; the cause of a `WireError` is counted */
export type ScanBody = (body: Uint8Array, maxBytes: number) => ScannedLogs | Promise<ScannedLogs>;

export interface ZmqAckReceiverTools extends ZmqReceiverTools {
  /** Checks a body before it is accepted. Default: `scanLogsInTurns`. */
  readonly scan?: ScanBody | undefined;
}

/** Magic, header and body. */
const FRAMES = 3;
/** Bytes of a message besides its body. */
const HEAD_BYTES = 1024;
const TOP_UINT32 = 0xffff_ffff;
const scanBody: ScanBody = (body, maxBytes) => scanLogsInTurns(body, maxBytes, nextTurn);
/** Random extension of a retry delay, so that clients do not all retry at the same time. */
const JITTER = 0.5;

/**
 * Receives batches in ack mode: a ROUTER socket that replies only after the journal has answered.
 *
 * It reads one message of a client at a time. It stops reading from a client that has twice its credit in
 * flight, and from all clients while too much waits for the journal, until there is room again. The credit
 * per client shrinks as the number of active clients grows. Invalid batches are refused, counted and logged
 * with their sender. Replies are merged: all batches of one journal group get one reply, and a client that
 * does not read gets only the last replies.
 */
export class ZmqAckReceiver implements Receiver {
  readonly counters: ReceiverCounters = newCounters();
  readonly #options: ZmqAckReceiverOptions;
  readonly #intake: Intake;
  readonly #scan: ScanBody;
  readonly #clock: Clock;
  readonly #refusals: Refusals;
  readonly #bound: InFlightBound;
  readonly #sessions: ClientSessions;
  readonly #server: ZmtpServer;
  readonly #replying = new Set<ClientSession>();
  /** Callbacks that run when a batch of the session is settled. */
  readonly #settled = new Map<ClientSession, (() => void)[]>();
  #isStopping = false;
  #stop: Promise<void> | undefined;

  constructor(options: ZmqAckReceiverOptions, tools: ZmqAckReceiverTools) {
    this.#options = options;
    const { intake, scan = scanBody, clock = systemClock, setting = 'endpoint', curve, log } = tools;
    this.#intake = intake;
    this.#scan = scan;
    this.#clock = clock;
    this.#refusals = new Refusals(setting, this.counters, log);
    const { endpoint, maxBatchBytes, maxConnections, maxInFlightBytes, maxInFlightBatches } = options;
    this.#bound = new InFlightBound(maxInFlightBytes, maxInFlightBatches);
    this.#sessions = new ClientSessions(intake);
    this.#server = new ZmtpServer(
      {
        ...{ endpoint, setting, curve, maxConnections, socketType: 'ROUTER', peerTypes: ['DEALER'] },
        ...{ maxMessageBytes: maxBatchBytes + HEAD_BYTES, maxFrames: FRAMES },
        maxHeldBytes: Math.max(maxInFlightBytes, 2 * maxBatchBytes),
      },
      {
        message: (connection, frames) => this.#take(connection, frames),
        drained: (connection) => this.#reply(this.#sessions.sessionsOf(connection)),
        closed: (connection) => this.#sessions.closed(connection),
        refused: (cause, address, why) => this.#refusals.refused(cause, address, why),
      },
    );
  }

  /** The endpoint with the actual port. */
  get endpoint(): string {
    return this.#server.endpoint;
  }

  /** @throws (rejects) Error that names the endpoint and its setting */
  start(): Promise<void> {
    return this.#server.listen();
  }

  /**
   * Accepts nothing more, answers the batches that wait for the journal within `graceMillis`, and closes. May
   * be called twice.
   */
  stop(graceMillis: number): Promise<void> {
    this.#stop ??= this.#end(graceMillis);
    return this.#stop;
  }

  async #end(graceMillis: number): Promise<void> {
    this.#isStopping = true;
    await within(this.#bound.idle(), graceMillis, this.#clock, true);
    this.#replyAll();
    await this.#server.close();
  }

  /** Never throws. @returns a promise if the client has to wait */
  #take(connection: ServerConnection, parts: readonly Uint8Array[]): Promise<void> | undefined {
    if (this.#isStopping) return undefined;
    let frame: DataFrame | HelloFrame;
    try {
      frame = decodeClientFrame(parts);
    } catch (error) {
      this.#refusals.refused(causeOf(error), connection.address, errorText(error));
      return undefined;
    }
    const session = this.#sessions.of(connection, frame);
    if (typeof session === 'string') return this.#strange(connection, session);
    if (frame.kind === 'hello') {
      session.hello();
      this.#replySoon(session);
      return undefined;
    }
    this.#sessions.active(session, this.#clock.monotonicNow());
    if (this.#mustWait(session)) return this.#takeLater(session, frame);
    return this.#takeBatch(session, frame);
  }

  #strange(connection: ServerConnection, cause: 'not_owner' | 'too_many_producers'): undefined {
    const why =
      cause === 'not_owner'
        ? 'it uses a producer that belongs to another client'
        : 'it uses more producers than one client may have';
    this.#refusals.refused(cause, connection.address, why);
    if (cause === 'too_many_producers') connection.destroy();
  }

  #mustWait(session: ClientSession): boolean {
    return session.inFlight >= 2 * this.#options.credit || this.#bound.isFull || this.#bound.waiting > 0;
  }

  async #takeLater(session: ClientSession, frame: DataFrame): Promise<void> {
    while (session.inFlight >= 2 * this.#options.credit) {
      await new Promise<void>((resolve) => {
        this.#settled.set(session, [...(this.#settled.get(session) ?? []), resolve]);
      });
    }
    await this.#bound.room();
    if (!this.#isStopping) await this.#takeBatch(session, frame);
  }

  #takeBatch(session: ClientSession, frame: DataFrame): Promise<void> | undefined {
    try {
      if (frame.contentType !== CONTENT_OTLP) {
        throw new FrameError('unknown', `unknown content type ${frame.contentType}`);
      }
      const body = unpackBody(frame, this.#options.maxBatchBytes);
      if (!('then' in body)) return this.#append(session, frame, body);
      return body.then(
        (unpacked) => this.#append(session, frame, unpacked),
        (error: unknown) => this.#reject(session, frame, error),
      );
    } catch (error) {
      return this.#reject(session, frame, error);
    }
  }

  #reject(session: ClientSession, frame: DataFrame, error: unknown): undefined {
    const cause = causeOf(error);
    this.#refusals.refused(cause, session.connection?.address ?? 'a client', errorText(error));
    session.reject(frame.seq, cause, 2 * this.#options.credit);
    this.#replySoon(session);
  }

  #append(session: ClientSession, frame: DataFrame, unpacked: Uint8Array): Promise<void> | undefined {
    try {
      const scanned = this.#scan(unpacked, this.#options.maxBatchBytes);
      if (!('then' in scanned)) return this.#enter(session, frame, unpacked, scanned);
      return scanned.then(
        (found) => this.#enter(session, frame, unpacked, found),
        (error: unknown) => this.#reject(session, frame, error),
      );
    } catch (error) {
      return this.#reject(session, frame, error);
    }
  }

  #enter(session: ClientSession, frame: DataFrame, unpacked: Uint8Array, found: ScannedLogs): undefined {
    const { producer, seq, prev, records } = frame;
    // Passes the checksum from the wire to the journal, so that damage between arrival and disk is detected
    // on reading.
    const bodyCrc = frame.encoding === ENCODING_IDENTITY ? frame.bodyCrc : undefined;
    if (found.records !== records) {
      const why = `the header declares ${records} records, the body has ${found.records}`;
      return this.#reject(session, frame, new FrameError('malformed', why));
    }
    const body = owned(unpacked);
    const bytes = body.length;
    const { owner } = session;
    session.inFlight += 1;
    this.#bound.enter(bytes);
    this.#intake.append({ body, records, bodyCrc, origin: { producer, seq, prev, owner } }).then(
      (accepted) => {
        this.#settle(session, frame, bytes, accepted);
        this.#leave(session, bytes);
      },
      (error: unknown) => {
        // The journal has failed: nothing may be acknowledged any more, and the daemon ends.
        this.#refusals.refused('journal', session.connection?.address ?? 'a client', errorText(error));
        this.#leave(session, bytes);
      },
    );
  }

  #settle(session: ClientSession, frame: DataFrame, bytes: number, accepted: Accepted): void {
    const { refused } = this.counters;
    const refuse = (cause: string) => refused.set(cause, (refused.get(cause) ?? 0) + 1);
    switch (accepted.kind) {
      case 'accepted':
        this.counters.batches += 1;
        this.counters.records += frame.records;
        this.counters.bytes += bytes;
        return session.ack(frame.seq);
      case 'duplicate':
        this.counters.duplicates += 1;
        return session.ack(accepted.last);
      case 'gap':
        refuse('gap');
        return session.nack(accepted.last);
      case 'full': {
        refuse('full');
        const millis = accepted.retryAfterMillis * (1 + JITTER * Math.random());
        const afterMillis = Math.min(TOP_UINT32, Math.max(1, Math.ceil(millis)));
        return session.retry(this.#intake.lastSeq(session.producer), afterMillis);
      }
    }
  }

  #leave(session: ClientSession, bytes: number): void {
    session.inFlight -= 1;
    this.#replySoon(session);
    this.#sessions.settled(session);
    const waiting = this.#settled.get(session) ?? [];
    this.#settled.delete(session);
    for (const resolve of waiting) resolve();
    this.#bound.leave(bytes);
  }

  /**
   * Replies at the end of the turn, so that the batches of one journal group get one reply, before the sinks
   * start.
   */
  #replySoon(session: ClientSession): void {
    if (this.#replying.size === 0) void Promise.resolve().then(() => this.#replyAll());
    this.#replying.add(session);
  }

  #replyAll(): void {
    const sessions = [...this.#replying];
    this.#replying.clear();
    this.#reply(sessions);
  }

  /**
   * Sends the replies that are possible now. The others are sent when the journal has answered, or the client
   * has read.
   */
  #reply(sessions: Iterable<ClientSession>): void {
    const intake = this.#intake;
    const { maxBatchBytes } = this.#options;
    for (const session of sessions) {
      const { connection } = session;
      if (connection === undefined || connection.isFull) continue;
      const last = () => intake.lastSeq(session.producer);
      for (const reply of session.takeReplies(intake.id, this.#credit, maxBatchBytes, last)) {
        connection.send(encodeReply(reply));
      }
    }
  }

  /** How many batches each client may have in flight: a fair share of the limit for all. */
  get #credit(): number {
    const { credit, maxInFlightBatches } = this.#options;
    return Math.max(1, Math.min(credit, Math.floor(maxInFlightBatches / this.#sessions.activeCount)));
  }
}
