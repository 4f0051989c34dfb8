/**
 * The longest shared list of keys. A record with more attributes keeps its own copy of them. Each slot takes
 * 8 bytes in every held record, used or not.
 */
export const MAX_SHARED_KEYS = 6;
/** The maximum number of lists. It bounds memory if keys are generated from data. */
const MAX_LISTS = 4_096;

/**
 * An ordered list of attribute keys: the keys of its parent, and one more. Records with the same keys share a
 * list, so that a held record stores only values.
 */
export class AttributeKeys {
  readonly length: number;
  readonly #tree: { lists: number };
  readonly #parent: AttributeKeys | undefined;
  readonly #key: string;
  /**
   * The list returned last. Caching it pays off because consecutive records often come from the same call.
   */
  #nextKey: string | undefined;
  #next: AttributeKeys | undefined;
  #others: Map<string, AttributeKeys> | undefined;
  #all: readonly string[] | undefined;

  /** Without arguments, the list is empty. */
  constructor(parent?: AttributeKeys, key = '') {
    this.length = parent === undefined ? 0 : parent.length + 1;
    this.#tree = parent === undefined ? { lists: 0 } : parent.#tree;
    this.#parent = parent;
    this.#key = key;
  }

  /**
   * Returns the list with one key appended.
   * @returns undefined if that list is not shared
   */
  with(key: string): AttributeKeys | undefined {
    return key === this.#nextKey ? this.#next : this.#find(key);
  }

  /** Returns the keys in order. */
  all(): readonly string[] {
    this.#all ??= this.#parent === undefined ? [] : [...this.#parent.all(), this.#key];
    return this.#all;
  }

  #find(key: string): AttributeKeys | undefined {
    const found = this.#others?.get(key) ?? this.#add(key);
    if (found === undefined) return undefined;
    this.#nextKey = key;
    this.#next = found;
    return found;
  }

  #add(key: string): AttributeKeys | undefined {
    // `__proto__` cannot be assigned like other keys.
    if (this.length === MAX_SHARED_KEYS || this.#tree.lists === MAX_LISTS || key === '__proto__')
      return undefined;
    this.#tree.lists += 1;
    const added = new AttributeKeys(this, key);
    this.#others ??= new Map();
    this.#others.set(key, added);
    return added;
  }
}
