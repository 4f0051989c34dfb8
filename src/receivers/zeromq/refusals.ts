import { countRefused, type OwnLog, type ReceiverCounters } from '../../component/index.ts';
import { type RateLimitedWarnings, Severity } from '../../record/index.ts';

/** Counts what a receiver refuses, and logs it with the sender and the reason; the log bounds how often. */
export class Refusals {
  readonly #counters: ReceiverCounters;
  readonly #receiver: string;
  readonly #log: OwnLog | undefined;
  readonly #warnings: RateLimitedWarnings;

  /** @param log default: OpenTelemetry's `diag` */
  constructor(
    receiver: string,
    counters: ReceiverCounters,
    log: OwnLog | undefined,
    warnings: RateLimitedWarnings,
  ) {
    this.#receiver = receiver;
    this.#counters = counters;
    this.#log = log;
    this.#warnings = warnings;
  }

  /** A message, or a client, was not taken. @param cause a fixed word, never built from data */
  refused(cause: string, sender: string, why: string): void {
    countRefused(this.#counters, cause);
    this.#warn(cause, `refused ${sender} (${cause}): ${why}`);
  }

  /** Records were read and dropped. */
  dropped(cause: string, records: number, sender: string, why: string): void {
    const { dropped } = this.#counters;
    dropped.set(cause, (dropped.get(cause) ?? 0) + records);
    this.#warn(cause, `dropped ${records} records of ${sender} (${cause}): ${why}`);
  }

  #warn(cause: string, text: string): void {
    if (this.#log === undefined) this.#warnings.warn(cause, text);
    else this.#log.emit(Severity.WARN, `${this.#receiver}: ${text}`);
  }
}

/** The word for counters of an error of the OTLP or frames room. Others are `malformed`. */
export function causeOf(error: unknown): string {
  const { malformed, cause } = (error ?? {}) as { readonly malformed?: unknown; readonly cause?: unknown };
  return malformed === true && typeof cause === 'string' ? cause : 'malformed';
}
