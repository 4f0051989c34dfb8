const USUAL_BYTES = 2_097_152;

/**
 * Text on its way to a file, as bytes. Each part becomes bytes at once: a text that was put together of many
 * parts is a tree of them in memory until it is read, and to carry such trees on costs more than all else.
 */
export class TextBuffer {
  length = 0;
  #bytes = Buffer.allocUnsafeSlow(USUAL_BYTES);

  /** What was added. It is only good until the next call. */
  get bytes(): Buffer {
    return this.#bytes.subarray(0, this.length);
  }

  add(text: string): void {
    const room = this.#bytes.length - this.length;
    // No UTF-16 unit takes more than three bytes.
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
