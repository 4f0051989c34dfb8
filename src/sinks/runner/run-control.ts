import type { SinkStats } from '../../component/index.ts';
import { retryAfterOf } from '../../component/index.ts';
import { Backoff } from '../../record/index.ts';
import { guardedCall } from './guarded-call.ts';
import type { ResolvedRunnerOptions } from './runner-options.ts';
import type { SinkHealth } from './sink-health.ts';

/** The longest retry delay that a server can request. */
const MAX_RETRY_AFTER_MILLIS = 3_600_000;

/**
 * Controls how a sink is run: bounds its calls, waits after failures, wakes the loop, and stops it.
 *
 * Stopping has two steps. `drain` sets the entry up to which it continues, but the first failure ends it.
 * `abort` ends it at once, and aborts the current call.
 */
export class RunControl {
  readonly #options: ResolvedRunnerOptions;
  readonly #health: SinkHealth;
  readonly #backoff: Backoff;
  readonly #aborted = new AbortController();
  readonly #waiting = new Set<(error: Error) => void>();
  #wake = new AbortController();
  #endPause = () => {};
  #drainTo: number | undefined;
  condition: SinkStats['condition'] = 'new';

  constructor(options: ResolvedRunnerOptions, health: SinkHealth) {
    const { random, initialBackoffMillis, maxBackoffMillis } = options;
    this.#options = options;
    this.#health = health;
    this.#backoff = new Backoff({
      initialMillis: initialBackoffMillis,
      maxMillis: maxBackoffMillis,
      multiplier: 2,
      jitter: 0.2,
      random,
    });
  }

  get isAborted(): boolean {
    return this.#aborted.signal.aborted;
  }

  get isStopping(): boolean {
    return this.#drainTo !== undefined;
  }

  /** Whether there is nothing more to do for a sink at this position. */
  isDone(position: number): boolean {
    return this.isAborted || (this.#drainTo !== undefined && position >= this.#drainTo);
  }

  /** Aborted by the next {@link wakeUp}. */
  get wakeSignal(): AbortSignal {
    return this.#wake.signal;
  }

  wakeUp(): void {
    const wake = this.#wake;
    this.#wake = new AbortController();
    wake.abort(new Error('woken up'));
  }

  /** Continues up to this entry, but no further than the next failure. */
  drain(to: number): void {
    this.#drainTo = to;
    this.wakeUp();
    this.#endPause();
  }

  abort(reason: unknown): void {
    this.#aborted.abort(reason);
    this.wakeUp();
    this.#endPause();
  }

  /** Stops waiting for calls, whatever they do. */
  abandonCalls(reason: Error): void {
    for (const abandon of this.#waiting) abandon(reason);
  }

  throwIfAborted(): void {
    this.#aborted.signal.throwIfAborted();
  }

  /** Calls a method of the sink. @throws what it throws; also if it is aborted or takes too long */
  async call<T>(call: (signal: AbortSignal) => Promise<T>): Promise<T> {
    const { clock, writeTimeoutMillis } = this.#options;
    return await guardedCall(call, {
      clock,
      timeoutMillis: writeTimeoutMillis,
      signal: this.#aborted.signal,
      waiting: this.#waiting,
      onHung: () => {
        this.condition = 'hung';
        this.#health.fail(
          'a call of the sink does not return',
          new Error(`no answer within ${writeTimeoutMillis} ms`),
        );
      },
    });
  }

  succeeded(): void {
    this.#backoff.reset();
    this.condition = 'running';
    this.#health.recovered();
  }

  /**
   * Waits before the next attempt. While stopping there is none: what was not written is written after the
   * next start.
   */
  async pause(error: unknown): Promise<void> {
    if (this.isAborted) return;
    if (this.#drainTo !== undefined) {
      this.#drainTo = 0;
      return;
    }
    if (this.condition !== 'opening') this.condition = 'waiting';
    await this.wait(this.#backoff.nextMillis(Math.min(retryAfterOf(error), MAX_RETRY_AFTER_MILLIS)));
  }

  /** Waits for this time, or until the sink is stopped. */
  async wait(millis: number): Promise<void> {
    if (this.isAborted || this.isStopping) return;
    await new Promise<void>((resolve) => {
      const cancel = this.#options.clock.after(millis, resolve);
      this.#endPause = () => {
        cancel();
        resolve();
      };
    });
  }

  /** Repeats work that must succeed before anything else is done. @throws when the sink is stopped */
  async untilDone(failure: string, work: () => Promise<void>): Promise<void> {
    for (;;) {
      try {
        await work();
        return;
      } catch (error) {
        this.#health.fail(failure, error);
        if (this.isStopping) this.#aborted.abort(error);
        this.throwIfAborted();
        await this.pause(error);
      }
    }
  }
}
