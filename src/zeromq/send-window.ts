import { CONTENT_OTLP, encodeData, encodeHello, NO_JOURNAL, type Reply } from '../frames/index.ts';
import { ExportError, type ExportErrorCause } from './export-error.ts';

/** A batch on its way to the daemon's journal. */
export interface WindowBatch {
  readonly records: number;
  /** Bytes of the body before compression. */
  readonly length: number;
  /** What is sent; undefined while it is being compressed. */
  body: Uint8Array | undefined;
  bodyCrc: number;
  encoding: number;
  /** When it counts as failed, on the monotonic clock. */
  readonly deadlineMillis: number;
  /** Called once: without an error when it is in the journal. */
  readonly done: (error?: ExportError) => void;
}

interface Entry extends WindowBatch {
  readonly seq: number;
}

/** Events that an operator should know of. */
export type WindowEvent = 'new_journal' | 'memory_lost' | 'resent' | 'too_far';

interface WindowOptions {
  readonly producer: Uint8Array;
  /** What the producer's id is made of. */
  readonly secret?: Uint8Array | undefined;
  readonly maxBytes: number;
  readonly ackTimeoutMillis: number;
  readonly onEvent: (event: WindowEvent, batches: number) => void;
}

const LONGEST_PAUSE_MILLIS = 60_000;
const DEFAULT_MAX_BATCH_BYTES = Number.POSITIVE_INFINITY;

/**
 * The sender's side of the ack protocol, without a socket: which frame goes next, and what an answer means.
 *
 * Numbers only grow, and a failed batch is never sent again. Each frame says in `prev` which batch
 * before it is still wanted, so the daemon skips only failed batches. Hence: when the
 * daemon says that it holds `last`, it holds every batch up to there that is still in the window, once.
 */
export class SendWindow {
  readonly #options: WindowOptions;
  readonly #entries: Entry[] = [];
  /** In the journal, and not reported yet. */
  readonly #settled: Entry[] = [];
  #lastSeq = 0;
  #highestSent = 0;
  /** How many entries, from the first, are under way. */
  #underWay = 0;
  /** The daemon that answered last. */
  #journal: Uint8Array = NO_JOURNAL;
  /** What that journal is known to hold. */
  #floor = 0;
  #credit = Number.POSITIVE_INFINITY;
  #maxBatchBytes = DEFAULT_MAX_BATCH_BYTES;
  #isGreeted = false;
  #helloAt: number | undefined;
  #pausedUntil = 0;
  #progressAt = 0;
  /** A NACK for this number was handled. Further ones have the same cause. */
  #obeyedNack: number | undefined;

  constructor(options: WindowOptions) {
    this.#options = options;
  }

  get batches(): number {
    return this.#entries.length;
  }

  get records(): number {
    return this.#entries.reduce((sum, entry) => sum + entry.records, 0);
  }

