import { randomFillSync } from 'node:crypto';

/** How many random bytes are fetched at once: one call to the system costs as much as 4 KiB of them. */
const POOL_BYTES = 4096;

/** Random ids in hex, as the W3C Trace Context asks for: never all zero. */
export class RandomIds {
  readonly #pool = Buffer.alloc(POOL_BYTES);
  #used = POOL_BYTES;

  /** 32 hex digits. */
  traceId(): string {
    return this.#hex(16);
  }

  /** 16 hex digits. */
  spanId(): string {
    return this.#hex(8);
  }

  #hex(bytes: number): string {
    if (this.#used + bytes > POOL_BYTES) {
      randomFillSync(this.#pool);
      this.#used = 0;
    }
    const from = this.#used;
    this.#used += bytes;
    // The only id that is not allowed.
    if (this.#pool.readUInt32LE(from) === 0) this.#pool[from] = 1;
    return this.#pool.toString('hex', from, from + bytes);
  }
}
