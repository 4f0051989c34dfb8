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
import { wholeNumber } from '../../settings/index.ts';
import { InFlightBound, loadZeromq, type ZeroMqLibrary } from '../../zeromq/index.ts';
import { type AcceptedLike, type CountersLike, causeOf, count, newCounters } from './intake.ts';
import { ListeningSocket } from './listening-socket.ts';
import { type Peer, Peers } from './peers.ts';
import {
  checkFunction,
  receiverDefaults,
  resolveReceiverOptions,
  type ZmqReceiverOptions,
} from './receiver-options.ts';

/** How many records a body holds. @throws if it is not what it should be; a `WireError`'s cause is counted. */
export type ScanBody = (body: Uint8Array) => { readonly records: number };

export interface ZmqAckReceiverOptions extends ZmqReceiverOptions {
  readonly endpoint: string;
  /** Looks through a body before it is taken. Default: `scanLogs`. */
  readonly scan?: ScanBody;
  /** Batches that a client is told it may have under way. It is refused more than twice that. Default 8. */
  readonly credit?: number;
  /** Most batches of all clients that wait for the journal. From 1; default 1,024. */
  readonly maxInFlightBatches?: number;
  /** Clients that are remembered. From 1; default 100,000. */
  readonly maxPeers?: number;
  /** Time, for tests. Default: the machine's. */
  readonly clock?: Clock;
}

const defaults = {
  ...receiverDefaults,
  scan: scanLogs as ScanBody,
  credit: 8,
  maxInFlightBatches: 1_024,
  maxPeers: 100_000,
  clock: systemClock as Clock,
};

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
  readonly #options: typeof defaults & { readonly endpoint: string };
  readonly #teller: Teller;
  readonly #bound: InFlightBound;
  readonly #peers: Peers;
  readonly #owing = new Set<Peer>();
  #listening: ListeningSocket<InstanceType<ZeroMqLibrary['Router']>> | undefined;
  #isStopping = false;
  #replying: Promise<void> | undefined;
  #stop: Promise<void> | undefined;

  /** @throws RangeError or TypeError for wrong options */
  constructor(options: ZmqAckReceiverOptions) {
    this.#options = resolveReceiverOptions('ZmqAckReceiver', defaults, options);
    const { scan, credit, maxInFlightBatches, maxPeers, maxInFlightBytes, clock } = this.#options;
    checkFunction('scan', scan);
    wholeNumber('credit', credit, 1, 1_000);
    wholeNumber('maxInFlightBatches', maxInFlightBatches, 1);
    wholeNumber('maxPeers', maxPeers, 1);
    this.#teller = new Teller('ZmqAckReceiver', clock);
    this.#bound = new InFlightBound(maxInFlightBytes, maxInFlightBatches);
    this.#peers = new Peers(maxPeers);
  }

  /** Where it listens, with the real port. */
  get endpoint(): string {
    return this.#listening?.endpoint ?? this.#options.endpoint;
  }

  /** @throws (rejects) Error that names the endpoint and its setting */
  async start(): Promise<void> {
    const library = loadZeromq();
    this.#listening = await ListeningSocket.open(
      library,
      this.#options,
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
      const cancel = this.#options.clock.after(graceMillis, resolve, true);
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
    const { credit, maxBatchBytes, scan, intake } = this.#options;
    if (peer.inFlight >= 2 * credit) {
      this.#refuse('too_fast', `a client has more than ${2 * credit} batches under way`);
      return peer.retry(intake.lastSeq(peer.producer), COME_AGAIN_MILLIS);
    }
    if (this.#bound.isFull) {
      this.#refuse('busy', 'too much waits for the journal');
      return peer.retry(intake.lastSeq(peer.producer), COME_AGAIN_MILLIS);
    }
    let body: Uint8Array;
    try {
      if (frame.contentType !== CONTENT_OTLP) {
        throw new FrameError('unknown', `content type ${frame.contentType} is not known`);
      }
      body = unpackBody(frame, maxBatchBytes);
      const { records } = scan(body);
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
    this.#options.intake.append({ body, records, origin: { producer, seq, prev } }).then(
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
        return peer.retry(this.#options.intake.lastSeq(peer.producer), afterMillis);
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
    const { intake, credit, maxBatchBytes } = this.#options;
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
