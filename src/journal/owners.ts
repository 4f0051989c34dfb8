/** The producers of each owner, and their numbers. Every operation takes constant time. */
export class Owners {
  /** The producers of each owner, in the order in which they were last seen. */
  readonly #producers = new Map<string | undefined, Set<string>>();
  /** The owners by their number of producers. */
  readonly #bySize = new Map<number, Set<string | undefined>>();
  #largest = 0;

  add(owner: string | undefined, producer: string): void {
    const producers = this.#producers.get(owner) ?? new Set();
    if (producers.has(producer)) return;
    this.#producers.set(owner, producers);
    producers.add(producer);
    this.#move(owner, producers.size - 1, producers.size);
  }

  remove(owner: string | undefined, producer: string): void {
    const producers = this.#producers.get(owner);
    if (producers?.delete(producer) !== true) return;
    if (producers.size === 0) this.#producers.delete(owner);
    this.#move(owner, producers.size + 1, producers.size);
  }

  clear(): void {
    this.#producers.clear();
    this.#bySize.clear();
    this.#largest = 0;
  }

  /**
   * The least recently seen removable producer of the owner with the most producers; if it has none, of the
   * next owner.
   */
  oldestOfLargest(mayGo: (producer: string) => boolean): string | undefined {
    for (let size = this.#largest; size > 0; size--) {
      for (const owner of this.#bySize.get(size) ?? []) {
        for (const producer of this.#producers.get(owner)!) if (mayGo(producer)) return producer;
      }
    }
    return undefined;
  }

  #move(owner: string | undefined, from: number, to: number): void {
    const before = this.#bySize.get(from);
    before?.delete(owner);
    if (before?.size === 0) this.#bySize.delete(from);
    if (to > 0) {
      const owners = this.#bySize.get(to) ?? new Set();
      owners.add(owner);
      this.#bySize.set(to, owners);
    }
    if (to > this.#largest) this.#largest = to;
    // Sizes change by one, and therefore the largest does too.
    else if (from === this.#largest && !this.#bySize.has(from)) this.#largest = to;
  }
}
