/** A component that a configuration requires. */
export interface Wanted<T> {
  /** Everything that it depends on, as text: its options, and the contents of the files that they name. */
  readonly made: string;
  /** Constructs it without opening anything. @throws if its options are invalid */
  readonly make: () => T;
}

/** How components of one kind start and stop. */
export interface Lifetime<T> {
  /** @throws (rejects) with the error and the setting that fixes it */
  start(component: T): Promise<void>;
  /** Stops it within a time limit. */
  stop(component: T, boundMillis: number): Promise<void>;
}

interface Component<T> {
  readonly made: string;
  readonly component: T;
}

/** The running components of one kind: receivers, sinks, or the operations server. */
export class Running<T> {
  readonly #lifetime: Lifetime<T>;
  #running: readonly Component<T>[] = [];

  constructor(lifetime: Lifetime<T>) {
    this.#lifetime = lifetime;
  }

  get all(): readonly T[] {
    return this.#running.map(({ component }) => component);
  }

  /**
   * Applies a configuration: unchanged components keep running, the others are stopped before new ones start.
   * @throws (rejects) if one cannot be constructed: then nothing has changed; or if one cannot start: then
   * the unchanged ones and those that started before it are running
   */
  async take(wanted: readonly Wanted<T>[], boundMillis: number): Promise<void> {
    const before = this.#running;
    const asked = wanted.map(
      ({ made, make }) => before.find((one) => one.made === made) ?? { made, component: make() },
    );
    const kept = before.filter((one) => asked.includes(one));
    this.#running = kept;
    await Promise.all(
      before
        .filter((one) => !kept.includes(one))
        .map((one) => this.#lifetime.stop(one.component, boundMillis)),
    );
    const next: Component<T>[] = [];
    try {
      for (const one of asked) {
        if (!kept.includes(one)) await this.#lifetime.start(one.component);
        next.push(one);
      }
    } finally {
      this.#running = [...next, ...kept.filter((one) => !next.includes(one))];
    }
  }

  async stop(boundMillis: number): Promise<void> {
    await Promise.all(this.#running.map(({ component }) => this.#lifetime.stop(component, boundMillis)));
  }
}
