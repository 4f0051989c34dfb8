import { Severity } from '../record/index.ts';
import type { OwnLog, ReceiverCounters } from './contract.ts';
import { countRefused } from './counters.ts';

/** Of a reason in the log: it may hold data of the sender. */
const MAX_TEXT = 300;

/** Counts what a receiver refuses or drops, and logs it with the sender and the reason. The log limits how often. */
export class Refusals {
  readonly #receiver: string;
  readonly #counters: ReceiverCounters;
  readonly #log: OwnLog | undefined;

  /** @param receiver its name in the log */
  constructor(receiver: string, counters: ReceiverCounters, log: OwnLog | undefined) {
    this.#receiver = receiver;
    this.#counters = counters;
    this.#log = log;
  }

  /**
   * A request, a message or a client was not taken.
   * @param cause a fixed word, never built from data
   * @param what what was refused, and whose it is
   */
  refused(cause: string, what: string, why: string): void {
    countRefused(this.#counters, cause);
    this.#warn(`refused ${what} (${cause})`, why);
  }

  /** Records were read and dropped. */
  dropped(cause: string, records: number, sender: string, why: string): void {
    const { dropped } = this.#counters;
    dropped.set(cause, (dropped.get(cause) ?? 0) + records);
    this.#warn(`dropped ${records} records of ${sender} (${cause})`, why);
  }

  #warn(what: string, why: string): void {
    this.#log?.emit(Severity.WARN, `${this.#receiver}: ${what}: ${why.slice(0, MAX_TEXT)}`);
  }
}
