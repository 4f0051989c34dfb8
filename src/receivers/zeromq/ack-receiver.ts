import {
  CONTENT_OTLP,
  type DataFrame,
  decodeClientFrame,
  encodeReply,
  FrameError,
  type HelloFrame,
  unpackBody,
} from '../../frames/index.ts';
import { scanLogs } from '../../otlp/index.ts';
import { type Clock, errorText, systemClock, Teller } from '../../record/index.ts';
import { InFlightBound, loadZeromq, type ZeroMqLibrary } from '../../zeromq/index.ts';
import {
  type AcceptedLike,
  type CountersLike,
  causeOf,
  count,
  type IntakeLike,
  newCounters,
} from './intake.ts';
import { ListeningSocket } from './listening-socket.ts';
import type { ZmqAckReceiverOptions } from './options.ts';
import { type Peer, Peers } from './peers.ts';
import type { ZmqReceiverTools } from './tools.ts';

/** How many records a body holds. @throws if it is not what it should be; a `WireError`'s cause is counted. */
export type ScanBody = (body: Uint8Array) => { readonly records: number };

export interface ZmqAckReceiverTools extends ZmqReceiverTools {
  /** Looks through a body before it is taken. Default: `scanLogs`. */
  readonly scan?: ScanBody | undefined;
}

/** When a client that sends more than it may, or than there is room for, is to come again. */
const COME_AGAIN_MILLIS = 100;
/** After so many milliseconds of reading the event loop gets its turn. */
const TURN_MILLIS = 8;
const TOP_UINT32 = 0xffff_ffff;

/**
 * Takes batches in ack mode: a ROUTER socket whose answers come only after the journal's. What is not a batch is
 * refused and counted. It always reads: when too much waits for the journal, the client is told to come again.
 */
export class ZmqAckReceiver {
  readonly counters: CountersLike = newCounters();
  readonly #options: ZmqAckReceiverOptions;
  readonly #tools: ZmqAckReceiverTools;
  readonly #intake: IntakeLike;
  readonly #scan: ScanBody;
  readonly #clock: Clock;
  readonly #teller: Teller;
  readonly #bound: InFlightBound;
  readonly #peers: Peers;
  readonly #owing = new Set<Peer>();
  #listening: ListeningSocket<InstanceType<ZeroMqLibrary['Router']>> | undefined;
  #isStopping = false;
  #replying: Promise<void> | undefined;
  #stop: Promise<void> | undefined;

  constructor(options: ZmqAckReceiverOptions, tools: ZmqAckReceiverTools) {
    this.#options = options;
    this.#tools = tools;
    const { intake, scan = scanLogs, clock = systemClock } = tools;
    this.#intake = intake;
    this.#scan = scan;
    this.#clock = clock;
    this.#teller = new Teller('ZmqAckReceiver', clock);
    this.#bound = new InFlightBound(options.maxInFlightBytes, options.maxInFlightBatches);
    this.#peers = new Peers(options.maxPeers);
  }

  /** Where it listens, with the real port. */
  get endpoint(): string {
    return this.#listening?.endpoint ?? this.#options.endpoint;
  }

  /** @throws (rejects) Error that names the endpoint and its setting */
  async start(): Promise<void> {
    const library = loadZeromq();
    const { endpoint, maxBatchBytes } = this.#options;
    this.#listening = await ListeningSocket.open(
      library,
      { endpoint, maxMessageBytes: maxBatchBytes, ...this.#tools },
      (options) =>
        new library.Router({
          ...options,
          // A client that is gone must not hold up the answers to others.
          mandatory: true,
          sendTimeout: 0,
        }),
      this.#teller,
      () => count(this.counters.refused, 'unauthorized'),
    );
    void this.#read(this.#listening.socket);
  }

  /** Reads no more, answers what waits for the journal within `graceMillis`, closes. May be called twice. */
  stop(graceMillis: number): Promise<void> {
    this.#stop ??= this.#end(graceMillis);
    return this.#stop;
  }

