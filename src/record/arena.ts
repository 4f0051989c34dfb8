/** No slot. */
const NONE = -1;

/**
 * A list within an arena: the items of one key, or of one severity, first in, first out.
 * The arena writes its fields; everybody else reads them.
 */
export class Group {
  /** The arena's number for this group, -1 while the arena does not know it. */
  index = -1;
  head = NONE;
  tail = NONE;
  /** How many items it holds. */
  count = 0;
}

const FIRST_CAPACITY = 256;
/**
 * What an empty arena keeps: a queue that fills and empties all the time must not grow again each time. Of the default
 * queue of a batch processor, 2,048 records, that is 200 KB.
 */
const KEPT_CAPACITY = 4_096;
const GROWTH = 1.5;
/** What a slot can say of a size. */
const MAX_SIZE = 2 ** 32 - 1;

/**
 * Holds items in groups and, over all groups, in the order of their arrival. Adding and taking are O(1) and
 * allocate nothing: the links live in typed arrays beside the items. It grows by half when full; empty again,
 * it gives back what a flood took. It has no bound of its own; its owner removes what is too much.
 *
 * Two removals are possible: the first of a group, and the first of all (which is always the first of its
 * group too). So a group needs links in one direction only.
 */
export class Arena<T> {
  #items: (T | undefined)[] = [];
  #sizes = new Uint32Array(0);
  #times = new Float64Array(0);
  #groupOf = new Int32Array(0);
  /** Next of the same group; of a free slot: the next free one. */
  #nextInGroup = new Int32Array(0);
  #newer = new Int32Array(0);
  #older = new Int32Array(0);
  #free = NONE;
  #oldest = NONE;
  #newest = NONE;
  #groups: (Group | undefined)[] = [];
  #freeGroups: number[] = [];
  #count = 0;
  #bytes = 0;
  readonly #dropped: (item: T) => void;
  /** The newest item that `visitNew` has visited and that is still here. */
  #visited = NONE;
  /** What the visitor calls each item; empty while nobody visits. */
  #numbers = new Float64Array(0);

  /** @param dropped called with each item that `dropFirst` removes */
  constructor(dropped: (item: T) => void = () => {}) {
    this.#dropped = dropped;
  }

  /** How many items are held. */
  get count(): number {
    return this.#count;
  }

  /** The sum of their sizes. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Makes a group known. A group must be open while it holds items. */
  open(group: Group): void {
    const reused = this.#freeGroups.pop();
    group.index = reused ?? this.#groups.length;
    this.#groups[group.index] = group;
  }

  /** Forgets an empty group. */
  close(group: Group): void {
    this.#groups[group.index] = undefined;
    this.#freeGroups.push(group.index);
    group.index = NONE;
  }

  /**
   * Moves all that a group holds to a new group, in no time: the old one stays open, and is empty.
   * @returns the new group
   */
  detach(group: Group): Group {
    const detached = new Group();
    detached.index = group.index;
    detached.head = group.head;
    detached.tail = group.tail;
    detached.count = group.count;
    this.#groups[detached.index] = detached;
    group.head = NONE;
    group.tail = NONE;
    group.count = 0;
    this.open(group);
    return detached;
  }

