const USUAL_BYTES = 2_097_152;

/**
 * Encodes text that is to be written to a file. Each part is encoded at once: a concatenated string is a tree
 * of parts in memory until it is read, and keeping such trees would cost more than everything else.
 */
export class TextBuffer {
  length = 0;
  #bytes = Buffer.allocUnsafeSlow(USUAL_BYTES);

  /** The encoded bytes. They are valid until the next call. */
  get bytes(): Buffer {
    return this.#bytes.subarray(0, this.length);
  }

  add(text: string): void {
    const room = this.#bytes.length - this.length;
    // A UTF-16 code unit takes at most three bytes.
    if (text.length * 3 > room) this.#grow(Buffer.byteLength(text));
    this.length += this.#bytes.write(text, this.length);
  }

  clear(): void {
    this.length = 0;
    if (this.#bytes.length > 4 * USUAL_BYTES) this.#bytes = Buffer.allocUnsafeSlow(USUAL_BYTES);
  }

  #grow(bytes: number): void {
    const wanted = this.length + bytes;
    if (wanted <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafeSlow(Math.max(2 * this.#bytes.length, wanted));
    larger.set(this.bytes);
    this.#bytes = larger;
  }
}
