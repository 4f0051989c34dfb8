import { attempt } from '../record/index.ts';

/**
 * Serializes calls of `forceFlush()`. While a flush is running, the SDK's own method returns at once without
 * flushing. Here, all calls during a running flush share one further flush that starts when it ends.
 */
export class FlushGate {
  readonly #flush: () => Promise<void>;
  #running: Promise<void> | undefined;
  #next: Promise<void> | undefined;

  /** @param flush must settle eventually, so it needs a timeout */
  constructor(flush: () => Promise<void>) {
    this.#flush = flush;
  }

  /** Resolves after a flush that started after this call. Rejects if that flush rejects. */
  pass(): Promise<void> {
    // Checked first, because at the moment a flush ends the next one is scheduled but has not started.
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
    // Registered before the continuation that starts the next flush, so it runs first.
    const done = () => {
      this.#running = undefined;
    };
    running.then(done, done);
    return running;
  }
}
