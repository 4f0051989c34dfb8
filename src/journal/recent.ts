import type { JournalEntry } from '../component/index.ts';

/** The memory cost of an entry beyond its body: objects, ids, the buffer itself. */
const ENTRY_BYTES = 768;

/**
 * The newest entries, kept in memory up to a number of bytes, so that a sink that keeps up reads no files.
 */
export class Recent {
  readonly #maxBytes: number;
  #entries: (JournalEntry | undefined)[] = [];
  /** How many entries at the front were evicted. */
  #evicted = 0;
  #bytes = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** Indexes must be contiguous, within and between calls. */
  add(entries: readonly JournalEntry[]): void {
    for (const entry of entries) {
      this.#entries.push(entry);
      this.#bytes += entry.body.length + ENTRY_BYTES;
    }
    while (this.#bytes > this.#maxBytes && this.#evicted < this.#entries.length) {
      this.#bytes -= this.#entries[this.#evicted]!.body.length + ENTRY_BYTES;
      this.#entries[this.#evicted] = undefined;
      this.#evicted += 1;
    }
    if (this.#evicted * 2 < this.#entries.length) return;
    this.#entries = this.#entries.slice(this.#evicted);
    this.#evicted = 0;
  }

  find(index: number): JournalEntry | undefined {
    const first = this.#entries[this.#evicted]?.index;
    if (first === undefined || index < first) return undefined;
    return this.#entries[this.#evicted + index - first];
  }

  /** Returns as many entries from this one on as fit, at least one; none if it is not in memory. */
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
