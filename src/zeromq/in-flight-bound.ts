/** Counts what waits for the journal, and lets the reader wait until there is room again. */
export class InFlightBound {
  readonly #maxBytes: number;
  readonly #maxBatches: number;
  #bytes = 0;
  #batches = 0;
  #waiters: (() => void)[] = [];
  #idle: (() => void)[] = [];

  constructor(maxBytes: number, maxBatches: number) {
    this.#maxBytes = maxBytes;
    this.#maxBatches = maxBatches;
  }

  get batches(): number {
    return this.#batches;
  }

  get bytes(): number {
    return this.#bytes;
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
    if (!this.isFull) this.#wake();
    if (this.#batches > 0) return;
    for (const resolve of this.#idle.splice(0)) resolve();
  }

  /** Resolves when there is room. */
  room(): Promise<void> {
    if (!this.isFull) return Promise.resolve();
    return new Promise((resolve) => this.#waiters.push(resolve));
  }

  /** Resolves when nothing waits. */
  idle(): Promise<void> {
    if (this.#batches === 0) return Promise.resolve();
    return new Promise((resolve) => this.#idle.push(resolve));
  }

  #wake(): void {
    for (const resolve of this.#waiters.splice(0)) resolve();
  }
}
