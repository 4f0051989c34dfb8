import { Arena, Group } from './arena.ts';

const RANKS = 25;

/**
 * A queue that is always first in, first out, and when something must go drops the quietest, oldest item,
 * never a louder one. Everything is O(1). It has no bound of its own; its owner drops what is too much.
 */
export class RankedQueue<T> {
  readonly #arena = new Arena<T>();
  readonly #groups: Group[] = [];
  /** Bit r is set while rank r holds something. */
  #filled = 0;
  #lastSequence = 0;

  constructor() {
    for (let rank = 0; rank < RANKS; rank += 1) {
      const group = new Group();
      this.#arena.open(group);
      this.#groups.push(group);
    }
  }

  /** How many items wait. */
  get count(): number {
    return this.#arena.count;
  }

  /** The sum of their sizes. */
  get bytes(): number {
    return this.#arena.bytes;
  }

  /** The number of the item added last; the first one has number 1. */
  get lastSequence(): number {
    return this.#lastSequence;
  }

  /** The number of the item that has waited longest; Infinity when none waits. */
  get firstSequence(): number {
    return this.#arena.oldestTime();
  }

  /** The size of the item that has waited longest; 0 when none waits. */
  get firstSize(): number {
    const group = this.#arena.oldestGroup();
    return group === undefined ? 0 : this.#arena.firstSize(group);
  }

  /** The number of the item that `takeQuietest` would take; 0 when none waits. */
  get quietestSequence(): number {
    return this.#filled === 0 ? 0 : this.#arena.firstTime(this.#quietest());
  }

  /** @param rank 0 to 24, as `rankOf` returns it */
  add(item: T, rank: number, size: number): void {
    this.#lastSequence += 1;
    this.#filled |= 1 << rank;
    this.#arena.add(this.#groups[rank]!, item, size, this.#lastSequence);
  }

  /** Removes and returns the item that has waited longest. */
  takeFirst(): T | undefined {
    const group = this.#arena.oldestGroup();
    return group === undefined ? undefined : this.#take(group);
  }

  /** Removes and returns the oldest item of the lowest rank there is. */
  takeQuietest(): T | undefined {
    return this.#filled === 0 ? undefined : this.#take(this.#quietest());
  }

  /** The group of the lowest rank that holds something. */
  #quietest(): Group {
    return this.#groups[31 - Math.clz32(this.#filled & -this.#filled)]!;
  }

  #take(group: Group): T {
    const item = this.#arena.takeFirst(group);
    // A rank's group is opened first of all, so that its number in the arena is the rank.
    if (group.count === 0) this.#filled &= ~(1 << group.index);
    this.#arena.shrinkIfEmpty();
    return item;
  }
}
