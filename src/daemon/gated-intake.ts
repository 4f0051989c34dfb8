import type { Accepted, Batch, Intake } from '../component/index.ts';

/** The retry delay for senders while a sink blocks the intake. */
const RETRY_MILLIS = 1_000;

/**
 * Passes batches to the journal unless a sink with `onFull: block` is too far behind. The receivers count the
 * batches that are rejected in the meantime as `full`.
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
    // A repeated batch is always acknowledged as a duplicate, even if the journal is full.
    const { origin } = batch;
    const isRepeat = origin !== undefined && origin.seq <= this.#journal.lastSeq(origin.producer);
    if (!isRepeat && this.#isClosed()) return { kind: 'full', retryAfterMillis: RETRY_MILLIS };
    return this.#journal.append(batch);
  }
}
