import type { Reply } from '../../frames/index.ts';
import type { ServerConnection } from '../../zmtp/index.ts';

/** What the receiver knows of one producer while it is connected, and what it has to answer. */
export class ClientSession {
  readonly producer: Uint8Array;
  /** Where answers go; undefined after the connection has closed. */
  connection: ServerConnection | undefined;
  /** For whom the journal remembers the producer. It stays when the connection has closed: a batch may still be read. */
  owner: string | undefined;
  /** Its batches that wait for the journal. */
  inFlight = 0;
  /** What the journal said last. */
  #last = 0;
  #pending: 'ack' | 'nack' | 'retry' | undefined;
  #afterMillis = 0;
  #pendingWelcome = false;
  readonly #rejected: { readonly seq: number; readonly cause: string }[] = [];

  constructor(producer: Uint8Array, connection: ServerConnection) {
    this.producer = producer;
    this.connection = connection;
  }

  hello(): void {
    this.#pendingWelcome = true;
  }

  ack(last: number): void {
    this.#last = last;
    this.#pending ??= 'ack';
  }

  nack(last: number): void {
    this.#last = last;
    if (this.#pending !== 'retry') this.#pending = 'nack';
  }

  retry(last: number, afterMillis: number): void {
    this.#last = last;
    this.#pending = 'retry';
    this.#afterMillis = afterMillis;
  }

  /** Only the last of them are answered to a client that does not read. */
  reject(seq: number, cause: string, most: number): void {
    this.#rejected.push({ seq, cause });
    if (this.#rejected.length > most) this.#rejected.shift();
  }

  /**
   * The replies to send now. HELLO is answered when nothing waits for the journal any more, so that what is
   * there is not sent again.
   * @param currentLast what is on the disk, for the WELCOME
   */
  takeReplies(journal: Uint8Array, credit: number, maxBytes: number, currentLast: () => number): Reply[] {
    const head = { journal, producer: this.producer };
    const replies: Reply[] = this.#rejected
      .splice(0)
      .map(({ seq, cause }) => ({ ...head, kind: 'reject', seq, cause }));
    const last = this.#last;
    if (this.#pending === 'ack') replies.push({ ...head, kind: 'ack', last, credit });
    if (this.#pending === 'nack') replies.push({ ...head, kind: 'nack', last });
    if (this.#pending === 'retry') {
      replies.push({ ...head, kind: 'retry', last, afterMillis: this.#afterMillis });
    }
    this.#pending = undefined;
    if (this.#pendingWelcome && this.inFlight === 0) {
      this.#pendingWelcome = false;
      this.#last = currentLast();
      replies.push({ ...head, kind: 'welcome', last: this.#last, credit, maxBytes });
    }
    return replies;
  }
}