  /**
   * Adds an item as the newest of its group and of all.
   * @param size its weight in bytes, a whole number; counted up to 4 GiB
   * @param time when it came, milliseconds
   */
  add(group: Group, item: T, size: number, time: number): void {
    if (this.#free === NONE) this.#grow();
    const slot = this.#free;
    this.#free = this.#nextInGroup[slot]!;

    this.#items[slot] = item;
    const weight = size < MAX_SIZE ? size : MAX_SIZE;
    this.#sizes[slot] = weight;
    this.#times[slot] = time;
    this.#groupOf[slot] = group.index;

    this.#nextInGroup[slot] = NONE;
    if (group.tail === NONE) group.head = slot;
    else this.#nextInGroup[group.tail] = slot;
    group.tail = slot;
    group.count += 1;

    this.#newer[slot] = NONE;
    this.#older[slot] = this.#newest;
    if (this.#newest === NONE) this.#oldest = slot;
    else this.#newer[this.#newest] = slot;
    this.#newest = slot;

    this.#count += 1;
    this.#bytes += weight;
  }

  /** Removes the oldest item of a group that is not empty, and returns it. */
  takeFirst(group: Group): T {
    const slot = group.head;
    const item = this.#items[slot] as T;
    group.head = this.#nextInGroup[slot]!;
    if (group.head === NONE) group.tail = NONE;
    group.count -= 1;

    const older = this.#older[slot]!;
    const newer = this.#newer[slot]!;
    if (slot === this.#visited) this.#visited = older;
    if (older === NONE) this.#oldest = newer;
    else this.#newer[older] = newer;
    if (newer === NONE) this.#newest = older;
    else this.#older[newer] = older;

    this.#items[slot] = undefined;
    this.#nextInGroup[slot] = this.#free;
    this.#free = slot;
    this.#count -= 1;
    this.#bytes -= this.#sizes[slot]!;
    return item;
  }

  /** Removes the oldest item of a group that is not empty: nobody gets it. */
  dropFirst(group: Group): void {
    this.#dropped(this.takeFirst(group));
  }

  /** The group of the oldest item of all, undefined when nothing is held. */
  oldestGroup(): Group | undefined {
    return this.#oldest === NONE ? undefined : this.#groups[this.#groupOf[this.#oldest]!];
  }

  /** When the oldest item of all came; Infinity when nothing is held. */
  oldestTime(): number {
    return this.#oldest === NONE ? Number.POSITIVE_INFINITY : this.#times[this.#oldest]!;
  }

  /** The first item of a group that is not empty; it stays there. */
  first(group: Group): T {
    return this.#items[group.head] as T;
  }

  /** When the first item of a group that is not empty came. */
  firstTime(group: Group): number {
    return this.#times[group.head]!;
  }

  /** When the last item of a group that is not empty came. */
  lastTime(group: Group): number {
    return this.#times[group.tail]!;
  }

  /** The size of the first item of a group that is not empty. */
  firstSize(group: Group): number {
    return this.#sizes[group.head]!;
  }

  /** What `visitNew` or `visitUnknown` got for the first item of a group that is not empty; 0: nothing. */
  firstNumber(group: Group): number {
    return this.#numbers[group.head] ?? 0;
  }

  /**
   * Visits the items that came since the last visit and are still here, in the order in which they came.
   * @param visit returns a number for the item, see `firstNumber`; 0: none
   */
  visitNew(visit: (item: T, group: Group, time: number) => number): void {
    if (this.#visited === this.#newest) return;
    if (this.#numbers.length < this.#items.length) {
      this.#numbers = copied(new Float64Array(this.#items.length), this.#numbers);
    }
    let slot = this.#visited === NONE ? this.#oldest : this.#newer[this.#visited]!;
    for (; slot !== NONE; slot = this.#newer[slot]!) {
      const group = this.#groups[this.#groupOf[slot]!]!;
      this.#numbers[slot] = visit(this.#items[slot] as T, group, this.#times[slot]!);
    }
    this.#visited = this.#newest;
  }

  /** Visits the items of a group that have no number yet. `visitNew` must have been called before. */
  visitUnknown(group: Group, visit: (item: T, time: number) => number): void {
    for (let slot = group.head; slot !== NONE; slot = this.#nextInGroup[slot]!) {
      if (this.#numbers[slot] === 0) {
        this.#numbers[slot] = visit(this.#items[slot] as T, this.#times[slot]!);
      }
    }
  }

  /** Gives memory back after a flood. Call it when cheap: it does nothing unless the arena is empty. */
  shrinkIfEmpty(): void {
    if (this.#count > 0 || this.#items.length <= KEPT_CAPACITY) return;
    this.#items = [];
    this.#sizes = new Uint32Array(0);
    this.#times = new Float64Array(0);
    this.#groupOf = new Int32Array(0);
    this.#nextInGroup = new Int32Array(0);
    this.#newer = new Int32Array(0);
    this.#older = new Int32Array(0);
    this.#free = NONE;
    this.#numbers = new Float64Array(0);
  }

  #grow(): void {
    const from = this.#items.length;
    const to = Math.max(FIRST_CAPACITY, Math.ceil(from * GROWTH));
    this.#sizes = copied(new Uint32Array(to), this.#sizes);
    this.#times = copied(new Float64Array(to), this.#times);
    this.#groupOf = copied(new Int32Array(to), this.#groupOf);
    this.#nextInGroup = copied(new Int32Array(to), this.#nextInGroup);
    this.#newer = copied(new Int32Array(to), this.#newer);
    this.#older = copied(new Int32Array(to), this.#older);
    for (let slot = from; slot < to; slot += 1) {
      this.#items.push(undefined);
      this.#nextInGroup[slot] = slot + 1 < to ? slot + 1 : NONE;
    }
    this.#free = from;
  }
}

function copied<A extends { set(source: A): void }>(target: A, source: A): A {
  target.set(source);
  return target;
}
