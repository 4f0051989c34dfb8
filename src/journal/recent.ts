import type { JournalEntry } from '../component/index.ts';

/** What an entry holds beside its body: objects, ids, the buffer's own. */
const ENTRY_BYTES = 768;

/** The newest entries, kept in memory up to a number of bytes, so that a sink that keeps up reads no file. */
export class Recent {
  readonly #maxBytes: number;
  #entries: (JournalEntry | undefined)[] = [];
  /** How many at the front have left already. */
  #gone = 0;
  #bytes = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** Indexes follow each other without gaps, within and between calls. */
  add(entries: readonly JournalEntry[]): void {
    for (const entry of entries) {
      this.#entries.push(entry);
      this.#bytes += entry.body.length + ENTRY_BYTES;
    }
    while (this.#bytes > this.#maxBytes && this.#gone < this.#entries.length) {
      this.#bytes -= this.#entries[this.#gone]!.body.length + ENTRY_BYTES;
      this.#entries[this.#gone] = undefined;
      this.#gone += 1;
    }
    if (this.#gone * 2 < this.#entries.length) return;
    this.#entries = this.#entries.slice(this.#gone);
    this.#gone = 0;
  }

  find(index: number): JournalEntry | undefined {
    const first = this.#entries[this.#gone]?.index;
    if (first === undefined || index < first) return undefined;
    return this.#entries[this.#gone + index - first];
  }

  /** From this entry on as many as fit, at least one; none if it is not here. */
  from(index: number, maxBytes: number): readonly JournalEntry[] {
    const found: JournalEntry[] = [];
    let bytes = 0;
    for (let entry = this.find(index); entry !== undefined; entry = this.find(entry.index + 1)) {
      bytes += entry.body.length;
      if (found.length > 0 && bytes > maxBytes) break;
      found.push(entry);
    }
    return found;
  }
}
