import { attempt } from '../record/index.ts';

/**
 * Serializes the calls of a `forceFlush()`. The SDK's own returns at once while another runs, without having
 * done anything. Here a call during a running flush waits for a new one, which it shares with all calls that
 * came meanwhile.
 */
export class FlushGate {
  readonly #flush: () => Promise<void>;
  #running: Promise<void> | undefined;
  #next: Promise<void> | undefined;

  /** @param flush must settle in the end; bound it by a timeout */
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
    const running = attempt(this.#flush);
    this.#running = running;
    // Before the next one begins, which waits for it too.
    const done = () => {
      this.#running = undefined;
    };
    running.then(done, done);
    return running;
  }
}