  /** Bytes under way. */
  get bytes(): number {
    let sum = 0;
    for (let at = 0; at < this.#underWay; at++) sum += this.#entries[at]!.body!.length;
    return sum;
  }

  /** The lowest number of a batch that is in the window; Infinity: there is none. */
  get firstOpen(): number {
    return this.#entries[0]?.seq ?? Number.POSITIVE_INFINITY;
  }

  /** The number of the batch that was added last. */
  get lastSeq(): number {
    return this.#lastSeq;
  }

  /** When `expire` or `next` may have something to do, if nothing else happens before. */
  get dueMillis(): number {
    // All batches have the same time-out, so the first ends first.
    let due = this.#entries[0]?.deadlineMillis ?? Number.POSITIVE_INFINITY;
    const { ackTimeoutMillis } = this.#options;
    if (this.#helloAt !== undefined) due = Math.min(due, this.#helloAt + ackTimeoutMillis);
    else if (this.#pausedUntil > 0) due = Math.min(due, this.#pausedUntil);
    else if (this.#underWay > 0) due = Math.min(due, this.#progressAt + ackTimeoutMillis);
    return due;
  }

  /** The daemon asked to wait. */
  isPaused(nowMillis: number): boolean {
    return this.#pausedUntil > nowMillis;
  }

  add(batch: WindowBatch): void {
    this.#lastSeq += 1;
    // The same object: its body may come later.
    this.#entries.push(Object.assign(batch, { seq: this.#lastSeq }));
  }

  /** The connection is gone, or new: what was under way may be lost, and the daemon is asked first. */
  disconnected(): void {
    this.#isGreeted = false;
    this.#helloAt = undefined;
    this.#rewind(0);
  }

  /** The message to send now, if there is one. It counts as sent. */
  next(nowMillis: number): readonly Uint8Array[] | undefined {
    if (this.#entries.length === 0) return undefined;
    this.#checkProgress(nowMillis);
    if (!this.#isGreeted) return this.#hello(nowMillis);
    if (this.#pausedUntil > 0) {
      if (nowMillis < this.#pausedUntil) return undefined;
      this.#pausedUntil = 0;
      this.#obeyedNack = undefined;
    }
    return this.#data(nowMillis);
  }

  /** Handles an answer. Callbacks run when all of it is handled, since they may add the next batch. */
  receive(reply: Reply, nowMillis: number): void {
    if (Buffer.compare(reply.producer, this.#options.producer) !== 0) return;
    this.#meet(reply.journal);
    this.#understand(reply, nowMillis);
    for (const { done } of this.#settled.splice(0)) done();
  }

  #understand(reply: Reply, nowMillis: number): void {
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

  /** Fails the batches whose time-out has passed. */
  expire(nowMillis: number): void {
    for (const entry of this.#entries.filter(({ deadlineMillis }) => deadlineMillis <= nowMillis)) {
      this.giveUp(entry, 'timeout', 'the daemon has not acknowledged it within exportTimeoutMillis');
    }
  }

  /**
   * Fails a batch, unless it has ended. The batches behind it were sent with a `prev` that is gone: they are
   * sent again with another one.
   */
  giveUp(batch: WindowBatch, fault: ExportErrorCause, why: string): void {
    const at = this.#entries.indexOf(batch as Entry);
    if (at === -1) return;
    this.#entries.splice(at, 1);
    this.#rewind(at);
    this.#obeyedNack = undefined;
    batch.done(new ExportError(fault, why));
  }

  /** Fails all batches. */
  giveUpAll(fault: ExportErrorCause, why: string): void {
    for (const entry of [...this.#entries]) this.giveUp(entry, fault, why);
  }

  /** A second answer to a repeated HELLO changes nothing. */
  #welcomed(): void {
    if (this.#isGreeted) return;
    this.#isGreeted = true;
    this.#helloAt = undefined;
    this.#obeyedNack = undefined;
  }

  #goBack(last: number): void {
    if (this.#obeyedNack === last) return;
    this.#obeyedNack = last;
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
      const entry = this.#entries[this.#underWay];
      if (entry?.body === undefined || this.#underWay >= this.#credit) return undefined;
      if (entry.length > this.#maxBatchBytes) {
        const why = `the batch of ${entry.length} bytes is too large, the daemon takes ${this.#maxBatchBytes}`;
        this.giveUp(entry, 'too_large', why);
        continue;
      }
      if (this.#underWay > 0 && this.bytes + entry.body.length > this.#options.maxBytes) return undefined;
      if (this.#underWay === 0) this.#progressAt = nowMillis;
      const before = this.#entries[this.#underWay - 1];
      this.#underWay += 1;
      if (entry.seq <= this.#highestSent) this.#options.onEvent('resent', 1);
      this.#highestSent = Math.max(this.#highestSent, entry.seq);
      const { records, length, body, bodyCrc, encoding, seq } = entry;
      const prev = before?.seq ?? this.#floor;
      const frame = { producer: this.#options.producer, seq, prev, records, length, body, encoding };
      return encodeData({ ...frame, contentType: CONTENT_OTLP }, bodyCrc);
    }
  }

  /** No answer for too long on an open connection: ask with a HELLO. */
  #checkProgress(nowMillis: number): void {
    if (this.#underWay === 0 || nowMillis - this.#progressAt < this.#options.ackTimeoutMillis) return;
    this.disconnected();
  }

  #meet(journal: Uint8Array): void {
    if (Buffer.compare(journal, this.#journal) === 0) return;
    const isFirst = Buffer.compare(this.#journal, NO_JOURNAL) === 0;
    this.#journal = journal;
    if (isFirst) return;
    // A new journal: it gets all that is not acknowledged, and nothing else is expected of it.
    this.#floor = 0;
    this.#obeyedNack = undefined;
    this.#rewind(0);
    this.#options.onEvent('new_journal', this.#entries.length);
  }

  /** The daemon holds all up to `last`. */
  #settle(last: number, nowMillis: number): void {
    if (last > this.#highestSent) return this.#options.onEvent('too_far', 1);
    if (last < this.#floor) this.#options.onEvent('memory_lost', this.#floor - last);
    this.#floor = last;
    let settled = 0;
    while (this.#entries[settled] !== undefined && this.#entries[settled]!.seq <= last) settled += 1;
    if (settled === 0) return;
    this.#settled.push(...this.#entries.splice(0, settled));
    this.#underWay = Math.max(0, this.#underWay - settled);
    this.#progressAt = nowMillis;
    this.#obeyedNack = undefined;
  }

  #reject(seq: number, cause: string, nowMillis: number): void {
    const entry = this.#entries.find((candidate) => candidate.seq === seq);
    if (entry === undefined || seq > this.#highestSent) return;
    this.#progressAt = nowMillis;
    const word = cause === 'too_large' ? 'the batch is too large' : cause;
    this.giveUp(
      entry,
      cause === 'too_large' ? 'too_large' : 'rejected',
      `the daemon rejected it permanently: ${word}`,
    );
  }

  #rewind(to: number): void {
    this.#underWay = Math.min(this.#underWay, to);
  }
}
