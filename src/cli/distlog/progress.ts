import { counted, sizeText } from '../../text/index.ts';

const FIRST_AFTER_MILLIS = 500;
const EVERY_MILLIS = 200;

/** Says on a terminal how far a long reading is; says nothing of a short one, and nothing to a file. */
export class Progress {
  readonly #out: NodeJS.WriteStream;
  readonly #now: () => number;
  #nextAt: number;
  #isShown = false;

  /** @param now milliseconds, from any beginning */
  constructor(out: NodeJS.WriteStream, now: () => number = () => performance.now()) {
    this.#out = out;
    this.#now = now;
    this.#nextAt = now() + FIRST_AFTER_MILLIS;
  }

  show(records: number, bytes: number): void {
    const now = this.#now();
    if (this.#out.isTTY !== true || now < this.#nextAt) return;
    this.#nextAt = now + EVERY_MILLIS;
    this.#isShown = true;
    const text = `reading: ${counted(records, 'record')}, ${sizeText(bytes)}`;
    this.#out.write(`\r${text}\x1b[K`);
  }

  clear(): void {
    if (this.#isShown) this.#out.write('\r\x1b[K');
    this.#isShown = false;
  }
}
