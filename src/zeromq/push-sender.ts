import { FlushWaiters, type RateLimitedWarnings, type ReadableLogRecordLike } from '../record/index.ts';
import { ExportError, type ExportErrorCause } from './export-error.ts';
import type { ResolvedExporterOptions } from './exporter-options.ts';
import type { Done, Sender, SenderState } from './sender.ts';
import { ServerSocket } from './server-socket.ts';

/** How long buffered data may take to be sent after the sender is closed. */
const LINGER_MILLIS = 500;

interface Message {
  readonly body: Uint8Array;
  readonly records: number;
}

/**
 * Push mode: a PUSH socket behind a queue that is bounded in bytes. Delivers at most once, without
 * acknowledgements.
 *
 * The socket buffers a few hundred kilobytes. If the connection fails, the messages that the operating system
 * had not taken count as lost. They are not resent, because part of them may have been sent.
 */
export class PushSender implements Sender {
  readonly #options: ResolvedExporterOptions;
  readonly #server: ServerSocket;
  readonly #topic: Buffer;
  /** Reports queued records that were lost. */
  readonly #lost: (cause: ExportErrorCause, records: number, why: string) => void;
  readonly #waiters = new FlushWaiters();
  #queue: Message[] = [];
  /** The index of the first queued message that has not been passed to the socket. */
  #first = 0;
  #bytes = 0;
  #records = 0;
  /** How many messages were queued in total, and how many of them were passed to the socket or lost. */
  #queued = 0;
  #dequeued = 0;
  /** Messages that were passed to the socket and that the operating system may not have taken. */
  #unsent: Message[] = [];
  #unsentBytes = 0;

  constructor(
    options: ResolvedExporterOptions,
    warnings: RateLimitedWarnings,
    lost: (cause: ExportErrorCause, records: number, why: string) => void,
  ) {
    const { serializer, system } = options;
    this.#options = options;
    this.#lost = lost;
    this.#topic = Buffer.from(`${system}L${serializer.encoding}`, 'latin1');
    this.#server = new ServerSocket('PUSH', options, warnings, {
      opened: () => this.#send(),
      message: () => {},
      drained: () => this.#send(),
      lost: (_error, unsentBytes) => this.#connectionLost(unsentBytes),
    });
  }

  /** Queues all records or none. */
  send(records: readonly ReadableLogRecordLike[], done: Done): void {
    const messages = this.#serialize(records);
    let bytes = 0;
    for (const { body } of messages) bytes += body.length + this.#topic.length;
    const { maxQueueBytes } = this.#options;
    if (this.#bytes + bytes > maxQueueBytes) {
      const why = `${this.#bytes} bytes are queued, ${bytes} more exceed maxQueueBytes (${maxQueueBytes})`;
      return done(new ExportError('queue_full', why));
    }
    for (const message of messages) this.#queue.push(message);
    this.#bytes += bytes;
    this.#records += records.length;
    this.#queued += messages.length;
    this.#send();
    done();
  }

  idle(): Promise<void> {
    return this.#isIdle ? Promise.resolve() : this.#waiters.wait(this.#queued);
  }

  close(cause: ExportErrorCause): void {
    const { length } = this.#queue;
    if (this.#first < length) {
      this.#lost(cause, this.#records, 'not sent when the socket was closed');
      this.#dequeue(length - this.#first);
    }
    this.#waiters.settle(Number.POSITIVE_INFINITY);
    this.#server.close(LINGER_MILLIS);
  }

  state(): SenderState {
    const batches = this.#queued - this.#dequeued;
    return { batches, records: this.#records, bytes: this.#bytes, resent: 0, journalChanges: 0 };
  }

  get #isIdle(): boolean {
    return this.#dequeued === this.#queued && this.#server.bytesWaiting === 0;
  }

  #serialize(records: readonly ReadableLogRecordLike[]): Message[] {
    const { serializer } = this.#options;
    if (serializer.encoding === 'O') {
      return [{ body: serializer.serialize(records), records: records.length }];
    }
    return records.map((record) => ({ body: serializer.serialize([record]), records: 1 }));
  }

  #send(): void {
    while (this.#first < this.#queue.length && !this.#server.isFull) {
      const message = this.#queue[this.#first]!;
      this.#server.send([this.#topic, message.body]);
      this.#unsent.push(message);
      this.#unsentBytes += message.body.length;
      this.#dequeue(1);
    }
    this.#settle();
  }

  /** Drops the messages that the operating system has taken. */
  #settle(): void {
    this.#dropSent(this.#server.bytesWaiting);
    if (this.#isIdle) this.#waiters.settle(Number.POSITIVE_INFINITY);
  }

  #dropSent(waiting: number): void {
    let gone = 0;
    while (gone < this.#unsent.length && this.#unsentBytes - this.#unsent[gone]!.body.length >= waiting) {
      this.#unsentBytes -= this.#unsent[gone]!.body.length;
      gone += 1;
    }
    this.#unsent.splice(0, gone);
  }

  /** Counts the messages that the operating system had not taken when the connection failed. */
  #connectionLost(unsentBytes: number): void {
    this.#dropSent(unsentBytes);
    const records = this.#unsent.reduce((sum, message) => sum + message.records, 0);
    this.#unsent = [];
    this.#unsentBytes = 0;
    if (records > 0) this.#lost('send', records, 'the connection failed before they were sent');
    this.#settle();
  }

  /** Removes messages from the front of the queue. */
  #dequeue(messages: number): void {
    for (let left = messages; left > 0; left--) {
      const { body, records } = this.#queue[this.#first]!;
      this.#bytes -= body.length + this.#topic.length;
      this.#records -= records;
      this.#first += 1;
    }
    this.#dequeued += messages;
    if (2 * this.#first >= this.#queue.length) {
      this.#queue = this.#queue.slice(this.#first);
      this.#first = 0;
    }
  }
}
