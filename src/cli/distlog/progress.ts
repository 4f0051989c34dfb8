import { counted, sizeText } from '../../text/index.ts';

const FIRST_AFTER_MILLIS = 500;
const EVERY_MILLIS = 200;

/** Shows the progress of a long read on a terminal; shows nothing for a short read or in a file. */
export class Progress {
  readonly #out: NodeJS.WriteStream;
  readonly #now: () => number;
  #nextAt: number;
  #isShown = false;

  /** @param now milliseconds since an arbitrary time */
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
