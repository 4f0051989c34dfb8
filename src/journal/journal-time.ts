/**
 * The time by which producers grow old: the wall clock's, but never backwards, and at most `maxStepMillis`
 * forward at once. A clock that jumps by a year makes nobody a year older.
 */
export class JournalTime {
  readonly #maxStepMillis: number;
  #wallMillis: number;
  #millis: number;

  constructor(millis: number, wallMillis: number, maxStepMillis: number) {
    this.#millis = millis;
    this.#wallMillis = wallMillis;
    this.#maxStepMillis = maxStepMillis;
  }

  get millis(): number {
    return this.#millis;
  }

  /** Goes on to what the wall clock shows. @returns the journal time */
  advance(wallMillis: number): number {
    const step = wallMillis - this.#wallMillis;
    if (step > 0) this.#millis += Math.min(step, this.#maxStepMillis);
    this.#wallMillis = wallMillis;
    return this.#millis;
  }
}
