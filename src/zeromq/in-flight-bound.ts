/** Counts what waits for the journal, and says when that is too much. */
export class InFlightBound {
  readonly #maxBytes: number;
  readonly #maxBatches: number;
  #bytes = 0;
  #batches = 0;
  #idle: (() => void)[] = [];

  constructor(maxBytes: number, maxBatches: number) {
    this.#maxBytes = maxBytes;
    this.#maxBatches = maxBatches;
  }

  get isFull(): boolean {
    return this.#bytes >= this.#maxBytes || this.#batches >= this.#maxBatches;
  }

  enter(bytes: number): void {
    this.#bytes += bytes;
    this.#batches += 1;
  }

  leave(bytes: number): void {
    this.#bytes -= bytes;
    this.#batches -= 1;
    if (this.#batches > 0) return;
    for (const resolve of this.#idle.splice(0)) resolve();
  }

  /** Resolves when nothing waits. */
  idle(): Promise<void> {
    if (this.#batches === 0) return Promise.resolve();
    return new Promise((resolve) => this.#idle.push(resolve));
  }
}
