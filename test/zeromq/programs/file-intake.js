// A small journal in a real file: one JSON line per batch with the beginning of its body, one fsync per
// group.
import { randomBytes } from 'node:crypto';
import { existsSync, fsyncSync, openSync, readFileSync, truncateSync, writeSync } from 'node:fs';

const hex = (/** @type {Uint8Array} */ bytes) => Buffer.from(bytes).toString('hex');

/** @param {string} path */
export function readJournal(path) {
  const text = existsSync(path) ? readFileSync(path, 'utf8') : '';
  const whole = text.slice(0, text.lastIndexOf('\n') + 1);
  const [head, ...lines] = whole.split('\n').filter((line) => line !== '');
  return {
    bytes: Buffer.byteLength(whole),
    /** @type {string | undefined} */
    id: head && JSON.parse(head).id,
    /** @type {{ p: string, s: number, b: string }[]} */
    batches: lines.map((line) => JSON.parse(line)),
  };
}

export class FileIntake {
  /** @type {Map<string, number>} */
  #last = new Map();
  /** @type {{ batch: any, resolve: (accepted: any) => void }[]} */
  #waiting = [];
  #file;
  #index = 0;

  /** @param {string} path */
  constructor(path) {
    const { id, batches, bytes } = readJournal(path);
    if (existsSync(path)) truncateSync(path, bytes);
    this.#file = openSync(path, 'a', 0o600);
    this.id = id === undefined ? randomBytes(16) : Buffer.from(id, 'hex');
    if (id === undefined) writeSync(this.#file, `${JSON.stringify({ id: hex(this.id) })}\n`);
    for (const { p, s } of batches) this.#last.set(p, s);
  }

  /** @param {Uint8Array} producer */
  lastSeq(producer) {
    return this.#last.get(hex(producer)) ?? 0;
  }

  /** @param {any} batch */
  append(batch) {
    if (this.#waiting.length === 0) setImmediate(() => this.#write());
    return new Promise((resolve) => this.#waiting.push({ batch, resolve }));
  }

  #write() {
    const group = this.#waiting.splice(0);
    let text = '';
    const answers = group.map(({ batch: { body, origin } }) => {
      const p = origin === undefined ? '' : hex(origin.producer);
      const last = this.#last.get(p) ?? 0;
      if (origin !== undefined && origin.seq <= last) return { kind: 'duplicate', last };
      if (origin !== undefined && origin.prev > last) return { kind: 'gap', last };
      if (origin !== undefined) this.#last.set(p, origin.seq);
      text += `${JSON.stringify({ p, s: origin?.seq ?? 0, b: Buffer.from(body).toString('latin1', 0, 40) })}\n`;
      this.#index += 1;
      return { kind: 'accepted', index: this.#index };
    });
    writeSync(this.#file, text);
    fsyncSync(this.#file);
    for (const [at, { resolve }] of group.entries()) resolve(answers[at]);
  }
}
