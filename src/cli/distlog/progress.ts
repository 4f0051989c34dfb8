const FIRST_AFTER_MILLIS = 500;
const EVERY_MILLIS = 200;

/** Says on a terminal how far a long reading is; says nothing of a short one, and nothing to a file. */
export class Progress {
  readonly #out: NodeJS.WriteStream;
  #nextAt = performance.now() + FIRST_AFTER_MILLIS;
  #isShown = false;

  constructor(out: NodeJS.WriteStream) {
    this.#out = out;
  }

  tell(records: number, bytes: number): void {
    if (this.#out.isTTY !== true || performance.now() < this.#nextAt) return;
    this.#nextAt = performance.now() + EVERY_MILLIS;
    this.#isShown = true;
    const text = `reading: ${records.toLocaleString('en-US')} records, ${Math.round(bytes / 2 ** 20)} MiB`;
    this.#out.write(`\r${text}\x1b[K`);
  }

  clear(): void {
    if (this.#isShown) this.#out.write('\r\x1b[K');
    this.#isShown = false;
  }
}
