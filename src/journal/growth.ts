/** Wakes those who wait for the journal to grow, and calls those who want to know whenever it does. */
export class Growth {
  readonly #listeners = new Set<() => void>();
  readonly #waiting = new Set<(error?: Error) => void>();
  #closed: Error | undefined;

  /** Resolves at the next growth. @throws (rejects) with the signal's reason, or when closed */
  wait(signal: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#closed !== undefined) return reject(this.#closed);
      const wake = (error?: Error) => {
        this.#waiting.delete(wake);
        signal.removeEventListener('abort', abort);
        if (error === undefined) resolve();
        else reject(error);
      };
      const abort = () => {
        this.#waiting.delete(wake);
        reject(signal.reason);
      };
      this.#waiting.add(wake);
      signal.addEventListener('abort', abort, { once: true });
    });
  }

  /** @returns ends that */
  listen(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  grew(): void {
    for (const listener of this.#listeners) listener();
    for (const wake of [...this.#waiting]) wake();
  }

  close(error: Error): void {
    this.#closed = error;
    for (const wake of [...this.#waiting]) wake(error);
  }
}
