/** How many random bytes are prepared at once. */
const PREPARED = 4_096;
const TRACE_ID_BYTES = 16;
const SPAN_ID_BYTES = 8;

/** Ids for where no SDK makes them. The global `crypto` is loaded when it is first used, unlike an imported one. */
export class RandomIds {
  readonly #bytes = Buffer.alloc(PREPARED);
  #used = PREPARED;

  /** A trace id: 32 random hex digits. */
  traceId(): string {
    return this.#hex(TRACE_ID_BYTES);
  }

  /** A span id: 16 random hex digits. */
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
