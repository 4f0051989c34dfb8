/**
 * Bounds the batches that wait for the journal. Beyond the bound, callers wait for room in the order of their
 * calls.
 */
export class InFlightBound {
  readonly #maxBytes: number;
  readonly #maxBatches: number;
  #bytes = 0;
  #batches = 0;
  #waiting: (() => void)[] = [];
  #idle: (() => void)[] = [];

  constructor(maxBytes: number, maxBatches: number) {
    this.#maxBytes = maxBytes;
    this.#maxBatches = maxBatches;
  }

  get isFull(): boolean {
    return this.#bytes >= this.#maxBytes || this.#batches >= this.#maxBatches;
  }

  /** The number of callers that wait for room. */
  get waiting(): number {
    return this.#waiting.length;
  }

  /** Resolves when there is room, after earlier callers. */
  async room(): Promise<void> {
    while (this.isFull) await new Promise<void>((resolve) => this.#waiting.push(resolve));
  }

  enter(bytes: number): void {
    this.#bytes += bytes;
    this.#batches += 1;
    this.#wakeNext();
  }

  leave(bytes: number): void {
    this.#bytes -= bytes;
    this.#batches -= 1;
    this.#wakeNext();
    if (this.#batches > 0) return;
    for (const resolve of [...this.#idle.splice(0), ...this.#waiting.splice(0)]) resolve();
  }

  /** Wakes one caller for each batch that enters or leaves, not all: each one may use up the room. */
  #wakeNext(): void {
    if (!this.isFull) this.#waiting.shift()?.();
  }

  /** Resolves when nothing is in flight. */
  idle(): Promise<void> {
    if (this.#batches === 0) return Promise.resolve();
    return new Promise((resolve) => this.#idle.push(resolve));
  }
}
