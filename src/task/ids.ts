/** The size of the buffer of random bytes. */
const PREPARED = 4_096;
const TRACE_ID_BYTES = 16;
const SPAN_ID_BYTES = 8;

/**
 * Generates ids if no SDK does. It uses the global `crypto`, which, unlike an import, is loaded on first use.
 */
export class RandomIds {
  readonly #bytes = Buffer.alloc(PREPARED);
  #used = PREPARED;

  /** Returns a trace id: 32 random hex digits. */
  traceId(): string {
    return this.#hex(TRACE_ID_BYTES);
  }

  /** Returns a span id: 16 random hex digits. */
  spanId(): string {
    return this.#hex(SPAN_ID_BYTES);
  }

  #hex(length: number): string {
    if (this.#used + length > PREPARED) {
      crypto.getRandomValues(this.#bytes);
      this.#used = 0;
    }
    const from = this.#used;
    this.#used += length;
    return this.#bytes.toString('hex', from, this.#used);
  }
}
