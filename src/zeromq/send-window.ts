import { CONTENT_OTLP, encodeData, encodeHello, NO_JOURNAL, type Reply } from '../frames/index.ts';
import { ExportError, type ExportErrorCause } from './export-error.ts';

/** A batch that is to be sent to the daemon's journal. */
export interface WindowBatch {
  readonly records: number;
  /** The size of the body in bytes before compression. */
  readonly length: number;
  /** The encoded body; undefined while it is being compressed. */
  body: Uint8Array | undefined;
  bodyCrc: number;
  encoding: number;
  /** When the batch counts as failed, on the monotonic clock. */
  readonly deadlineMillis: number;
  /** Called once; without an error when the batch is in the journal. */
  readonly done: (error?: ExportError) => void;
}

interface Entry extends WindowBatch {
  readonly seq: number;
}

/** Events that an operator should know about. */
export type WindowEvent = 'new_journal' | 'memory_lost' | 'resent' | 'too_far';

interface WindowOptions {
  readonly producer: Uint8Array;
  /** The secret from which the producer's id is derived. */
  readonly secret?: Uint8Array | undefined;
  readonly maxBytes: number;
  readonly ackTimeoutMillis: number;
  readonly onEvent: (event: WindowEvent, batches: number) => void;
}

const LONGEST_PAUSE_MILLIS = 60_000;
const DEFAULT_MAX_BATCH_BYTES = Number.POSITIVE_INFINITY;

/**
 * The sending side of the ack protocol, without a socket: selects the next frame and processes replies.
 *
 * Batch numbers only increase, and a failed batch is never resent. Each frame contains in `prev` the number
 * of the previous batch that is still wanted, so the daemon skips only failed batches. Therefore, when the
 * daemon reports that it holds `last`, it holds every batch up to `last` that is still in the window, once.
 */
export class SendWindow {
  readonly #options: WindowOptions;
  readonly #entries: Entry[] = [];
  /** Batches in the journal whose callback has not been called. */
  readonly #settled: Entry[] = [];
  #lastSeq = 0;
  #highestSent = 0;
  /** How many entries, from the first, are in flight. */
  #inFlight = 0;
  /** The journal of the last reply. */
  #journal: Uint8Array = NO_JOURNAL;
  /** The last batch that this journal is known to hold. */
  #floor = 0;
  #credit = Number.POSITIVE_INFINITY;
  #maxBatchBytes = DEFAULT_MAX_BATCH_BYTES;
  #isGreeted = false;
  #helloAt: number | undefined;
  #pausedUntil = 0;
  #progressAt = 0;
  /** The number of the NACK that was handled. Further NACKs for it have the same cause. */
  #handledNack: number | undefined;

  constructor(options: WindowOptions) {
    this.#options = options;
  }

  get batches(): number {
    return this.#entries.length;
  }

  get records(): number {
    return this.#entries.reduce((sum, entry) => sum + entry.records, 0);
  }

