import { Severity } from '../record/index.ts';
import type { OwnLog, ReceiverCounters } from './contract.ts';
import { countRefused } from './counters.ts';

/** Maximum length of a reason in the log, which may contain data of the sender. */
const MAX_TEXT = 300;

/**
 * Counts requests that a receiver refuses and records that it drops, and logs each with the sender and the
 * reason. The log is rate-limited.
 */
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
   * A request, a message or a client was refused.
   * @param cause a fixed word, never derived from data
   * @param what what was refused, and its sender
   */
  refused(cause: string, what: string, why: string): void {
    countRefused(this.#counters, cause);
    this.#warn(`refused ${what} (${cause})`, why);
  }

  /** Records were read, then dropped. */
  dropped(cause: string, records: number, sender: string, why: string): void {
    const { dropped } = this.#counters;
    dropped.set(cause, (dropped.get(cause) ?? 0) + records);
    this.#warn(`dropped ${records} records of ${sender} (${cause})`, why);
  }

  #warn(what: string, why: string): void {
    this.#log?.emit(Severity.WARN, `${this.#receiver}: ${what}: ${why.slice(0, MAX_TEXT)}`);
  }
}
