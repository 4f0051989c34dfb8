import { countRefused, type OwnLog, type ReceiverCounters } from '../../component/index.ts';
import { Severity } from '../../record/index.ts';

const MAX_TEXT = 300;

/** The other end of a connection. */
export interface Sender {
  readonly remoteAddress?: string | undefined;
  readonly remotePort?: number | undefined;
}

/** Counts what a receiver refuses, and logs it with the sender and the reason; the log bounds how often. */
export class Refusals {
  readonly #receiver: string;
  readonly #counters: ReceiverCounters;
  readonly #log: OwnLog | undefined;

  constructor(receiver: string, counters: ReceiverCounters, log: OwnLog | undefined) {
    this.#receiver = receiver;
    this.#counters = counters;
    this.#log = log;
  }

  /** @param cause a fixed word, never built from data */
  refused(cause: string, sender: Sender | undefined, why: string): void {
    countRefused(this.#counters, cause);
    const { remoteAddress = 'a client', remotePort } = sender ?? {};
    const from = remotePort === undefined ? remoteAddress : `${remoteAddress} port ${remotePort}`;
    this.#log?.emit(
      Severity.WARN,
      `${this.#receiver}: refused a request of ${from} (${cause}): ${why.slice(0, MAX_TEXT)}`,
    );
  }
}
