import type { Segment } from './segment.ts';

/** The segments of an open journal, oldest first; the newest one is active. */
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

  /** The size of all files. */
  get bytes(): number {
    let sum = 0;
    for (const { end } of this.#list) sum += end;
    return sum;
  }

  add(segment: Segment): void {
    this.#list.push(segment);
  }

  /**
   * The segment that contains or contained this entry, and the next one. There is always at least one
   * segment.
   */
  at(index: number): { readonly segment: Segment; readonly following: Segment | undefined } {
    let low = 0;
    let high = this.#list.length - 1;
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if (this.#list[middle]!.head.firstIndex <= index) low = middle;
      else high = middle - 1;
    }
    return { segment: this.#list[low]!, following: this.#list[low + 1] };
  }

  /**
   * Removes and returns the oldest segment, if all of it lies before `position` and it is not the active one.
   */
  take(position: number): Segment | undefined {
    const second = this.#list[1];
    return second !== undefined && second.head.firstIndex <= position ? this.#list.shift() : undefined;
  }

  /** Puts a segment back whose file could not be removed. */
  putBack(segment: Segment): void {
    this.#list.unshift(segment);
  }
}
