import { FlushWaiters, type RateLimitedWarnings, type ReadableLogRecordLike } from '../record/index.ts';
import { ExportError, type ExportErrorCause } from './export-error.ts';
import type { ResolvedExporterOptions } from './exporter-options.ts';
import type { Done, Sender, SenderState } from './sender.ts';
import { ServerSocket } from './server-socket.ts';

/** How long what was handed to the socket may still take to leave after the sender was closed. */
const LINGER_MILLIS = 500;

interface Message {
  readonly body: Uint8Array;
  readonly records: number;
}

/**
 * Push mode: a PUSH socket behind a queue that is bounded by bytes. At most once; there are no
 * acknowledgements.
 *
 * The socket takes some hundred kilobytes. When its connection breaks, what the operating system had not
 * taken is counted as lost; it is not sent again, since a part of it may have left.
 */
export class PushSender implements Sender {
  readonly #options: ResolvedExporterOptions;
  readonly #server: ServerSocket;
  readonly #topic: Buffer;
  /** Reports records that were queued and are lost. */
  readonly #lost: (fault: ExportErrorCause, records: number, why: string) => void;
  readonly #waiters = new FlushWaiters();
  #queue: Message[] = [];
  /** The first message of the queue that has not been handed to the socket. */
  #first = 0;
  #bytes = 0;
  #records = 0;
  /** How many messages were ever queued, and how many were handed to the socket, or lost. */
  #queued = 0;
  #gone = 0;
  /** What was handed to the socket and may not have left. */
  #handed: Message[] = [];
  #handedBytes = 0;

  constructor(
    options: ResolvedExporterOptions,
    warnings: RateLimitedWarnings,
    lost: (fault: ExportErrorCause, records: number, why: string) => void,
  ) {
    const { serializer, system } = options;
    this.#options = options;
    this.#lost = lost;
    this.#topic = Buffer.from(`${system}L${serializer.encoding}`, 'latin1');
    this.#server = new ServerSocket('PUSH', options, warnings, {
      opened: () => this.#send(),
      message: () => {},
      drained: () => this.#send(),
      lost: (_error, unsentBytes) => this.#dropped(unsentBytes),
    });
  }

  /** All records are queued, or none. */
  send(records: readonly ReadableLogRecordLike[], done: Done): void {
    const messages = this.#serialize(records);
    let bytes = 0;
    for (const { body } of messages) bytes += body.length + this.#topic.length;
    const { maxQueueBytes } = this.#options;
    if (this.#bytes + bytes > maxQueueBytes) {
      const why = `${this.#bytes} bytes wait, ${bytes} more do not fit into maxQueueBytes (${maxQueueBytes})`;
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

  close(fault: ExportErrorCause): void {
    const { length } = this.#queue;
    if (this.#first < length) {
      this.#lost(fault, this.#records, 'they had not left when the socket was closed');
      this.#left(length - this.#first);
    }
    this.#waiters.settle(Number.POSITIVE_INFINITY);
    this.#server.close(LINGER_MILLIS);
  }

  state(): SenderState {
    const batches = this.#queued - this.#gone;
    return { batches, records: this.#records, bytes: this.#bytes, resent: 0, journalChanges: 0 };
  }

  get #isIdle(): boolean {
    return this.#gone === this.#queued && this.#server.bytesWaiting === 0;
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
      this.#handed.push(message);
      this.#handedBytes += message.body.length;
      this.#left(1);
    }
    this.#settle();
  }

  /** Forgets what the operating system has taken. */
  #settle(): void {
    this.#forgetHanded(this.#server.bytesWaiting);
    if (this.#isIdle) this.#waiters.settle(Number.POSITIVE_INFINITY);
  }

  #forgetHanded(waiting: number): void {
    let gone = 0;
    while (gone < this.#handed.length && this.#handedBytes - this.#handed[gone]!.body.length >= waiting) {
      this.#handedBytes -= this.#handed[gone]!.body.length;
      gone += 1;
    }
    this.#handed.splice(0, gone);
  }

  /** The connection broke, and so many bytes were not taken. */
  #dropped(unsentBytes: number): void {
    this.#forgetHanded(unsentBytes);
    const records = this.#handed.reduce((sum, message) => sum + message.records, 0);
    this.#handed = [];
    this.#handedBytes = 0;
    if (records > 0) this.#lost('send', records, 'the connection broke before they had left');
    this.#settle();
  }

  /** So many messages, from the first, are no longer in the queue. */
  #left(messages: number): void {
    for (let left = messages; left > 0; left--) {
      const { body, records } = this.#queue[this.#first]!;
      this.#bytes -= body.length + this.#topic.length;
      this.#records -= records;
      this.#first += 1;
    }
    this.#gone += messages;
    if (2 * this.#first >= this.#queue.length) {
      this.#queue = this.#queue.slice(this.#first);
      this.#first = 0;
    }
  }
}
