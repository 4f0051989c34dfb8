/** The memory cost of a request beyond its bytes: its objects and its place in a pipeline. */
const REQUEST_BYTES = 4_096;
/** The memory cost of a chunk beyond its bytes, so that many small chunks count as well. */
const PIECE_BYTES = 256;

/**
 * Bounds the memory of all requests of a receiver that are being read or wait for the journal. A request
 * without room is refused and never waits: partly read requests would wait for each other.
 *
 * Shares are fair: if there is no room, the largest incomplete body is evicted in favor of a smaller one, so
 * that a few slow clients cannot block all others.
 */
export class InFlight {
  readonly #maxBytes: number;
  readonly #incomplete = new Set<Share>();
  #bytes = 0;
  /** The part of `#bytes` that evicted requests still hold. */
  #leaving = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** The bytes in use. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Returns a share for another request; undefined if there is no room. */
  share(): Share | undefined {
    const share = new Share(this);
    return this.take(share, REQUEST_BYTES) ? share : undefined;
  }

  /** For {@link Share}. @returns false if there is no room; nothing was taken */
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

/** The share of one request. */
export class Share {
  readonly #all: InFlight;
  bytes = 0;
  isEvicted = false;
  /** Resolves when the request is evicted. */
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

  /** Takes room for a chunk. Returns false if there is none; nothing was taken. */
  takePiece(bytes: number): boolean {
    return !this.isEvicted && this.#all.take(this, bytes + PIECE_BYTES);
  }

  /** Marks the body as complete: the request can no longer be evicted. */
  complete(): void {
    this.#all.complete(this);
  }

  /** Releases the whole share. */
  release(): void {
    this.#all.release(this, this.bytes);
  }
}
