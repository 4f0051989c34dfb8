/** What was written before an entry: in the journal since it was created, and the offset in the segment. */
export interface Mark {
  readonly index: number;
  readonly offset: number;
  readonly records: number;
  readonly bytes: number;
  readonly receivedMillis: number;
}

const MAX_MARKS = 512;

/**
 * Offsets in a segment, so that a position can be found and counted without reading the whole segment. One
 * per entry at first, then every second, every fourth and so on: at most 512.
 */
export class Marks {
  #marks: Mark[];
  #spacing = 1;

  constructor(first: Mark) {
    this.#marks = [first];
  }

  /** Adds a mark after the known ones; earlier ones are ignored. */
  add(mark: Mark): void {
    if (mark.index < this.#marks.at(-1)!.index + this.#spacing) {
      // The first mark is made from the header, which does not know when the first entry is received.
      if (this.#marks.length === 1 && mark.index === this.#marks[0]!.index) this.#marks[0] = mark;
      return;
    }
    this.#marks.push(mark);
    if (this.#marks.length < MAX_MARKS) return;
    this.#marks = this.#marks.filter((_, index) => index % 2 === 0);
    this.#spacing *= 2;
  }

  /** The last mark at or before this entry, and the next one. */
  around(index: number): { readonly before: Mark; readonly following: Mark | undefined } {
    let low = 0;
    let high = this.#marks.length - 1;
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if (this.#marks[middle]!.index <= index) low = middle;
      else high = middle - 1;
    }
    return { before: this.#marks[low]!, following: this.#marks[low + 1] };
  }
}
