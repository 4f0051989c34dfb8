import type { JournalEntry } from '../../component/index.ts';
import {
  CONTENT_OTLP,
  ENCODING_IDENTITY,
  encodeData,
  encodeHello,
  type Producer,
  type Reply,
} from '../../frames/index.ts';

/** How many batches are under way at most. */
const WINDOW = 8;

/** A batch under its number for the other daemon. */
export interface NumberedEntry {
  readonly seq: number;
  readonly entry: JournalEntry;
}

/** An entry that the other daemon will never take. */
export interface Refused {
  readonly entry: JournalEntry;
  /** In one word. */
  readonly cause: string;
}

/**
 * The way of some batches into the journal of another daemon, by the ack protocol, without a socket: which frame goes
 * next, and what a reply means. What the other daemon says that it holds already counts as sent.
 */
export class Exchange {
  readonly #producer: Producer;
  /** Not acknowledged, in their order. */
  readonly #open: NumberedEntry[];
  readonly refused: Refused[] = [];
  /** How many of them, from the first, are under way. */
  #underWay = 0;
  #isGreeted = false;
  /** What the other daemon holds. */
  #last = 0;
  #credit = WINDOW;
  /** A NACK for this number was obeyed; those that follow were caused by the same gap. */
  #obeyedNack: number | undefined;
  /** It asked to come again after so long. */
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

  /** The frame to send now; undefined: a reply comes first. */
  next(): readonly Uint8Array[] | undefined {
    if (!this.#isGreeted || this.pauseMillis !== undefined) return undefined;
    const batch = this.#open[this.#underWay];
    if (batch === undefined || this.#underWay >= Math.min(WINDOW, this.#credit)) return undefined;
    const { seq, entry } = batch;
    const prev = this.#open[this.#underWay - 1]?.seq ?? this.#last;
    this.#underWay += 1;
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
        this.#isGreeted = true;
        this.#credit = Math.max(1, reply.credit);
        this.#underWay = 0;
        // Before what it holds: a batch behind these may have arrived on a connection that was lost.
        for (const { seq, entry } of [...this.#open]) {
          if (entry.body.length > reply.maxBytes) this.#refuse(seq, 'too_large');
        }
        return this.#holds(reply.last);
      case 'ack':
        this.#credit = Math.max(1, reply.credit);
        return this.#holds(reply.last);
      case 'nack':
        this.#holds(reply.last);
        if (this.#obeyedNack === reply.last) return;
        this.#obeyedNack = reply.last;
        this.#underWay = 0;
        return;
      case 'retry':
        this.#holds(reply.last);
        this.pauseMillis = reply.afterMillis;
        return;
      case 'reject':
        return this.#refuse(reply.seq, reply.cause);
    }
  }

  #holds(last: number): void {
    this.#last = last;
    let held = 0;
    while (held < this.#open.length && this.#open[held]!.seq <= last) held += 1;
    if (held === 0) return;
    this.#open.splice(0, held);
    this.#underWay = Math.max(0, this.#underWay - held);
    this.#obeyedNack = undefined;
  }

  /** Those behind it were sent with a `prev` that will never come, and go again. */
  #refuse(seq: number, cause: string): void {
    const at = this.#open.findIndex((batch) => batch.seq === seq);
    if (at < 0) return;
    const [{ entry }] = this.#open.splice(at, 1) as [NumberedEntry];
    this.refused.push({ entry, cause });
    this.#underWay = Math.min(this.#underWay, at);
    this.#obeyedNack = undefined;
  }
}