  async #end(graceMillis: number): Promise<void> {
    this.#isStopping = true;
    await new Promise<void>((resolve) => {
      const cancel = this.#clock.after(graceMillis, resolve, true);
      void this.#bound.idle().then(() => {
        cancel();
        resolve();
      });
    });
    this.#replySoon();
    await this.#replying;
    await this.#listening?.close();
  }

  async #read(socket: InstanceType<ZeroMqLibrary['Router']>): Promise<void> {
    let turnAt = performance.now();
    while (!this.#isStopping) {
      try {
        const [routingId, ...parts] = await socket.receive();
        if (this.#isStopping) return;
        this.#take(routingId!, parts);
      } catch (error) {
        if (socket.closed) return;
        this.#teller.warn('socket', `a message could not be read: ${errorText(error)}`);
      }
      if (performance.now() - turnAt < TURN_MILLIS) continue;
      await new Promise((resolve) => setImmediate(resolve));
      turnAt = performance.now();
    }
  }

  /** Never throws. */
  #take(routingId: Buffer, parts: readonly Buffer[]): void {
    let frame: DataFrame | HelloFrame;
    try {
      frame = decodeClientFrame(parts);
    } catch (error) {
      return this.#refuse(causeOf(error), errorText(error));
    }
    const peer = this.#peers.heard(frame.producer, routingId);
    if (frame.kind === 'hello') peer.hello();
    else this.#takeBatch(peer, frame);
    this.#owe(peer);
  }

  #takeBatch(peer: Peer, frame: DataFrame): void {
    const { credit, maxBatchBytes } = this.#options;
    if (peer.inFlight >= 2 * credit) {
      this.#refuse('too_fast', `a client has more than ${2 * credit} batches under way`);
      return peer.retry(this.#intake.lastSeq(peer.producer), COME_AGAIN_MILLIS);
    }
    if (this.#bound.isFull) {
      this.#refuse('busy', 'too much waits for the journal');
      return peer.retry(this.#intake.lastSeq(peer.producer), COME_AGAIN_MILLIS);
    }
    let body: Uint8Array;
    try {
      if (frame.contentType !== CONTENT_OTLP) {
        throw new FrameError('unknown', `content type ${frame.contentType} is not known`);
      }
      body = unpackBody(frame, maxBatchBytes);
      const { records } = this.#scan(body);
      if (records !== frame.records) {
        throw new FrameError('malformed', `${frame.records} records are declared, there are ${records}`);
      }
    } catch (error) {
      const cause = causeOf(error);
      this.#refuse(cause, errorText(error));
      return peer.reject(frame.seq, cause, 2 * credit);
    }
    this.#append(peer, frame, body);
  }

  #append(peer: Peer, frame: DataFrame, body: Uint8Array): void {
    const { producer, seq, prev, records } = frame;
    // What is kept in memory is the message, compressed or not, and the body.
    const bytes = body.length;
    peer.inFlight += 1;
    peer.inFlightBytes += bytes;
    this.#bound.enter(bytes);
    this.#intake.append({ body, records, origin: { producer, seq, prev } }).then(
      (accepted) => {
        this.#settle(peer, frame, bytes, accepted);
        this.#leave(peer, bytes);
      },
      (error: unknown) => {
        // The journal is broken: nothing may be acknowledged any more, and the daemon ends.
        this.#refuse('journal', errorText(error));
        this.#leave(peer, bytes);
      },
    );
  }

  #settle(peer: Peer, frame: DataFrame, bytes: number, accepted: AcceptedLike): void {
    switch (accepted.kind) {
      case 'accepted':
        this.counters.batches += 1;
        this.counters.records += frame.records;
        this.counters.bytes += bytes;
        return peer.ack(frame.seq);
      case 'duplicate':
        this.counters.duplicates += 1;
        return peer.ack(accepted.last);
      case 'gap':
        count(this.counters.refused, 'gap');
        return peer.nack(accepted.last);
      case 'full': {
        count(this.counters.refused, 'full');
        const afterMillis = Math.min(TOP_UINT32, Math.max(1, Math.ceil(accepted.retryAfterMillis)));
        return peer.retry(this.#intake.lastSeq(peer.producer), afterMillis);
      }
    }
  }

  #leave(peer: Peer, bytes: number): void {
    peer.inFlight -= 1;
    peer.inFlightBytes -= bytes;
    this.#owe(peer);
    this.#bound.leave(bytes);
  }

  #owe(peer: Peer): void {
    if (!peer.owesAnything) return;
    this.#owing.add(peer);
    this.#replySoon();
  }

  /** In the next turn, so that the batches of one group of the journal get one answer. */
  #replySoon(): void {
    if (this.#owing.size === 0) return;
    this.#replying ??= new Promise((resolve) => {
      setImmediate(() => {
        void this.#reply().then(() => {
          this.#replying = undefined;
          resolve();
          // What was owed after the loop had ended.
          this.#replySoon();
        });
      });
    });
  }

  async #reply(): Promise<void> {
    const socket = this.#listening?.socket;
    const { credit, maxBatchBytes } = this.#options;
    const intake = this.#intake;
    for (const peer of this.#owing) {
      // What it owes now is said now; a greeting that must wait is owed again when the journal has answered.
      this.#owing.delete(peer);
      const replies = peer.takeReplies(intake.id, credit, maxBatchBytes, () => intake.lastSeq(peer.producer));
      for (const reply of replies) {
        if (socket === undefined || socket.closed) return;
        try {
          await socket.send([peer.routingId, ...(encodeReply(reply) as Buffer[])]);
        } catch {
          // It is gone, or does not read. It will ask again.
          count(this.counters.refused, 'unanswered');
        }
      }
    }
  }

  #refuse(cause: string, why: string): void {
    count(this.counters.refused, cause);
    this.#teller.warn(cause, `a message was refused (${cause}): ${why}`);
  }
}
