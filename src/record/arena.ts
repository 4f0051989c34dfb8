/** The index of no slot. */
const NONE = -1;

/**
 * A FIFO list within an arena: the items of one key, or of one severity. Only the arena writes its fields.
 */
export class Group {
  /** The arena's index of this group, -1 if the group is not open. */
  index = -1;
  head = NONE;
  tail = NONE;
  /** The number of items in the group. */
  count = 0;
}

const FIRST_CAPACITY = 256;
/**
 * The capacity that an empty arena keeps, so that a queue that fills and empties repeatedly does not grow
 * each time. The default queue of a batch processor, 2,048 records, takes 200 KB.
 */
const KEPT_CAPACITY = 4_096;
const GROWTH = 1.5;
/** The largest size that a slot can store. */
const MAX_SIZE = 2 ** 32 - 1;

/**
 * Holds items in groups and, over all groups, in order of arrival. Adding and removing items is O(1) and
 * allocates nothing: the links are in typed arrays next to the items. It grows by half when full, and
 * releases its memory when it is empty and has grown large. It has no bound of its own; its owner removes
 * items.
 *
 * Only the first item of a group can be removed. The oldest item of all is always the first of its group, so
 * a group needs links in one direction only.
 */
export class Arena<T> {
  #items: (T | undefined)[] = [];
  #sizes = new Uint32Array(0);
  #times = new Float64Array(0);
  #groupOf = new Int32Array(0);
  /** The next slot of the same group; for a free slot, the next free one. */
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
  /** The newest item that `visitNew` has visited and that is still held. */
  #visited = NONE;
  /** The visitor's number of each item; empty if `visitNew` was never called. */
  #numbers = new Float64Array(0);

  /** @param dropped called with each item that `dropFirst` removes */
  constructor(dropped: (item: T) => void = () => {}) {
    this.#dropped = dropped;
  }

  /** The number of items. */
  get count(): number {
    return this.#count;
  }

  /** The sum of the sizes of all items. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Registers a group. A group must be open while it holds items. */
  open(group: Group): void {
    const reused = this.#freeGroups.pop();
    group.index = reused ?? this.#groups.length;
    this.#groups[group.index] = group;
  }

  /** Unregisters an empty group. */
  close(group: Group): void {
    this.#groups[group.index] = undefined;
    this.#freeGroups.push(group.index);
    group.index = NONE;
  }

  /**
   * Moves all items of a group to a new group in O(1). The old group stays open and is empty.
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
   * Adds an item as the newest of its group and of all groups.
   * @param size the size in bytes, an integer; sizes over 4 GiB count as 4 GiB
   * @param time the time of arrival in milliseconds
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

  /** Removes and returns the oldest item of a group that is not empty. */
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

  /** Removes the oldest item of a group that is not empty, and passes it to the `dropped` callback. */
  dropFirst(group: Group): void {
    this.#dropped(this.takeFirst(group));
  }

  /** Returns the group of the oldest item of all, or undefined if the arena is empty. */
  oldestGroup(): Group | undefined {
    return this.#oldest === NONE ? undefined : this.#groups[this.#groupOf[this.#oldest]!];
  }

  /** Returns the time of arrival of the oldest item of all, or Infinity if the arena is empty. */
  oldestTime(): number {
    return this.#oldest === NONE ? Number.POSITIVE_INFINITY : this.#times[this.#oldest]!;
  }

  /** Returns the first item of a group that is not empty, without removing it. */
  first(group: Group): T {
    return this.#items[group.head] as T;
  }

  /** Returns the time of arrival of the first item of a group that is not empty. */
  firstTime(group: Group): number {
    return this.#times[group.head]!;
  }

  /** Returns the time of arrival of the last item of a group that is not empty. */
  lastTime(group: Group): number {
    return this.#times[group.tail]!;
  }

  /** Returns the size of the first item of a group that is not empty. */
  firstSize(group: Group): number {
    return this.#sizes[group.head]!;
  }

  /** Returns the visitor's number of the first item of a group that is not empty; 0 if it has none. */
  firstNumber(group: Group): number {
    return this.#numbers[group.head] ?? 0;
  }

  /**
   * Visits the items that arrived since the last call and are still held, in order of arrival.
   * @param visit returns a number for the item, see `firstNumber`; 0 for none
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

  /** Visits the items of a group that have no number. `visitNew` must have been called before. */
  visitUnknown(group: Group, visit: (item: T, time: number) => number): void {
    for (let slot = group.head; slot !== NONE; slot = this.#nextInGroup[slot]!) {
      if (this.#numbers[slot] === 0) {
        this.#numbers[slot] = visit(this.#items[slot] as T, this.#times[slot]!);
      }
    }
  }

  /** Releases memory that is no longer needed. It does nothing unless the arena is empty. */
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
