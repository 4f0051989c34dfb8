/** A component as a configuration asks for it. */
export interface Wanted<T> {
  /** All that its making depends on, as text: its options, and what the files that they name hold. */
  readonly made: string;
  /** Makes it; opens nothing yet. @throws if its options are wrong */
  readonly make: () => T;
}

/** How components of one sort begin and end. */
export interface Lifetime<T> {
  /** @throws (rejects) with what is wrong and which setting changes it */
  start(component: T): Promise<void>;
  /** Ends it within a bound. */
  stop(component: T, boundMillis: number): Promise<void>;
}

interface Component<T> {
  readonly made: string;
  readonly component: T;
}

/** The running components of one sort: receivers, sinks, or the operations server. */
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
   * Runs what a configuration asks for: what is made as before keeps running, the rest ends before anything is begun.
   * @throws (rejects) if one cannot be made, then nothing has changed; or if one cannot begin, then what kept running
   *   and what began before it run
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
