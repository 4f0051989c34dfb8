import type { JournalEntry, Sink } from '../../../src/component/contract.ts';

/** A sink that does what the test wants, and records its calls. */
export class TestSink implements Sink {
  readonly opened: unknown[] = [];
  readonly calls: (readonly JournalEntry[])[] = [];
  readonly taken: JournalEntry[] = [];
  closed = 0;
  /** Returns the state, or throws. */
  answer: (entries: readonly JournalEntry[], call: number, signal: AbortSignal) => unknown = () => undefined;
  onOpen: () => void = () => {};
  #waiting: { readonly test: () => boolean; readonly resolve: () => void }[] = [];

  async open(state: unknown): Promise<void> {
    this.opened.push(state);
    this.onOpen();
    this.look();
  }

  // Not async: an error of `answer` is thrown synchronously, as a plugin may do.
  write(entries: readonly JournalEntry[], signal: AbortSignal): Promise<unknown> {
    this.calls.push(entries);
    queueMicrotask(() => this.look());
    const answered = this.answer(entries, this.calls.length, signal);
    return Promise.resolve(answered).then((state) => {
      this.taken.push(...entries);
      this.look();
      return state;
    });
  }

  async close(): Promise<void> {
    this.closed += 1;
  }

  until(test: () => boolean): Promise<void> {
    if (test()) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.push({ test, resolve }));
  }

  untilTaken(count: number): Promise<void> {
    return this.until(() => this.taken.length >= count);
  }

  look(): void {
    this.#waiting = this.#waiting.filter(({ test, resolve }) => {
      if (!test()) return true;
      resolve();
      return false;
    });
  }
}
