import type { OwnLog } from '../../component/index.ts';
import { type Clock, problemText, Severity } from '../../record/index.ts';

/** What a sink's runner knows of its errors, and what it logs about them. */
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

  /** What went wrong last, while it is tried again. */
  get trouble(): string | undefined {
    return this.#trouble;
  }

  /** What went wrong last, also if it is over. */
  get lastError(): { readonly text: string; readonly atMillis: number } | undefined {
    return this.#lastError;
  }

  well(): void {
    if (this.#trouble === undefined) return;
    this.#trouble = undefined;
    this.log(Severity.INFO, 'it works again');
  }

  /**
   * Something failed and will be tried again. Logged when it begins and when it changes, not with every
   * attempt.
   */
  fail(what: string, error: unknown): void {
    const text = problemText(error);
    this.remember(text);
    const isNew = this.#trouble !== text;
    this.#trouble = text;
    if (isNew) this.log(Severity.WARN, `${what}: ${text}; it tries again`);
  }

  remember(text: string): void {
    this.#lastError = { text, atMillis: this.#clock.now() };
  }

  log(severity: number, message: string): void {
    try {
      this.#log.emit(severity, `sink ${this.#name}: ${message}`, { 'distlogd.sink': this.#name });
    } catch {
      // A log that throws cannot be logged.
    }
  }
}
