/** A task of which records came. */
export interface OpenTask {
  readonly key: string;
  name: string;
  /** Of its parent; undefined: it has none, or none that we know of. */
  parent: string | undefined;
}

const MAX_DEPTH = 64;

/** The tasks that are open, as far as a reader of the records can know. Bounded: the one silent longest is forgotten. */
export class OpenTasks {
  readonly #tasks = new Map<string, OpenTask>();
  readonly #max: number;

  constructor(max: number) {
    this.#max = max;
  }

  get size(): number {
    return this.#tasks.size;
  }

  /** A record of the task came. What an earlier one said of it holds on. */
  see(key: string, name: string, parent: string | undefined): OpenTask {
    const task = this.#tasks.get(key) ?? { key, name, parent };
    if (task.name === '') task.name = name;
    task.parent ??= parent;
    this.#tasks.delete(key);
    this.#tasks.set(key, task);
    if (this.#tasks.size > this.#max) this.#tasks.delete(this.#tasks.keys().next().value!);
    return task;
  }

  end(key: string): void {
    this.#tasks.delete(key);
  }

  /** From the root to the task; parents that are not known are left out, and so is what would be a circle. */
  pathTo(task: OpenTask): readonly OpenTask[] {
    const path = [task];
    for (let at = task.parent; at !== undefined && path.length < MAX_DEPTH; ) {
      const parent = this.#tasks.get(at);
      if (parent === undefined || path.includes(parent)) break;
      path.unshift(parent);
      at = parent.parent;
    }
    return path;
  }
}
