import type { OwnLog } from '../../component/index.ts';
import { type Clock, problemText, Severity } from '../../record/index.ts';

/** How a sink is, as far as its runner can say; and the words about it in the daemon's own log. */
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
    this.tell(Severity.INFO, 'it works again');
  }

  /** Something failed and will be tried again. Told when it begins and when it changes, not with every attempt. */
  fail(what: string, error: unknown): void {
    const text = problemText(error);
    this.remember(text);
    const isNew = this.#trouble !== text;
    this.#trouble = text;
    if (isNew) this.tell(Severity.WARN, `${what}: ${text}; it tries again`);
  }

  remember(text: string): void {
    this.#lastError = { text, atMillis: this.#clock.now() };
  }

  tell(severity: number, message: string): void {
    try {
      this.#log.emit(severity, `sink ${this.#name}: ${message}`, { 'distlogd.sink': this.#name });
    } catch {
      // There is nobody left to tell.
    }
  }
}
