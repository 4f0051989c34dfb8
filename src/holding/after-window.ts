/** What a key passes straight on after its burst: so long, and so many. */
export class AfterWindow {
  /**
   * The id of the burst; undefined when it released nothing. Many are remembered: the burst itself is not
   * kept.
   */
  readonly burstId: string | undefined;
  /** Whether what passes may use the tokens that are reserved for new errors. */
  readonly isNew: boolean;
  readonly #until: number;
  #left: number;

  constructor(
    burstId: string | undefined,
    after: { records: number; millis: number },
    isNew: boolean,
    now: number,
  ) {
    this.burstId = burstId;
    this.isNew = isNew;
    this.#until = now + after.millis;
    this.#left = after.records;
  }

  isOpen(now: number): boolean {
    return this.#left > 0 && now < this.#until;
  }

  /** Counts one quiet record that passes. */
  count(): void {
    this.#left -= 1;
  }
}
