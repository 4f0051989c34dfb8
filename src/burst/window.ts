import type { Burst } from './burst.ts';

/** What a key passes straight on after its burst: so long, and so many. */
export class Window<T> {
  /** Undefined when the burst released nothing, and so has no id. */
  readonly burst: Burst<T> | undefined;
  /** Whether what passes may use the tokens that are reserved for new errors. */
  readonly isNew: boolean;
  readonly #until: number;
  #left: number;

  constructor(
    burst: Burst<T> | undefined,
    after: { records: number; millis: number },
    isNew: boolean,
    now: number,
  ) {
    this.burst = burst;
    this.isNew = isNew;
    this.#until = now + after.millis;
    this.#left = after.records;
  }

  isOpen(now: number): boolean {
    return this.#left > 0 && now < this.#until;
  }

  /** Counts one quiet record that passes. */
  pass(): void {
    this.#left -= 1;
  }
}
