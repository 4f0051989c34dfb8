/**
 * How many attributes of a record may share their keys with other records; one with more keeps a copy of its own. Each
 * takes 8 bytes in every held record, whether it is there or not.
 */
export const MAX_SHARED_KEYS = 6;
/** How many lists of keys are remembered, so that keys made from data cannot fill the memory. */
const MAX_LISTS = 4_096;

/**
 * The keys of attributes, in their order: what its parent has, and one more. Records with the same keys share a list,
 * so that a held record holds nothing but values.
 */
export class AttributeKeys {
  readonly length: number;
  readonly #tree: { lists: number };
  readonly #parent: AttributeKeys | undefined;
  readonly #key: string;
  /** The list that was asked for last: the records of one place in the code come together. */
  #nextKey: string | undefined;
  #next: AttributeKeys | undefined;
  #others: Map<string, AttributeKeys> | undefined;
  #all: readonly string[] | undefined;

  /** Without arguments: no keys. */
  constructor(parent?: AttributeKeys, key = '') {
    this.length = parent === undefined ? 0 : parent.length + 1;
    this.#tree = parent === undefined ? { lists: 0 } : parent.#tree;
    this.#parent = parent;
    this.#key = key;
  }

  /**
   * This list and one key more.
   * @returns undefined if no list is to be shared for it
   */
  with(key: string): AttributeKeys | undefined {
    return key === this.#nextKey ? this.#next : this.#find(key);
  }

  /** The keys. */
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
    // `__proto__` cannot be assigned like others.
    if (this.length === MAX_SHARED_KEYS || this.#tree.lists === MAX_LISTS || key === '__proto__')
      return undefined;
    this.#tree.lists += 1;
    const added = new AttributeKeys(this, key);
    this.#others ??= new Map();
    this.#others.set(key, added);
    return added;
  }
}
