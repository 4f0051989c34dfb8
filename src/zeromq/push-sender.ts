import { errorText, monotonicNow, nextTurn, type ReadableLogRecordLike } from '../record/index.ts';
import { clientSocketOptions } from './client-socket.ts';
import { ExportError, type ExportErrorCause } from './export-error.ts';
import type { ResolvedExporterOptions } from './exporter-options.ts';
import type { ZeroMqLibrary } from './load-zeromq.ts';
import { LookAgain } from './look-again.ts';
import type { Done, Sender, SenderState } from './sender.ts';

/** Messages that ZeroMQ holds before it takes no more: single records, and whole batches. */
const RECORDS_IN_ZEROMQ = 256;
const BATCHES_IN_ZEROMQ = 8;
/** How long ZeroMQ may go on sending what it holds after the socket was closed. */
const LINGER_MILLIS = 500;
/** After so many milliseconds of sending the event loop gets its turn. */
const TURN_MILLIS = 8;

interface Message {
  readonly body: Uint8Array;
  readonly records: number;
}

/** Push mode: a PUSH socket behind a queue that is bounded by bytes. At most once; nobody acknowledges. */
export class PushSender implements Sender {
  readonly #options: ResolvedExporterOptions;
  readonly #socket: InstanceType<ZeroMqLibrary['Push']>;
  readonly #topic: Buffer;
  readonly #look: LookAgain;
  /** Records that were queued and are lost all the same. */
  readonly #lost: (fault: ExportErrorCause, records: number, why: string) => void;
  #queue: Message[] = [];
  /** The first message of the queue that has not been sent. */
  #first = 0;
  #bytes = 0;
  #records = 0;
  /** How many messages were ever queued, and how many have left or were lost. */
  #queued = 0;
  #gone = 0;
  #isRunning = false;
  #isClosed = false;
  #waiters: { readonly until: number; readonly resolve: () => void }[] = [];

  constructor(
    options: ResolvedExporterOptions,
    library: ZeroMqLibrary,
    lost: (fault: ExportErrorCause, records: number, why: string) => void,
  ) {
    const { serializer, system, clock, endpoint } = options;
    this.#options = options;
    this.#lost = lost;
    this.#topic = Buffer.from(`${system}L${serializer.encoding}`, 'latin1');
    this.#look = new LookAgain(clock, () => void this.#run());
    this.#socket = new library.Push({
      context: new library.Context({ blocky: false }),
      ...clientSocketOptions(options),
      // What a broken connection held goes to the next one.
      immediate: false,
      sendHighWaterMark: this.#sendsBatches ? BATCHES_IN_ZEROMQ : RECORDS_IN_ZEROMQ,
    });
    this.#socket.connect(endpoint);
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
    this.#look.sign();
    void this.#run();
    done();
  }

  idle(): Promise<void> {
    if (this.#gone === this.#queued) return Promise.resolve();
    return new Promise((resolve) => this.#waiters.push({ until: this.#queued, resolve }));
  }

  close(fault: ExportErrorCause): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#look.disarm();
    const { length } = this.#queue;
    if (this.#first < length) {
      this.#lost(fault, this.#records, 'they had not left when the socket was closed');
      this.#left(length - this.#first);
    }
    this.#socket.linger = LINGER_MILLIS;
    this.#socket.close();
  }

  state(): SenderState {
    const batches = this.#queued - this.#gone;
    return { batches, records: this.#records, bytes: this.#bytes, resent: 0, journalChanges: 0 };
  }

  get #sendsBatches(): boolean {
    return this.#options.serializer.encoding === 'O';
  }

  #serialize(records: readonly ReadableLogRecordLike[]): Message[] {
    const { serializer } = this.#options;
    if (this.#sendsBatches) return [{ body: serializer.serialize(records), records: records.length }];
    return records.map((record) => ({ body: serializer.serialize([record]), records: 1 }));
  }

  /** One at a time. Never rejects. */
  async #run(): Promise<void> {
    if (this.#isRunning || this.#isClosed) return;
    this.#isRunning = true;
    let turnAt = monotonicNow();
    while (!this.#isClosed && this.#first < this.#queue.length) {
      const message = this.#queue[this.#first]!;
      try {
        await this.#socket.send([this.#topic, message.body as Buffer]);
      } catch (error) {
        // No room, or closed. Whatever else it is, one message must not block those behind it.
        if (this.#isClosed || (error as { code?: unknown }).code === 'EAGAIN') break;
        this.#lost('send', message.records, errorText(error));
      }
      if (this.#isClosed) break;
      this.#left(1);
      if (monotonicNow() - turnAt < TURN_MILLIS) continue;
      await nextTurn();
      turnAt = monotonicNow();
    }
    this.#isRunning = false;
    if (this.#isClosed || this.#first >= this.#queue.length) return;
    this.#look.arm();
  }

  /** So many messages, from the first, are no longer here. */
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
    this.#look.sign();
    if (this.#waiters.length === 0) return;
    for (const { until, resolve } of this.#waiters) if (until <= this.#gone) resolve();
    this.#waiters = this.#waiters.filter(({ until }) => until > this.#gone);
  }
}
