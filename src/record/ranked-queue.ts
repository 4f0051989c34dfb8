import { Arena, Group } from './arena.ts';

const RANKS = 25;

/**
 * A FIFO queue from which the oldest item of the lowest rank can be dropped. All operations are O(1). It has
 * no bound of its own; its owner drops items.
 */
export class RankedQueue<T> {
  readonly #arena = new Arena<T>();
  readonly #groups: Group[] = [];
  /** Bit r is set while rank r has items. */
  #filled = 0;
  #lastSequence = 0;

  constructor() {
    for (let rank = 0; rank < RANKS; rank += 1) {
      const group = new Group();
      this.#arena.open(group);
      this.#groups.push(group);
    }
  }

  /** The number of queued items. */
  get count(): number {
    return this.#arena.count;
  }

  /** The sum of the sizes of queued items. */
  get bytes(): number {
    return this.#arena.bytes;
  }

  /** The sequence number of the item added last; the first one has number 1. */
  get lastSequence(): number {
    return this.#lastSequence;
  }

  /** The sequence number of the first item; Infinity if the queue is empty. */
  get firstSequence(): number {
    return this.#arena.oldestTime();
  }

  /** The size of the first item; 0 if the queue is empty. */
  get firstSize(): number {
    const group = this.#arena.oldestGroup();
    return group === undefined ? 0 : this.#arena.firstSize(group);
  }

  /** The sequence number of the item that `takeQuietest` would remove; 0 if the queue is empty. */
  get quietestSequence(): number {
    return this.#filled === 0 ? 0 : this.#arena.firstTime(this.#quietest());
  }

  /** @param rank 0 to 24, as `rankOf` returns it */
  add(item: T, rank: number, size: number): void {
    this.#lastSequence += 1;
    this.#filled |= 1 << rank;
    this.#arena.add(this.#groups[rank]!, item, size, this.#lastSequence);
  }

  /** Removes and returns the first item. */
  takeFirst(): T | undefined {
    const group = this.#arena.oldestGroup();
    return group === undefined ? undefined : this.#take(group);
  }

  /** Removes and returns the oldest item of the lowest rank. */
  takeQuietest(): T | undefined {
    return this.#filled === 0 ? undefined : this.#take(this.#quietest());
  }

  /** Returns the group of the lowest rank that has items. */
  #quietest(): Group {
    return this.#groups[31 - Math.clz32(this.#filled & -this.#filled)]!;
  }

  #take(group: Group): T {
    const item = this.#arena.takeFirst(group);
    // The groups are opened in the constructor in order of rank, so the index of a group is its rank.
    if (group.count === 0) this.#filled &= ~(1 << group.index);
    this.#arena.shrinkIfEmpty();
    return item;
  }
}
