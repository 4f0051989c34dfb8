import type { JournalEntry, OwnLog, Sink } from '../../component/index.ts';
import { rejectedError } from '../../component/index.ts';
import { type Clock, Severity, systemClock } from '../../record/index.ts';
import { ChildEnded, StoreProcess } from '../../store/index.ts';
import type { StoreSinkOptions } from './options.ts';

/** How often the store is maintained, even when nothing is written. */
const MAINTENANCE_MILLIS = 10_000;
/** An entry is the cause if the process ends this many times while it is written alone. */
const MAX_ENDS = 2;

/** The dependencies of the sink, besides its options. */
export interface StoreSinkTools {
  readonly log: OwnLog;
  /** The URL of the compiled `store/store-program`; undefined: the sink cannot be opened. */
  readonly program: URL | undefined;
  /** The journal id, 32 hex digits. */
  readonly journal: string;
  /** Whether entries have the same indexes as in a journal with this id. */
  readonly continues: (journal: string) => boolean;
  readonly clock?: Clock | undefined;
}

/** Entries that were rejected. */
interface Bad {
  readonly indexes: number[];
  cause: 'malformed' | 'crashed';
  message: string;
}

/**
 * Writes records to a store, in a separate process.
 *
 * Exactly once across any end of the daemon or of that process: each transaction contains the records and the
 * index of the next entry, so repeated entries are detected by their index. Replayed dead letters have no
 * such order: they are stored twice if the daemon is killed in the meantime.
 *
 * If the process ends while it writes, the entries are written again in halves. An entry that ends it twice
 * when written alone becomes a dead letter, unless the process cannot write anything else either. The
 * runner's own search for such entries (`CrashRecovery`) covers ends of the whole daemon, across restarts;
 * here the daemon observes the end.
 */
export class StoreSink implements Sink {
  readonly #tools: StoreSinkTools;
  readonly #clock: Clock;
  readonly #process: StoreProcess;
  /** The index of the next entry for the store; 0: it has no entry of this journal. */
  #next = 0;
  #turn: Promise<unknown> = Promise.resolve();
  #cancelMaintenance = () => {};
  #isClosed = false;

  constructor(options: StoreSinkOptions, tools: StoreSinkTools) {
    const { log, program, clock = systemClock } = tools;
    this.#tools = tools;
    this.#clock = clock;
    const { retention, partitionRecords, partitionBytes } = options;
    const limits = {
      ...retention,
      partitionRecords,
      partitionBytes: Math.min(partitionBytes, Math.floor(retention.maxBytes / 8)),
    };
    this.#process = new StoreProcess({
      program,
      directory: options.path,
      limits,
      onWarning: (message) => log.emit(Severity.WARN, `store sink: ${message}`),
    });
  }

  async open(): Promise<void> {
    await this.#inTurn(() => this.#begin());
    this.#maintainLater();
  }

  async write(entries: readonly JournalEntry[], signal: AbortSignal): Promise<undefined> {
    const bad: Bad = { indexes: [], cause: 'malformed', message: '' };
    await this.#inTurn(() => this.#writeAll(entries, bad, signal));
    if (bad.indexes.length > 0) throw rejectedError(bad.cause, bad.message, bad.indexes);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#cancelMaintenance();
    await this.#inTurn(() => this.#process.close());
  }

  counters(): Readonly<Record<string, number>> {
    const { partitionsCreated, partitionsRemoved, recordsExpired, partitionsQuarantined } =
      this.#process.totals;
    return {
      process_restarts: this.#process.restarts,
      partitions_created: partitionsCreated,
      partitions_removed: partitionsRemoved,
      partitions_quarantined: partitionsQuarantined,
      records_expired: recordsExpired,
    };
  }

  /** For tests that kill the process. */
  get pid(): number | undefined {
    return this.#process.pid;
  }

  async #begin(): Promise<void> {
    const { journal, next } = await this.#process.open();
    this.#next = this.#tools.continues(journal) ? next : 0;
  }

  async #writeAll(entries: readonly JournalEntry[], bad: Bad, signal: AbortSignal): Promise<void> {
    const groups = [entries];
    let suspect: { readonly index: number; ends: number } | undefined;
    for (let group = groups.shift(); group !== undefined; group = groups.shift()) {
      try {
        await this.#writeGroup(group, bad, signal);
      } catch (error) {
        if (!(error instanceof ChildEnded)) throw error;
        if (group.length > 1) {
          const half = Math.ceil(group.length / 2);
          groups.unshift(group.slice(0, half), group.slice(half));
          continue;
        }
        const { index } = group[0]!;
        if (suspect?.index !== index) suspect = { index, ends: 0 };
        suspect.ends += 1;
        if (suspect.ends < MAX_ENDS) groups.unshift(group);
        else await this.#rejectAsCrashed(index, bad);
      }
    }
  }

  async #writeGroup(entries: readonly JournalEntry[], bad: Bad, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    if (!this.#process.isRunning) await this.#begin();
    const wanted = entries.filter(({ index, isReplay }) => isReplay || index >= this.#next);
    if (wanted.length === 0) return;
    const next = wanted.reduce(
      (most, { index, isReplay }) => (isReplay ? most : Math.max(most, index + 1)),
      this.#next,
    );
    const written = await this.#process.write(wanted, { journal: this.#tools.journal, next }, signal);
    this.#next = next;
    if (written === undefined || written.bad.length === 0) return;
    bad.indexes.push(...written.bad);
    bad.message ||= written.message;
  }

  /**
   * Rejects the entry. @throws if the process cannot write at all, because then the entry is not the cause
   */
  async #rejectAsCrashed(index: number, bad: Bad): Promise<void> {
    await this.#begin();
    await this.#process.probe();
    bad.indexes.push(index);
    bad.cause = 'crashed';
    bad.message = 'the process of the store ended twice while it was written alone';
  }

  #maintainLater(): void {
    this.#cancelMaintenance();
    if (this.#isClosed) return;
    this.#cancelMaintenance = this.#clock.after(MAINTENANCE_MILLIS, () => {
      void this.#inTurn(() => this.#maintain()).finally(() => this.#maintainLater());
    });
  }

  async #maintain(): Promise<void> {
    if (this.#isClosed || !this.#process.isRunning) return;
    await this.#process.care().catch((error: unknown) => {
      this.#tools.log.emit(Severity.WARN, `store sink: old records could not be removed: ${error}`);
    });
  }

  /** Runs calls one at a time: the process accepts one request at a time. */
  async #inTurn<T>(call: () => Promise<T>): Promise<T> {
    const turn = this.#turn.then(call);
    this.#turn = turn.catch(() => {});
    return await turn;
  }
}
