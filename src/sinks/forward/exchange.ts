import type { JournalEntry } from '../../component/index.ts';
import {
  CONTENT_OTLP,
  ENCODING_IDENTITY,
  encodeData,
  encodeHello,
  type Producer,
  type Reply,
} from '../../frames/index.ts';

/** The maximum number of batches in flight. */
const WINDOW = 8;

/** A batch with its number in the ack protocol. */
export interface NumberedEntry {
  readonly seq: number;
  readonly entry: JournalEntry;
}

/** An entry that the other daemon has rejected permanently. */
export interface Refused {
  readonly entry: JournalEntry;
  /** The cause as a label. */
  readonly cause: string;
}

/**
 * Delivers some batches to the journal of another daemon with the ack protocol, without a socket: selects the
 * next frame and processes replies. Batches that the other daemon reports as stored count as sent.
 */
export class Exchange {
  readonly #producer: Producer;
  /** Unacknowledged batches, in order. */
  readonly #open: NumberedEntry[];
  readonly refused: Refused[] = [];
  /** How many of them, from the first, are in flight. */
  #inFlight = 0;
  #isWelcomed = false;
  /** The last batch that the other daemon has. */
  #last = 0;
  #credit = WINDOW;
  /** The number of the NACK that was handled. Further NACKs for it were caused by the same gap. */
  #handledNack: number | undefined;
  /** How long the other daemon asked to wait before the next attempt. */
  pauseMillis: number | undefined;

  constructor(producer: Producer, batches: readonly NumberedEntry[]) {
    this.#producer = producer;
    this.#open = [...batches];
  }

  get isDone(): boolean {
    return this.#open.length === 0;
  }

  hello(): readonly Uint8Array[] {
    return encodeHello({ producer: this.#producer.id, secret: this.#producer.secret, last: 0 });
  }

  /** Returns the frame to send now; undefined if a reply must arrive first. */
  next(): readonly Uint8Array[] | undefined {
    if (!this.#isWelcomed || this.pauseMillis !== undefined) return undefined;
    const batch = this.#open[this.#inFlight];
    if (batch === undefined || this.#inFlight >= Math.min(WINDOW, this.#credit)) return undefined;
    const { seq, entry } = batch;
    const prev = this.#open[this.#inFlight - 1]?.seq ?? this.#last;
    this.#inFlight += 1;
    return encodeData({
      producer: this.#producer.id,
      seq,
      prev,
      records: entry.records,
      contentType: CONTENT_OTLP,
      encoding: ENCODING_IDENTITY,
      length: entry.body.length,
      body: entry.body,
    });
  }

  receive(reply: Reply): void {
    if (Buffer.compare(reply.producer, this.#producer.id) !== 0) return;
    switch (reply.kind) {
      case 'welcome':
        this.#isWelcomed = true;
        this.#credit = Math.max(1, reply.credit);
        this.#inFlight = 0;
        // Checked before `last` is applied: a batch after these may have arrived on a connection that was
        // lost.
        for (const { seq, entry } of [...this.#open]) {
          if (entry.body.length > reply.maxBytes) this.#refuse(seq, 'too_large');
        }
        return this.#settle(reply.last);
      case 'ack':
        this.#credit = Math.max(1, reply.credit);
        return this.#settle(reply.last);
      case 'nack':
        this.#settle(reply.last);
        if (this.#handledNack === reply.last) return;
        this.#handledNack = reply.last;
        this.#inFlight = 0;
        return;
      case 'retry':
        this.#settle(reply.last);
        this.pauseMillis = reply.afterMillis;
        return;
      case 'reject':
        return this.#refuse(reply.seq, reply.cause);
    }
  }

  #settle(last: number): void {
    this.#last = last;
    let settled = 0;
    while (settled < this.#open.length && this.#open[settled]!.seq <= last) settled += 1;
    if (settled === 0) return;
    this.#open.splice(0, settled);
    this.#inFlight = Math.max(0, this.#inFlight - settled);
    this.#handledNack = undefined;
  }

  /**
   * Removes a batch. The batches after it were sent with a `prev` that will never arrive, so they are resent.
   */
  #refuse(seq: number, cause: string): void {
    const at = this.#open.findIndex((batch) => batch.seq === seq);
    if (at < 0) return;
    const [{ entry }] = this.#open.splice(at, 1) as [NumberedEntry];
    this.refused.push({ entry, cause });
    this.#inFlight = Math.min(this.#inFlight, at);
    this.#handledNack = undefined;
  }
}
