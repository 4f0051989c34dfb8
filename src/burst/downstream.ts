import { FlushGate } from '../export/index.ts';
import { attempt, type Clock, errorText, type RateLimitedWarnings, within } from '../record/index.ts';

/** How long a flush is awaited. */
const FLUSH_TIMEOUT_MILLIS = 30_000;

/** A component that can be flushed and shut down. */
export interface Flushable {
  forceFlush(): Promise<unknown>;
  shutdown(): Promise<unknown>;
}

/**
 * Flushes and shuts down the wrapped processor or provider, within timeouts. Errors and timeouts are logged
 * as warnings and never passed on.
 */
export class Downstream {
  readonly #name: string;
  readonly #part: Flushable;
  readonly #clock: Clock;
  readonly #warnings: RateLimitedWarnings;
  readonly #gate = new FlushGate(() => this.#flush());
  #shutdown: Promise<void> | undefined;

  /** @param name the name in warnings, such as "the wrapped processor" */
  constructor(name: string, part: Flushable, clock: Clock, warnings: RateLimitedWarnings) {
    this.#name = name;
    this.#part = part;
    this.#clock = clock;
    this.#warnings = warnings;
  }

  /** Runs one flush at a time, because the SDK's `forceFlush()` returns at once while another one runs. */
  flush(): Promise<void> {
    return this.#gate.pass();
  }

  shutdown(timeoutMillis: number): Promise<void> {
    this.#shutdown ??= this.#end(timeoutMillis);
    return this.#shutdown;
  }

  async #flush(): Promise<void> {
    // A shutdown includes a flush, and a flush after shutdown would log a warning.
    if (this.#shutdown !== undefined) return this.#shutdown;
    const forceFlush = attempt(() => this.#part.forceFlush());
    const flush = await within(forceFlush, FLUSH_TIMEOUT_MILLIS, this.#clock);
    this.#warn('flush', 'forceFlush()', FLUSH_TIMEOUT_MILLIS, flush);
  }

  async #end(timeoutMillis: number): Promise<void> {
    const shutdown = attempt(() => this.#part.shutdown());
    this.#warn(
      'shutdown',
      'shutdown()',
      timeoutMillis,
      await within(shutdown, timeoutMillis, this.#clock, true),
    );
  }

  #warn(
    kind: string,
    call: string,
    millis: number,
    { inTime, error }: { readonly inTime: boolean; readonly error?: unknown },
  ): void {
    if (!inTime) this.#warnings.warn(kind, `${this.#name}'s ${call} took longer than ${millis} ms`);
    else if (error !== undefined) {
      this.#warnings.warn(kind, `${this.#name}'s ${call} failed: ${errorText(error)}`);
    }
  }
}
