/** The after-window of a key: quiet records pass until its time or its record count is exhausted. */
export class AfterWindow {
  /**
   * The id of the burst, or undefined if the trigger released nothing. Only the id is kept, because many
   * windows exist at the same time.
   */
  readonly burstId: string | undefined;
  /** Whether passed records may use the tokens that are reserved for new errors. */
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
