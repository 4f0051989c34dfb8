/** What was written before an entry: in the whole life of the journal, and where in its segment. */
export interface Mark {
  readonly index: number;
  readonly offset: number;
  readonly records: number;
  readonly bytes: number;
  readonly receivedMillis: number;
}

const MAX_MARKS = 512;

/**
 * Places in a segment, so that a position is found and counted without reading it all. One for each entry as
 * long as there are few, then every second, every fourth: never more than 512.
 */
export class Marks {
  #marks: Mark[];
  #spacing = 1;

  constructor(first: Mark) {
    this.#marks = [first];
  }

  /** Adds a place behind all that are known; what lies before is not needed. */
  add(mark: Mark): void {
    if (mark.index < this.#marks.at(-1)!.index + this.#spacing) {
      // The first mark is made from the head, which does not know when the first entry will come.
      if (this.#marks.length === 1 && mark.index === this.#marks[0]!.index) this.#marks[0] = mark;
      return;
    }
    this.#marks.push(mark);
    if (this.#marks.length < MAX_MARKS) return;
    this.#marks = this.#marks.filter((_, index) => index % 2 === 0);
    this.#spacing *= 2;
  }

  /** The last place at or before this entry, and the one behind it. */
  around(index: number): { readonly before: Mark; readonly behind: Mark | undefined } {
    let low = 0;
    let high = this.#marks.length - 1;
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if (this.#marks[middle]!.index <= index) low = middle;
      else high = middle - 1;
    }
    return { before: this.#marks[low]!, behind: this.#marks[low + 1] };
  }
}
