import { type JournalEntry, type OwnLog, rejectedError, type Sink } from '../../component/index.ts';
import type { CurveServerKeys } from '../../net/index.ts';
import { type Clock, Severity, systemClock } from '../../record/index.ts';
import { type ServerConnection, ZmtpServer } from '../../zmtp/index.ts';
import { Subscriber } from './subscriber.ts';

const MAX_SUBSCRIBERS = 256;
/** The maximum size of a received message: a subscription. */
const MAX_MESSAGE_BYTES = 1_024;
const MAX_HELD_BYTES = 1_048_576;
const SUBSCRIBE = 1;
const CANCEL = 0;

export interface PublishSinkTools {
  readonly endpoint: string;
  readonly topic: string;
  readonly curve: CurveServerKeys | undefined;
  /** The name of the endpoint's setting, for error messages. */
  readonly setting: string;
  readonly log: OwnLog;
  readonly clock?: Clock | undefined;
}

/**
 * A PUB socket. Each subscriber gets the batches from its subscription on, each as a message of three frames:
 * the topic, an OTLP `ExportLogsServiceRequest`, and two 64-bit numbers, big-endian: the number of the
 * message since the socket was opened, and how many messages this subscriber has missed.
 *
 * A subscriber that does not read for 100 ms misses messages until it reads again; the next message contains
 * how many. After 60 s it is disconnected. Without subscribers nothing is kept.
 */
export class PublishSink implements Sink {
  readonly #tools: PublishSinkTools;
  readonly #topic: Buffer;
  readonly #subscribers = new Map<ServerConnection, Subscriber>();
  readonly #counters = { published_messages: 0, missed_messages: 0 };
  #server: ZmtpServer | undefined;
  #number = 0;

  constructor(tools: PublishSinkTools) {
    this.#tools = tools;
    this.#topic = Buffer.from(tools.topic, 'latin1');
  }

  /** The endpoint with the actual port. */
  get endpoint(): string {
    return this.#server?.endpoint ?? this.#tools.endpoint;
  }

  async open(): Promise<void> {
    const { endpoint, setting, curve, log } = this.#tools;
    const server = new ZmtpServer(
      {
        ...{ endpoint, setting, curve, socketType: 'PUB', peerTypes: ['SUB', 'XSUB'] },
        maxMessageBytes: MAX_MESSAGE_BYTES,
        maxFrames: 1,
        maxConnections: MAX_SUBSCRIBERS,
        maxHeldBytes: MAX_HELD_BYTES,
      },
      {
        opened: (connection) => this.#subscribers.set(connection, new Subscriber(connection)),
        closed: (connection) => {
          this.#subscribers.get(connection)?.drained();
          this.#subscribers.delete(connection);
        },
        // Subscriptions are messages in ZMTP 3.0, and commands in 3.1.
        drained: (connection) => this.#subscribers.get(connection)?.drained(),
        message: (connection, [frame]) => {
          if (frame?.[0] === SUBSCRIBE) this.#subscribers.get(connection)?.subscribe(frame.subarray(1));
          if (frame?.[0] === CANCEL) this.#subscribers.get(connection)?.cancel(frame.subarray(1));
          return undefined;
        },
        command: (connection, name, prefix) => {
          if (name === 'SUBSCRIBE') this.#subscribers.get(connection)?.subscribe(prefix);
          if (name === 'CANCEL') this.#subscribers.get(connection)?.cancel(prefix);
        },
        refused: (cause, address, why) =>
          log.emit(Severity.WARN, `a subscriber was refused (${cause}): ${why}`, {
            'client.address': address,
          }),
      },
    );
    await server.listen();
    this.#server = server;
  }

  async write(entries: readonly JournalEntry[]): Promise<undefined> {
    if (this.#server === undefined) throw rejectedError('closed', 'the sink is not open');
    const { topic, clock = systemClock } = this.#tools;
    for (const { body } of entries) {
      this.#number += 1;
      for (const subscriber of this.#subscribers.values()) {
        if (!subscriber.wants(topic)) continue;
        await subscriber.room(clock);
        const isSent = subscriber.send(this.#topic, body, this.#number);
        this.#counters[isSent ? 'published_messages' : 'missed_messages'] += 1;
      }
    }
  }

  async close(): Promise<void> {
    await this.#server?.close();
  }

  counters(): Readonly<Record<string, number>> {
    return { ...this.#counters };
  }
}
