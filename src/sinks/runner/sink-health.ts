import type { OwnLog } from '../../component/index.ts';
import { type Clock, problemText, Severity } from '../../record/index.ts';

/** The error state of a sink's runner, and its log messages. */
export class SinkHealth {
  readonly #name: string;
  readonly #log: OwnLog;
  readonly #clock: Clock;
  #trouble: string | undefined;
  #lastError: { readonly text: string; readonly atMillis: number } | undefined;

  constructor(name: string, log: OwnLog, clock: Clock) {
    this.#name = name;
    this.#log = log;
    this.#clock = clock;
  }

  /** The current error, while the sink retries. */
  get trouble(): string | undefined {
    return this.#trouble;
  }

  /** The last error, even if it is resolved. */
  get lastError(): { readonly text: string; readonly atMillis: number } | undefined {
    return this.#lastError;
  }

  recovered(): void {
    if (this.#trouble === undefined) return;
    this.#trouble = undefined;
    this.log(Severity.INFO, 'recovered');
  }

  /**
   * Reports a failure that will be retried. Logged when it begins and when it changes, not with every
   * attempt.
   */
  fail(what: string, error: unknown): void {
    const text = problemText(error);
    this.remember(text);
    const isNew = this.#trouble !== text;
    this.#trouble = text;
    if (isNew) this.log(Severity.WARN, `${what}: ${text}; retrying`);
  }

  remember(text: string): void {
    this.#lastError = { text, atMillis: this.#clock.now() };
  }

  log(severity: number, message: string): void {
    try {
      this.#log.emit(severity, `sink ${this.#name}: ${message}`, { 'distlogd.sink': this.#name });
    } catch {
      // A failure of the log cannot be logged.
    }
  }
}