  /** Bytes in flight. */
  get bytes(): number {
    let sum = 0;
    for (let at = 0; at < this.#inFlight; at++) sum += this.#entries[at]!.body!.length;
    return sum;
  }

  /** The lowest batch number in the window; Infinity if the window is empty. */
  get firstOpen(): number {
    return this.#entries[0]?.seq ?? Number.POSITIVE_INFINITY;
  }

  /** The number of the batch that was added last. */
  get lastSeq(): number {
    return this.#lastSeq;
  }

  /** When `expire` or `next` must be called, unless another event happens earlier. */
  get dueMillis(): number {
    // All batches have the same timeout, so the first one expires first.
    let due = this.#entries[0]?.deadlineMillis ?? Number.POSITIVE_INFINITY;
    const { ackTimeoutMillis } = this.#options;
    if (this.#helloAt !== undefined) due = Math.min(due, this.#helloAt + ackTimeoutMillis);
    else if (this.#pausedUntil > 0) due = Math.min(due, this.#pausedUntil);
    else if (this.#inFlight > 0) due = Math.min(due, this.#progressAt + ackTimeoutMillis);
    return due;
  }

  /** Whether the daemon requested a pause that has not ended. */
  isPaused(nowMillis: number): boolean {
    return this.#pausedUntil > nowMillis;
  }

  add(batch: WindowBatch): void {
    this.#lastSeq += 1;
    // The same object, because its body may be set later.
    this.#entries.push(Object.assign(batch, { seq: this.#lastSeq }));
  }

  /**
   * The connection was lost or replaced. Batches in flight may be lost, so the daemon is asked first what it
   * holds.
   */
  disconnected(): void {
    this.#isGreeted = false;
    this.#helloAt = undefined;
    this.#rewind(0);
  }

  /** Returns the next message to send, if any, and counts it as sent. */
  next(nowMillis: number): readonly Uint8Array[] | undefined {
    if (this.#entries.length === 0) return undefined;
    this.#checkProgress(nowMillis);
    if (!this.#isGreeted) return this.#hello(nowMillis);
    if (this.#pausedUntil > 0) {
      if (nowMillis < this.#pausedUntil) return undefined;
      this.#pausedUntil = 0;
      this.#handledNack = undefined;
    }
    return this.#data(nowMillis);
  }

  /**
   * Processes a reply. Callbacks run after it is processed completely, because they may add the next batch.
   */
  receive(reply: Reply, nowMillis: number): void {
    if (Buffer.compare(reply.producer, this.#options.producer) !== 0) return;
    this.#checkJournal(reply.journal);
    this.#process(reply, nowMillis);
    for (const { done } of this.#settled.splice(0)) done();
  }

  #process(reply: Reply, nowMillis: number): void {
    switch (reply.kind) {
      case 'welcome':
        this.#credit = Math.max(1, reply.credit);
        this.#maxBatchBytes = reply.maxBytes;
        this.#welcomed();
        return this.#settle(reply.last, nowMillis);
      case 'ack':
        this.#credit = Math.max(1, reply.credit);
        return this.#settle(reply.last, nowMillis);
      case 'nack':
        this.#settle(reply.last, nowMillis);
        return this.#goBack(reply.last);
      case 'retry':
        this.#pausedUntil = nowMillis + Math.min(LONGEST_PAUSE_MILLIS, Math.max(1, reply.afterMillis));
        this.#rewind(0);
        return this.#settle(reply.last, nowMillis);
      case 'reject':
        return this.#reject(reply.seq, reply.cause, nowMillis);
    }
  }

  /** Fails the batches whose timeout has passed. */
  expire(nowMillis: number): void {
    for (const entry of this.#entries.filter(({ deadlineMillis }) => deadlineMillis <= nowMillis)) {
      this.fail(entry, 'timeout', 'the daemon did not acknowledge the batch within exportTimeoutMillis');
    }
  }

  /**
   * Fails a batch, unless it has ended. The batches after it were sent with a `prev` that no longer exists,
   * so they are resent with a new one.
   */
  fail(batch: WindowBatch, cause: ExportErrorCause, why: string): void {
    const at = this.#entries.indexOf(batch as Entry);
    if (at === -1) return;
    this.#entries.splice(at, 1);
    this.#rewind(at);
    this.#handledNack = undefined;
    batch.done(new ExportError(cause, why));
  }

  /** Fails all batches. */
  failAll(cause: ExportErrorCause, why: string): void {
    for (const entry of [...this.#entries]) this.fail(entry, cause, why);
  }

  /** A second reply to a repeated HELLO changes nothing. */
  #welcomed(): void {
    if (this.#isGreeted) return;
    this.#isGreeted = true;
    this.#helloAt = undefined;
    this.#handledNack = undefined;
  }

  #goBack(last: number): void {
    if (this.#handledNack === last) return;
    this.#handledNack = last;
    this.#rewind(0);
  }

  #hello(nowMillis: number): readonly Uint8Array[] | undefined {
    const { producer, secret, ackTimeoutMillis } = this.#options;
    if (this.#helloAt !== undefined && nowMillis - this.#helloAt < ackTimeoutMillis) return undefined;
    this.#helloAt = nowMillis;
    return encodeHello({ producer, secret, last: this.#floor });
  }

  #data(nowMillis: number): readonly Uint8Array[] | undefined {
    for (;;) {
      const entry = this.#entries[this.#inFlight];
      if (entry?.body === undefined || this.#inFlight >= this.#credit) return undefined;
      if (entry.length > this.#maxBatchBytes) {
        const why = `a batch of ${entry.length} bytes is too large, the limit of the daemon is ${this.#maxBatchBytes}`;
        this.fail(entry, 'too_large', why);
        continue;
      }
      if (this.#inFlight > 0 && this.bytes + entry.body.length > this.#options.maxBytes) return undefined;
      if (this.#inFlight === 0) this.#progressAt = nowMillis;
      const before = this.#entries[this.#inFlight - 1];
      this.#inFlight += 1;
      if (entry.seq <= this.#highestSent) this.#options.onEvent('resent', 1);
      this.#highestSent = Math.max(this.#highestSent, entry.seq);
      const { records, length, body, bodyCrc, encoding, seq } = entry;
      const prev = before?.seq ?? this.#floor;
      const frame = { producer: this.#options.producer, seq, prev, records, length, body, encoding };
      return encodeData({ ...frame, contentType: CONTENT_OTLP }, bodyCrc);
    }
  }

  /** If an open connection has been without a reply for too long, sends a HELLO next. */
  #checkProgress(nowMillis: number): void {
    if (this.#inFlight === 0 || nowMillis - this.#progressAt < this.#options.ackTimeoutMillis) return;
    this.disconnected();
  }

  #checkJournal(journal: Uint8Array): void {
    if (Buffer.compare(journal, this.#journal) === 0) return;
    const isFirst = Buffer.compare(this.#journal, NO_JOURNAL) === 0;
    this.#journal = journal;
    if (isFirst) return;
    // A new journal: resend everything that is not acknowledged, and expect nothing else from it.
    this.#floor = 0;
    this.#handledNack = undefined;
    this.#rewind(0);
    this.#options.onEvent('new_journal', this.#entries.length);
  }

  /** The daemon holds all batches up to `last`. */
  #settle(last: number, nowMillis: number): void {
    if (last > this.#highestSent) return this.#options.onEvent('too_far', 1);
    if (last < this.#floor) this.#options.onEvent('memory_lost', this.#floor - last);
    this.#floor = last;
    let settled = 0;
    while (this.#entries[settled] !== undefined && this.#entries[settled]!.seq <= last) settled += 1;
    if (settled === 0) return;
    this.#settled.push(...this.#entries.splice(0, settled));
    this.#inFlight = Math.max(0, this.#inFlight - settled);
    this.#progressAt = nowMillis;
    this.#handledNack = undefined;
  }

  #reject(seq: number, cause: string, nowMillis: number): void {
    const entry = this.#entries.find((candidate) => candidate.seq === seq);
    if (entry === undefined || seq > this.#highestSent) return;
    this.#progressAt = nowMillis;
    const reason = cause === 'too_large' ? 'the batch is too large' : cause;
    this.fail(
      entry,
      cause === 'too_large' ? 'too_large' : 'rejected',
      `the daemon rejected the batch permanently: ${reason}`,
    );
  }

  #rewind(to: number): void {
    this.#inFlight = Math.min(this.#inFlight, to);
  }
}
