// Every record of a sender has a number. The sender notes in a file what it gave to `export()` and what came of it;
// the oracle holds that against what arrived. Two bytes a number, whatever the files' size.
import { createReadStream, readFileSync } from 'node:fs';

const SENT = 1;
const SUCCEEDED = 2;
const FAILED = 3;
const kinds = { s: SENT, k: SUCCEEDED, f: FAILED };

export class Oracle {
  #fate;
  #arrived;
  /** Numbers that arrived but were never sent. */
  strangers = 0;

  /** @param {number} numbers numbers go from 0 to this, without it */
  constructor(numbers) {
    this.#fate = new Uint8Array(numbers);
    this.#arrived = new Uint8Array(numbers);
  }

  /** Reads a sender's notes: lines of `s` (given to export), `k` (succeeded) or `f` (failed), first number, count. */
  note(/** @type {string} */ path) {
    const text = readFileSync(path, 'utf8');
    for (const line of text.slice(0, text.lastIndexOf('\n') + 1).split('\n')) {
      if (line === '') continue;
      const [kind = '', from = '', count = ''] = line.split(' ');
      this.#fate.fill(kinds[/** @type {'s'} */ (kind)], Number(from), Number(from) + Number(count));
    }
  }

  /** Counts the records in a file of OTLP/JSON lines, a piece at a time. @param {string} path */
  async read(path) {
    let rest = '';
    for await (const piece of createReadStream(path, { encoding: 'latin1', highWaterMark: 1_048_576 })) {
      const text = rest + piece;
      const end = text.lastIndexOf('\n') + 1;
      this.readText(text.slice(0, end));
      rest = text.slice(end);
    }
    if (rest !== '') throw new Error(`${path} ends in the middle of a line`);
  }

  /** Counts the records in a text of OTLP/JSON. @param {string} text */
  readText(text) {
    for (const [, digits] of text.matchAll(/"stringValue":"n(\d+)"/g)) this.arrived(Number(digits));
  }

  /** @param {number} number */
  arrived(number) {
    if (number >= this.#arrived.length || this.#fate[number] === 0) this.strangers += 1;
    else this.#arrived[number] = Math.min(255, (this.#arrived[number] ?? 0) + 1);
  }

  verdict() {
    const verdict = {
      sent: 0,
      succeeded: 0,
      failed: 0,
      open: 0,
      arrived: 0,
      lost: 0,
      doubled: 0,
      failedArrived: 0,
    };
    for (const [number, fate] of this.#fate.entries()) {
      if (fate === 0) continue;
      const times = this.#arrived[number] ?? 0;
      verdict.sent += 1;
      if (fate === SUCCEEDED) verdict.succeeded += 1;
      else if (fate === FAILED) verdict.failed += 1;
      else verdict.open += 1;
      if (times > 0) verdict.arrived += 1;
      if (times > 1) verdict.doubled += 1;
      if (fate === SUCCEEDED && times === 0) verdict.lost += 1;
      if (fate === FAILED && times > 0) verdict.failedArrived += 1;
    }
    return { ...verdict, strangers: this.strangers };
  }
}
