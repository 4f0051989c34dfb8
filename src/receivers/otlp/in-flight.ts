/** What a request costs beside its bytes: its objects, its place in a pipeline. */
const REQUEST_BYTES = 4_096;
/** What a piece of a body costs beside its bytes, so that many small ones do not slip through. */
const PIECE_BYTES = 256;

/**
 * Bounds the memory of all requests of a receiver that are being read or wait for the journal. A request for which
 * there is no room is refused, never kept waiting: those that are half read would wait for each other.
 */
export class InFlight {
  readonly #maxBytes: number;
  #bytes = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** What is taken at the moment. */
  get bytes(): number {
    return this.#bytes;
  }

  /** A share for one more request; undefined: there is no room. */
  share(): Share | undefined {
    if (!this.#take(REQUEST_BYTES)) return undefined;
    return new Share((bytes) => this.#take(bytes), REQUEST_BYTES);
  }

  #take(bytes: number): boolean {
    if (bytes > 0 && this.#bytes + bytes > this.#maxBytes) return false;
    this.#bytes += bytes;
    return true;
  }
}

/** What one request takes of the bound. */
export class Share {
  readonly #take: (bytes: number) => boolean;
  #bytes: number;

  constructor(take: (bytes: number) => boolean, bytes: number) {
    this.#take = take;
    this.#bytes = bytes;
  }

  get bytes(): number {
    return this.#bytes;
  }

  /** Takes room for a piece of so many bytes. False: there is none, nothing was taken. */
  takePiece(bytes: number): boolean {
    const cost = bytes + PIECE_BYTES;
    if (!this.#take(cost)) return false;
    this.#bytes += cost;
    return true;
  }

  /** Gives back all but `bytes` of it. */
  release(bytes = 0): void {
    const rest = Math.min(bytes, this.#bytes);
    this.#take(rest - this.#bytes);
    this.#bytes = rest;
  }
}
