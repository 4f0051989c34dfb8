/**
 * Knows whether code of the application is being called from inside `onEmit`. A record that it emits comes
 * back here, calls it again, and so on without end: such records are refused.
 */
export class ReentrancyGuard {
  #isInside = false;

  get isInside(): boolean {
    return this.#isInside;
  }

  /** Calls foreign code; what it throws passes through. */
  call<R>(foreign: () => R): R {
    const before = this.#isInside;
    this.#isInside = true;
    try {
      return foreign();
    } finally {
      this.#isInside = before;
    }
  }
}
