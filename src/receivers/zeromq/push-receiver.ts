import {
  type Intake,
  newCounters,
  type Receiver,
  type ReceiverCounters,
  Refusals,
} from '../../component/index.ts';
import { causeOf } from '../../otlp/index.ts';
import { type Clock, errorText, systemClock, within } from '../../record/index.ts';
import { type ServerConnection, ZmtpServer } from '../../zmtp/index.ts';
import { InFlightBound } from './in-flight-bound.ts';
import { DecodedGroup, type DecodeMessage, DistlogGroup, type MessageGroup } from './message-group.ts';
import type { ZmqPushReceiverOptions, ZmqReceiverTools } from './options.ts';

const MEBIBYTE = 1024 * 1024;

export interface ZmqPushReceiverTools extends ZmqReceiverTools {
  /** Decodes a message. Default: the formats of Python distlog, and OTLP. */
  readonly decode?: DecodeMessage | undefined;
}

/** A topic has three letters; longer ones are reserved for extensions. */
const MAX_TOPIC_BYTES = 16;
/**
 * Topic and body. One more frame is accepted, so that such a message is dropped but its sender stays
 * connected.
 */
const MAX_FRAMES = 3;
/** Bytes of a message besides its body. */
const HEAD_BYTES = 64;
/** The maximum number of groups that wait for the journal. */
const MAX_GROUPS = 256;
/** A group of this size is appended at once. */
const GROUP_BYTES = 1 * MEBIBYTE;

/**
 * Receives records in push mode: a PULL socket. Senders get no replies, so everything that is not accepted is
 * counted as dropped, and logged with its sender. While too much waits for the journal, nothing is read, and
 * senders keep their records. When the journal is full, received records are dropped.
 */
export class ZmqPushReceiver implements Receiver {
  readonly counters: ReceiverCounters = newCounters();
  readonly #options: ZmqPushReceiverOptions;
  readonly #intake: Intake;
  readonly #clock: Clock;
  readonly #newGroup: () => MessageGroup;
  readonly #refusals: Refusals;
  readonly #bound: InFlightBound;
  readonly #server: ZmtpServer;
  #group: MessageGroup;
  #cancelTimer: (() => void) | undefined;
  #isStopping = false;
  #stop: Promise<void> | undefined;

  constructor(options: ZmqPushReceiverOptions, tools: ZmqPushReceiverTools) {
    this.#options = options;
    const { intake, decode, clock = systemClock, setting = 'endpoint', curve, log } = tools;
    this.#intake = intake;
    this.#clock = clock;
    const { endpoint, pickle, maxMessageBytes, maxConnections, maxInFlightBytes } = options;
    this.#newGroup = () => (decode === undefined ? new DistlogGroup({ pickle }) : new DecodedGroup(decode));
    this.#group = this.#newGroup();
    this.#refusals = new Refusals(setting, this.counters, log);
    this.#bound = new InFlightBound(maxInFlightBytes, MAX_GROUPS);
    this.#server = new ZmtpServer(
      {
        ...{ endpoint, setting, curve, maxConnections, socketType: 'PULL', peerTypes: ['PUSH'] },
        ...{ maxMessageBytes: maxMessageBytes + HEAD_BYTES, maxFrames: MAX_FRAMES },
        maxHeldBytes: Math.max(maxInFlightBytes, 2 * maxMessageBytes),
      },
      {
        message: (connection, frames) => this.#take(connection, frames),
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

  /** Accepts nothing more, waits at most `graceMillis` for the journal, and closes. May be called twice. */
  stop(graceMillis: number): Promise<void> {
    this.#stop ??= this.#end(graceMillis);
    return this.#stop;
  }

  async #end(graceMillis: number): Promise<void> {
    this.#isStopping = true;
    this.#flush();
    await within(this.#bound.idle(), graceMillis, this.#clock, true);
    await this.#server.close();
  }

  /** Never throws. @returns a promise if the sender has to wait */
  #take(connection: ServerConnection, parts: readonly Uint8Array[]): Promise<void> | undefined {
    const { address } = connection;
    const [topic, body] = parts as readonly [Uint8Array, Uint8Array];
    if (parts.length !== 2) {
      return this.#drop('malformed', address, `a message must have 2 frames, got ${parts.length}`);
    }
    if (topic.length > MAX_TOPIC_BYTES) {
      const why = `a topic must have at most ${MAX_TOPIC_BYTES} bytes, got ${topic.length}`;
      return this.#drop('malformed', address, why);
    }
    if (this.#isStopping) return this.#drop('shutdown', address, 'the daemon is stopping');
    try {
      this.#group.add(topic, body);
    } catch (error) {
      return this.#drop(causeOf(error), address, errorText(error));
    }
    const { records, bytes } = this.#group;
    if (records >= this.#options.groupRecords || bytes >= GROUP_BYTES) this.#flush();
    else this.#cancelTimer ??= this.#clock.after(this.#options.groupMillis, () => this.#flush());
    return this.#bound.isFull ? this.#bound.room() : undefined;
  }

  #flush(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    const group = this.#group;
    this.#group = this.#newGroup();
    if (group.records > 0) this.#append(group.encode(), group.records);
  }

  #append(body: Uint8Array, records: number): void {
    const bytes = body.length;
    this.#bound.enter(bytes);
    this.#intake.append({ body, records }).then(
      (accepted) => {
        if (accepted.kind === 'full') this.#lose('full', records, 'the journal is full');
        else {
          this.counters.batches += 1;
          this.counters.records += records;
          this.counters.bytes += bytes;
        }
        this.#bound.leave(bytes);
      },
      (error: unknown) => {
        this.#lose('journal', records, errorText(error));
        this.#bound.leave(bytes);
      },
    );
  }

  #drop(cause: string, address: string, why: string): undefined {
    this.#refusals.dropped(cause, 1, address, why);
  }

  #lose(cause: string, records: number, why: string): void {
    this.#refusals.dropped(cause, records, 'all senders', why);
  }
}
