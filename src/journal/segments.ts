import type { Segment } from './segment.ts';

/** The segments of an open journal, oldest first; the newest is written to. */
export class Segments {
  readonly #list: Segment[];

  constructor(list: Segment[]) {
    this.#list = list;
  }

  get count(): number {
    return this.#list.length;
  }

  get oldest(): Segment | undefined {
    return this.#list[0];
  }

  get newest(): Segment | undefined {
    return this.#list.at(-1);
  }

  /** Size of all files. */
  get bytes(): number {
    let sum = 0;
    for (const { end } of this.#list) sum += end;
    return sum;
  }

  add(segment: Segment): void {
    this.#list.push(segment);
  }

  /** The segment in which this entry is or was, and the one behind it. There is at least one segment. */
  at(index: number): { readonly segment: Segment; readonly behind: Segment | undefined } {
    let low = 0;
    let high = this.#list.length - 1;
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if (this.#list[middle]!.head.firstIndex <= index) low = middle;
      else high = middle - 1;
    }
    return { segment: this.#list[low]!, behind: this.#list[low + 1] };
  }

  /** Takes out the oldest, if all of it lies before `position` and it is not the one that is written to. */
  take(position: number): Segment | undefined {
    const second = this.#list[1];
    return second !== undefined && second.head.firstIndex <= position ? this.#list.shift() : undefined;
  }

  /** It could not be removed after all. */
  putBack(segment: Segment): void {
    this.#list.unshift(segment);
  }
}
