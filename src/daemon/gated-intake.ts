import type { Accepted, Batch, Intake } from '../component/index.ts';

/** When a sender may retry while a sink blocks the intake. */
const RETRY_MILLIS = 1_000;

/**
 * The journal's intake behind a gate. The gate is closed while a sink with `onFull: block` is too far behind.
 * The receivers count what is refused meanwhile as `full`.
 */
export class GatedIntake implements Intake {
  readonly #journal: Intake;
  readonly #isClosed: () => boolean;

  constructor(journal: Intake, isClosed: () => boolean) {
    this.#journal = journal;
    this.#isClosed = isClosed;
  }

  get id(): Uint8Array {
    return this.#journal.id;
  }

  lastSeq(producer: Uint8Array): number {
    return this.#journal.lastSeq(producer);
  }

  ownerOf(producer: Uint8Array): string | undefined {
    return this.#journal.ownerOf?.(producer);
  }

  async append(batch: Batch): Promise<Accepted> {
    // A repeated batch is acknowledged as a duplicate, whether there is room or not.
    const { origin } = batch;
    const isRepeat = origin !== undefined && origin.seq <= this.#journal.lastSeq(origin.producer);
    if (!isRepeat && this.#isClosed()) return { kind: 'full', retryAfterMillis: RETRY_MILLIS };
    return this.#journal.append(batch);
  }
}
