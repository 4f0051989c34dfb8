import { randomBytes } from 'node:crypto';
import {
  type DataFrame,
  decodeReply,
  encodeData,
  encodeHello,
  type Reply,
} from '../../../src/frames/index.ts';
import { systemClock } from '../../../src/record/index.ts';
import { ZmtpClient } from '../../../src/zmtp/index.ts';

/** A client of the ack protocol that sends what a test wants, without following the protocol. */
export class ScriptedClient {
  /** The replies for its producer: `ack 3`, `reject 2 protobuf`. */
  readonly replies: string[] = [];
  /** The last one, complete. */
  last: Reply | undefined;
  readonly producer: Uint8Array;
  readonly #client: ZmtpClient;
  /** Callers that wait for a WELCOME, which shows that everything before was read. */
  readonly #fences = new Map<string, () => void>();
  #watchers: { readonly isDone: () => boolean; readonly resolve: () => void }[] = [];

  private constructor(endpoint: string, producer: Uint8Array, opened: () => void) {
    this.producer = producer;
    this.#client = new ZmtpClient(
      {
        ...{ endpoint, socketType: 'DEALER', peerTypes: ['ROUTER'], clock: systemClock, maxFrames: 3 },
        ...{ maxMessageBytes: 10_000, heartbeatMillis: 0, handshakeMillis: 20_000 },
        ...{ reconnectMillis: 1, reconnectMaxMillis: 5 },
      },
      {
        opened,
        message: (frames) => this.#heard(decodeReply(frames)),
        drained: () => {},
        lost: () => this.#look(),
      },
    );
  }

  /**
   * Resolves after the handshake, even if it takes several attempts.
   * @param producer default: an id that has no owner, like those of older clients
   */
  static connect(endpoint: string, producer: Uint8Array = randomBytes(16)): Promise<ScriptedClient> {
    return new Promise((resolve) => {
      const client: ScriptedClient = new ScriptedClient(endpoint, producer, () => resolve(client));
    });
  }

  get isOpen(): boolean {
    return this.#client.isOpen;
  }

  hello(last = 0): void {
    this.send(encodeHello({ producer: this.producer, last }));
  }

  /** A batch with this body, whose lines are its records. */
  data(seq: number, text: string, change: Partial<DataFrame> = {}): void {
    const body = Buffer.from(text);
    const frame = { seq, prev: seq - 1, records: text.split('\n').length, length: body.length, body };
    const { producer } = this;
    this.send(encodeData({ producer, contentType: 1, encoding: 0, ...frame, ...change }));
  }

  send(frames: readonly Uint8Array[]): void {
    this.#client.send(frames);
  }

  /** Resolves when the receiver has read everything that was sent before. */
  fence(): Promise<void> {
    const producer = randomBytes(16);
    return new Promise((resolve) => {
      this.#fences.set(Buffer.from(producer).toString('hex'), resolve);
      this.send(encodeHello({ producer, last: 0 }));
    });
  }

  /** Resolves when this is true; checked after each reply, and when the connection is lost. */
  until(isDone: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      this.#watchers.push({ isDone, resolve });
      this.#look();
    });
  }

  close(): void {
    this.#client.close(0);
  }

  #heard(reply: Reply): void {
    const fence = this.#fences.get(Buffer.from(reply.producer).toString('hex'));
    if (fence !== undefined) return fence();
    this.last = reply;
    const number = reply.kind === 'reject' ? reply.seq : reply.last;
    const more = reply.kind === 'reject' ? ` ${reply.cause}` : '';
    this.replies.push(`${reply.kind} ${number}${more}`);
    this.#look();
  }

  #look(): void {
    for (const { isDone, resolve } of this.#watchers) if (isDone()) resolve();
    this.#watchers = this.#watchers.filter(({ isDone }) => !isDone());
  }
}
