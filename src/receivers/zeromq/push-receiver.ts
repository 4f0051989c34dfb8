import { type Clock, errorText, systemClock, Teller } from '../../record/index.ts';
import { InFlightBound, loadZeromq, type ZeroMqLibrary } from '../../zeromq/index.ts';
import { type CountersLike, causeOf, count, newCounters } from './intake.ts';
import { ListeningSocket } from './listening-socket.ts';
import { DecodedGroup, type DecodeMessage, DistlogGroup, type MessageGroup } from './message-group.ts';
import type { ZmqPushReceiverOptions } from './options.ts';
import type { ZmqReceiverTools } from './tools.ts';

const MEBIBYTE = 1024 * 1024;

export interface ZmqPushReceiverTools extends ZmqReceiverTools {
  /** Reads a message. Default: the forms of distlog, and OTLP. */
  readonly decode?: DecodeMessage | undefined;
}

/** A topic is three letters; some more are room for what may come. */
const MAX_TOPIC_BYTES = 16;
/** Groups that wait for the journal. */
const MAX_GROUPS = 256;
/** A group with so many bytes goes at once. */
const GROUP_BYTES = 1 * MEBIBYTE;
/** After so many milliseconds of reading the event loop gets its turn. */
const TURN_MILLIS = 8;

/**
 * Takes records in push mode: a PULL socket. Nobody hears what became of them, so all that is not taken is counted
 * as dropped. It always reads: what comes while too much waits for the journal is dropped.
 */
export class ZmqPushReceiver {
  readonly counters: CountersLike = newCounters();
  readonly #options: ZmqPushReceiverOptions;
  readonly #tools: ZmqPushReceiverTools;
  readonly #clock: Clock;
  readonly #newGroup: () => MessageGroup;
  readonly #teller: Teller;
  readonly #bound: InFlightBound;
  #listening: ListeningSocket<InstanceType<ZeroMqLibrary['Pull']>> | undefined;
  #group: MessageGroup;
  #cancelTimer: (() => void) | undefined;
  #isStopping = false;
  #stop: Promise<void> | undefined;

  constructor(options: ZmqPushReceiverOptions, tools: ZmqPushReceiverTools) {
    this.#options = options;
    this.#tools = tools;
    const { decode, clock = systemClock } = tools;
    const { pickle } = options;
    this.#clock = clock;
    this.#newGroup = () => (decode === undefined ? new DistlogGroup({ pickle }) : new DecodedGroup(decode));
    this.#group = this.#newGroup();
    this.#teller = new Teller('ZmqPushReceiver', clock);
    this.#bound = new InFlightBound(options.maxInFlightBytes, MAX_GROUPS);
  }

  /** Where it listens, with the real port. */
  get endpoint(): string {
    return this.#listening?.endpoint ?? this.#options.endpoint;
  }

  /** @throws (rejects) Error that names the endpoint and its setting */
  async start(): Promise<void> {
    const library = loadZeromq();
    const { endpoint, maxMessageBytes } = this.#options;
    this.#listening = await ListeningSocket.open(
      library,
      { endpoint, maxMessageBytes, ...this.#tools },
      (options) => new library.Pull(options),
      this.#teller,
      () => count(this.counters.refused, 'unauthorized'),
    );
    void this.#read(this.#listening.socket);
  }

  /** Reads no more, waits at most `graceMillis` for the journal, closes. May be called twice. */
  stop(graceMillis: number): Promise<void> {
    this.#stop ??= this.#end(graceMillis);
    return this.#stop;
  }

  async #end(graceMillis: number): Promise<void> {
    this.#isStopping = true;
    this.#flush();
    await new Promise<void>((resolve) => {
      const cancel = this.#clock.after(graceMillis, resolve, true);
      void this.#bound.idle().then(() => {
        cancel();
        resolve();
      });
    });
    await this.#listening?.close();
  }

  async #read(socket: InstanceType<ZeroMqLibrary['Pull']>): Promise<void> {
    let turnAt = performance.now();
    while (!this.#isStopping) {
      try {
        const parts = await socket.receive();
        this.#take(parts);
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
  #take(parts: readonly Buffer[]): void {
    const [topic, body] = parts;
    if (parts.length !== 2 || topic === undefined || body === undefined || topic.length > MAX_TOPIC_BYTES) {
      return this.#drop('malformed', 1, `a message has 2 frames, got ${parts.length}`);
    }
    if (this.#bound.isFull) return this.#drop('busy', 1, 'too much waits for the journal');
    if (this.#isStopping) return this.#drop('shutdown', 1, 'the daemon ends');
    try {
      this.#group.add(topic, body);
    } catch (error) {
      return this.#drop(causeOf(error), 1, errorText(error));
    }
    const { records, bytes } = this.#group;
    if (records >= this.#options.groupRecords || bytes >= GROUP_BYTES) return this.#flush();
    this.#cancelTimer ??= this.#clock.after(this.#options.groupMillis, () => this.#flush());
  }

  #flush(): void {
    this.#cancelTimer?.();
    this.#cancelTimer = undefined;
    const group = this.#group;
    if (group.bytes === 0) return;
    this.#group = this.#newGroup();
    if (group.records > 0) this.#append(group.encode(), group.records);
  }

  #append(body: Uint8Array, records: number): void {
    const bytes = body.length;
    this.#bound.enter(bytes);
    this.#tools.intake.append({ body, records }).then(
      (accepted) => {
        if (accepted.kind === 'full') this.#drop('full', records, 'the journal is full');
        else {
          this.counters.batches += 1;
          this.counters.records += records;
          this.counters.bytes += bytes;
        }
        this.#bound.leave(bytes);
      },
      (error: unknown) => {
        this.#drop('journal', records, errorText(error));
        this.#bound.leave(bytes);
      },
    );
  }

  #drop(cause: string, records: number, why: string): void {
    count(this.counters.dropped, cause, records);
    this.#teller.warn(
      cause,
      `${records} ${records === 1 ? 'record was' : 'records were'} dropped (${cause}): ${why}`,
    );
  }
}
