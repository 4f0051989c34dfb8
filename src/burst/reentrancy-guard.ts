/**
 * Tracks whether application code is being called from inside `onEmit`. A record emitted by that code would
 * call it again, without end, so such records are dropped.
 */
export class ReentrancyGuard {
  #isInside = false;

  get isInside(): boolean {
    return this.#isInside;
  }

  /** Calls application code. Errors are passed on. */
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
