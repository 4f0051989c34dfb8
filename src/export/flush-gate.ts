import { attempt } from '../record/index.ts';

/**
 * One door for all calls of a `forceFlush()`. The SDK's own returns at once while another runs, without having
 * done anything; here a call that comes during a running flush waits for a whole one of its own, which it
 * shares with all others that came meanwhile.
 */
export class FlushGate {
  readonly #flush: () => Promise<void>;
  #running: Promise<void> | undefined;
  #next: Promise<void> | undefined;

  /** @param flush must not reject for ever to settle; bound it by a time-out */
  constructor(flush: () => Promise<void>) {
    this.#flush = flush;
  }

  /** Resolves after a flush that began after this call. Rejects if that flush does. */
  pass(): Promise<void> {
    // First of all: in the moment a flush ends, the next one has been promised but has not begun.
    if (this.#next !== undefined) return this.#next;
    if (this.#running === undefined) return this.#run();
    this.#next = this.#running.then(
      () => this.#run(),
      () => this.#run(),
    );
    return this.#next;
  }

  #run(): Promise<void> {
    this.#next = undefined;
    const done = () => {
      if (this.#running === running) this.#running = undefined;
    };
    const running = attempt(this.#flush);
    this.#running = running;
    running.then(done, done);
    return running;
  }
}
