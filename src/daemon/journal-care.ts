import type { Journal } from '../journal/index.ts';
import { errorText, Severity, systemClock } from '../record/index.ts';
import type { RunningSinks } from './running-sinks.ts';
import type { SelfLogs } from './self-logs.ts';

/** How often the journal is trimmed and its free space checked. */
const CARE_MILLIS = 1_000;

/** Trims the journal once a second, checks its free space, and logs when records are no longer accepted. */
export class JournalCare {
  readonly #journal: Journal;
  readonly #sinks: RunningSinks;
  readonly #own: SelfLogs;
  #cancel = () => {};
  #isStopped = false;
  /** The last logged value of {@link blocked}. */
  #loggedBlocked: string | undefined;
  #caring: Promise<void> = Promise.resolve();
  /**
   * While true, the journal is not trimmed and no backlog is released, because the sinks have no position.
   */
  isPaused = false;

  constructor(journal: Journal, sinks: RunningSinks, own: SelfLogs) {
    this.#journal = journal;
    this.#sinks = sinks;
    this.#own = own;
  }

  /** The reason why no records are accepted; undefined if they are. */
  get blocked(): string | undefined {
    const { blocking } = this.#sinks;
    if (blocking.length > 0) return `too far behind: sink ${blocking.join(', ')}`;
    return this.#journal.stats().isFull ? 'the journal or its disk is full' : undefined;
  }

  /** Runs once, then once a second. Never rejects. */
  async start(): Promise<void> {
    this.#caring = this.#care();
    await this.#caring;
    if (this.#isStopped) return;
    this.#cancel = systemClock.after(CARE_MILLIS, () => void this.start());
  }

  /** Resolves when no further backlog can be released. */
  async pause(): Promise<void> {
    this.isPaused = true;
    await this.#caring;
  }

  stop(): void {
    this.#isStopped = true;
    this.#cancel();
  }

  /** Removes entries that all sinks have written. @throws (rejects) if a file cannot be removed */
  async trim(): Promise<void> {
    if (!this.isPaused) await this.#journal.trim(this.#sinks.position);
  }

  async #care(): Promise<void> {
    try {
      if (!this.isPaused) await this.#sinks.checkRemoved();
      await this.trim();
      await this.#journal.checkRoom();
    } catch (error) {
      // While the daemon stops, the journal may already be closed; it is trimmed once more before that.
      if (!this.#isStopped) this.#own.emit(Severity.WARN, `the journal was not trimmed: ${errorText(error)}`);
    }
    const { blocked } = this;
    if (this.#isStopped || blocked === this.#loggedBlocked) return;
    this.#loggedBlocked = blocked;
    if (blocked === undefined) this.#own.emit(Severity.INFO, 'records are accepted again');
    else this.#own.emit(Severity.WARN, `no records are accepted: ${blocked}`);
  }
}
