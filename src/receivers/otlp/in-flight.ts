/** What a request costs beside its bytes: its objects, its place in a pipeline. */
const REQUEST_BYTES = 4_096;
/** What a piece of a body costs beside its bytes, so that many small ones do not slip through. */
const PIECE_BYTES = 256;

/**
 * Bounds the memory of all requests of a receiver that are being read or wait for the journal. A request for
 * which there is no room is refused, never kept waiting: those that are half read would wait for each other.
 *
 * Shares are fair: where there is no room, the largest body that is not complete gives way to a smaller one,
 * so that a few clients that send slowly cannot keep out all others.
 */
export class InFlight {
  readonly #maxBytes: number;
  readonly #incomplete = new Set<Share>();
  #bytes = 0;
  /** Of `#bytes`, what evicted requests still have. */
  #leaving = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** What is taken at the moment. */
  get bytes(): number {
    return this.#bytes;
  }

  /** A share for one more request; undefined: there is no room. */
  share(): Share | undefined {
    const share = new Share(this);
    return this.take(share, REQUEST_BYTES) ? share : undefined;
  }

  /** For {@link Share}. @returns false: there is no room, nothing was taken */
  take(share: Share, bytes: number): boolean {
    while (this.#bytes - this.#leaving + bytes > this.#maxBytes) {
      const largest = this.#largestIncomplete();
      if (largest === undefined || largest.bytes <= share.bytes + bytes) return false;
      this.#incomplete.delete(largest);
      this.#leaving += largest.bytes;
      largest.evict();
    }
    this.#incomplete.add(share);
    this.#bytes += bytes;
    share.bytes += bytes;
    return true;
  }

  /** For {@link Share}. */
  release(share: Share, bytes: number): void {
    this.complete(share);
    this.#bytes -= bytes;
    if (share.isEvicted) this.#leaving -= bytes;
    share.bytes -= bytes;
  }

  /** For {@link Share}. */
  complete(share: Share): void {
    this.#incomplete.delete(share);
  }

  #largestIncomplete(): Share | undefined {
    let largest: Share | undefined;
    for (const share of this.#incomplete) {
      if (largest === undefined || share.bytes > largest.bytes) largest = share;
    }
    return largest;
  }
}

/** What one request takes of the bound. */
export class Share {
  readonly #all: InFlight;
  bytes = 0;
  isEvicted = false;
  /** Resolves when the request has to give way. */
  readonly evicted: Promise<void>;
  readonly evict: () => void;

  constructor(all: InFlight) {
    this.#all = all;
    let resolve: () => void;
    this.evicted = new Promise((done) => {
      resolve = done;
    });
    this.evict = () => {
      this.isEvicted = true;
      resolve();
    };
  }

  /** Takes room for a piece of so many bytes. False: there is none, nothing was taken. */
  takePiece(bytes: number): boolean {
    return !this.isEvicted && this.#all.take(this, bytes + PIECE_BYTES);
  }

  /** The body is complete: the request keeps its room. */
  complete(): void {
    this.#all.complete(this);
  }

  /** Gives back all of it. */
  release(): void {
    this.#all.release(this, this.bytes);
  }
}
