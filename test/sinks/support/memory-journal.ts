import type { Behind, JournalEntry, JournalReader, JournalView } from '../../../src/component/index.ts';

/** A journal in memory that implements the contract of {@link JournalView}. */
export class MemoryJournal implements JournalView {
  readonly id: Uint8Array;
  readonly #now: () => number;
  readonly #entries: JournalEntry[] = [];
  readonly #waiting = new Set<() => void>();
  readonly #listeners = new Set<() => void>();
  #first = 1;

  constructor(id = 1, now: () => number = Date.now) {
    this.id = new Uint8Array(16).fill(id);
    this.#now = now;
  }

  get first(): number {
    return this.#first;
  }

  get next(): number {
    return this.#entries.length + 1;
  }

  add(body: Uint8Array, records = 1): JournalEntry {
    const entry = { index: this.next, receivedMillis: this.#now(), records, body };
    this.#entries.push(entry);
    for (const listener of this.#listeners) listener();
    for (const look of this.#waiting) look();
    return entry;
  }

  onGrowth(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  trim(first: number): void {
    this.#first = first;
  }

  continues(id: string): boolean {
    return id === Buffer.from(this.id).toString('hex');
  }

  reader(position: number): JournalReader {
    let at = position;
    const entries = this.#entries;
    const missing = { batches: 0, records: 0 };
    const recordsOf = (entries: readonly JournalEntry[]) =>
      entries.reduce((sum, { records }) => sum + records, 0);
    const take = (maxBytes: number): JournalEntry[] => {
      const taken: JournalEntry[] = [];
      let bytes = 0;
      for (; at < this.next && (taken.length === 0 || bytes < maxBytes); at += 1) {
        const entry = this.#entries[at - 1]!;
        taken.push(entry);
        bytes += entry.body.length;
      }
      return taken;
    };
    return {
      get position() {
        return at;
      },
      get recordsBefore() {
        return recordsOf(entries.slice(0, at - 1));
      },
      missing,
      next: (maxBytes, signal) =>
        new Promise((resolve, reject) => {
          const abort = () => {
            this.#waiting.delete(look);
            reject(signal.reason);
          };
          const look = () => {
            const isGone = at < this.#first;
            if (isGone) {
              missing.batches += this.#first - at;
              missing.records += recordsOf(entries.slice(at - 1, this.#first - 1));
              at = this.#first;
            }
            const taken = isGone ? [] : take(maxBytes);
            if (taken.length === 0 && !isGone) return;
            this.#waiting.delete(look);
            signal.removeEventListener('abort', abort);
            resolve(taken);
          };
          if (signal.aborted) {
            abort();
            return;
          }
          signal.addEventListener('abort', abort, { once: true });
          this.#waiting.add(look);
          look();
        }),
    };
  }

  behind(position: number): Behind {
    const rest = this.#entries.slice(Math.max(position, this.#first) - 1);
    return {
      batches: rest.length,
      records: rest.reduce((sum, { records }) => sum + records, 0),
      bytes: rest.reduce((sum, { body }) => sum + body.length, 0),
      ageMillis: rest.length === 0 ? 0 : this.#now() - rest[0]!.receivedMillis,
    };
  }
}
