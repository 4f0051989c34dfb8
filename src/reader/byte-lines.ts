const LINE_FEED = 0x0a;

/** Splits bytes into lines; a line that is too long is returned as undefined. */
export class ByteLines {
  readonly #maxBytes: number;
  #parts: Uint8Array[] = [];
  #bytes = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  of(chunk: Uint8Array): (string | undefined)[] {
    const found: (string | undefined)[] = [];
    let from = 0;
    for (let end = chunk.indexOf(LINE_FEED); end >= 0; end = chunk.indexOf(LINE_FEED, from)) {
      this.#add(chunk.subarray(from, end));
      found.push(this.#take());
      from = end + 1;
    }
    this.#add(chunk.subarray(from));
    return found;
  }

  /** The text after the last line feed. */
  rest(): (string | undefined)[] {
    return this.#bytes === 0 ? [] : [this.#take()];
  }

  #add(part: Uint8Array): void {
    this.#bytes += part.length;
    if (this.#bytes > this.#maxBytes) this.#parts = [];
    else if (part.length > 0) this.#parts.push(part);
  }

  #take(): string | undefined {
    const [only = new Uint8Array(), ...others] = this.#parts;
    const whole = others.length === 0 ? only : Buffer.concat(this.#parts);
    const isTooLong = this.#bytes > this.#maxBytes;
    this.#parts = [];
    this.#bytes = 0;
    if (isTooLong) return undefined;
    return Buffer.from(whole.buffer, whole.byteOffset, whole.length).toString('utf8');
  }
}
