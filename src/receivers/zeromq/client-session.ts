import type { Reply } from '../../frames/index.ts';
import type { ServerConnection } from '../../zmtp/index.ts';

/** The state of one producer while it is connected, and the replies that it is due. */
export class ClientSession {
  readonly producer: Uint8Array;
  /** The connection for replies; undefined after it has closed. */
  connection: ServerConnection | undefined;
  /**
   * The owner that the journal stores for the producer. Kept after the connection has closed, because a batch may
   * still be read.
   */
  owner: string | undefined;
  /** The number of its batches that wait for the journal. */
  inFlight = 0;
  /** The last batch number that the journal reported. */
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

  /** Keeps only the last ones, for a client that does not read. */
  reject(seq: number, cause: string, most: number): void {
    this.#rejected.push({ seq, cause });
    if (this.#rejected.length > most) this.#rejected.shift();
  }

  /**
   * Returns the replies to send now. A HELLO is answered when no batch waits for the journal any more, so
   * that batches that will be accepted are not resent.
   * @param currentLast returns the last batch on disk, for the WELCOME
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
