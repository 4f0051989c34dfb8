import type { Reply } from '../../frames/index.ts';

/** What the receiver remembers of one exporter instance, and what it owes it. */
export class Peer {
  readonly producer: Uint8Array;
  /** Where its last message came from; answers go there. */
  routingId: Buffer;
  /** Its batches that wait for the journal. */
  inFlight = 0;
  inFlightBytes = 0;
  /** What the journal said last. */
  last = 0;
  #owes: 'ack' | 'nack' | 'retry' | undefined;
  #afterMillis = 0;
  #owesWelcome = false;
  readonly #rejected: { readonly seq: number; readonly cause: string }[] = [];

  constructor(producer: Uint8Array, routingId: Buffer) {
    this.producer = producer;
    this.routingId = routingId;
  }

  /** Owes nothing and waits for nothing: may be forgotten. */
  get isIdle(): boolean {
    return this.inFlight === 0 && !this.owesAnything;
  }

  get owesAnything(): boolean {
    return this.#owes !== undefined || this.#owesWelcome || this.#rejected.length > 0;
  }

  hello(): void {
    this.#owesWelcome = true;
  }

  ack(last: number): void {
    this.last = last;
    this.#owes ??= 'ack';
  }

  nack(last: number): void {
    this.last = last;
    if (this.#owes !== 'retry') this.#owes = 'nack';
  }

  retry(last: number, afterMillis: number): void {
    this.last = last;
    this.#owes = 'retry';
    this.#afterMillis = afterMillis;
  }

  /** A client that sends what is refused, and does not listen, is answered for the last ones only. */
  reject(seq: number, cause: string, most: number): void {
    this.#rejected.push({ seq, cause });
    if (this.#rejected.length > most) this.#rejected.shift();
  }

  /**
   * What is to be said now; it counts as said. A greeting is answered when nothing waits for the journal any more,
   * so that what is there is not sent again.
   * @param currentLast what is on the disk, for the greeting
   */
  takeReplies(journal: Uint8Array, credit: number, maxBytes: number, currentLast: () => number): Reply[] {
    const head = { journal, producer: this.producer };
    const replies: Reply[] = this.#rejected
      .splice(0)
      .map(({ seq, cause }) => ({ ...head, kind: 'reject', seq, cause }));
    const { last } = this;
    if (this.#owes === 'ack') replies.push({ ...head, kind: 'ack', last, credit });
    if (this.#owes === 'nack') replies.push({ ...head, kind: 'nack', last });
    if (this.#owes === 'retry') {
      replies.push({ ...head, kind: 'retry', last, afterMillis: this.#afterMillis });
    }
    this.#owes = undefined;
    if (this.#owesWelcome && this.inFlight === 0) {
      this.#owesWelcome = false;
      this.last = currentLast();
      replies.push({ ...head, kind: 'welcome', last: this.last, credit, maxBytes });
    }
    return replies;
  }
}

/** The peers by producer, at most so many: the one that has been silent longest and waits for nothing goes. */
export class Peers {
  readonly #max: number;
  readonly #peers = new Map<string, Peer>();

  constructor(max: number) {
    this.#max = max;
  }

  get size(): number {
    return this.#peers.size;
  }

  /** The peer of a message that just came. */
  heard(producer: Uint8Array, routingId: Buffer): Peer {
    const key = Buffer.from(producer.buffer, producer.byteOffset, producer.byteLength).toString('latin1');
    let peer = this.#peers.get(key);
    if (peer === undefined) {
      if (this.#peers.size >= this.#max) this.#forgetOldest();
      peer = new Peer(producer, routingId);
    } else {
      this.#peers.delete(key);
      peer.routingId = routingId;
    }
    this.#peers.set(key, peer);
    return peer;
  }

  #forgetOldest(): void {
    for (const [key, peer] of this.#peers) {
      if (!peer.isIdle) continue;
      this.#peers.delete(key);
      return;
    }
  }
}
