import type { JournalEntry } from '../../component/index.ts';
import { asRejected } from '../../component/index.ts';
import { problemText, Severity } from '../../record/index.ts';
import type { DeadLetterBox } from '../dead-letters/index.ts';
import type { ResolvedRunnerOptions } from './runner-options.ts';
import type { SinkHealth } from './sink-health.ts';
import type { SinkCounters } from './sink-stats.ts';

/** Stores rejected entries as dead letters, and counts them. */
export class Rejections {
  readonly #options: ResolvedRunnerOptions;
  readonly #box: DeadLetterBox;
  readonly #counters: SinkCounters;
  readonly #health: SinkHealth;

  constructor(
    options: ResolvedRunnerOptions,
    box: DeadLetterBox,
    counters: SinkCounters,
    health: SinkHealth,
  ) {
    this.#options = options;
    this.#box = box;
    this.#counters = counters;
    this.#health = health;
  }

  /**
   * Counts and logs that the entries were rejected.
   * @returns a function that stores them; call it again if it rejects
   */
  keepAsDeadLetters(entries: readonly JournalEntry[], error: unknown): () => Promise<void> {
    if (entries.length === 0) return async () => {};
    const given: unknown = asRejected(error)?.cause;
    const cause = typeof given === 'string' ? given.slice(0, 64) : 'unknown';
    const message = problemText(error);
    const records = entries.reduce((sum, each) => sum + each.records, 0);
    for (const each of entries) this.#counters.addRejected(cause, each.records);
    this.#health.remember(message);
    const isKept = this.#options.maxDeadLetterBytes > 0;
    this.#health.log(
      Severity.ERROR,
      `${entries.length} batches with ${records} records were rejected (${cause}): ${message}; ` +
        `${isKept ? 'they are kept as dead letters' : 'they are lost'}`,
    );
    if (isKept) return () => this.#store(entries, cause, message);
    this.#counters.addDropped('dead_letters', entries.length, records);
    return async () => {};
  }

  async #store(entries: readonly JournalEntry[], cause: string, message: string): Promise<void> {
    const timeMillis = this.#options.clock.now();
    const journal = Buffer.from(this.#options.journal.id).toString('hex');
    const dropped = await this.#box.append(
      entries.map(({ index, receivedMillis, records, body, isUnprocessed }) => ({
        ...{ cause, message, timeMillis, journal, index, receivedMillis, records, body },
        ...(isUnprocessed === true ? { isUnprocessed } : {}),
      })),
    );
    this.#counters.deadLetters.batches += entries.length;
    for (const { records } of entries) this.#counters.deadLetters.records += records;
    if (dropped.letters === 0) return;
    this.#counters.addDropped('dead_letters', dropped.letters, dropped.records);
    this.#health.log(
      Severity.WARN,
      `${dropped.letters} of the oldest dead letters were dropped (deadLetters.maxBytes)`,
    );
  }
}
