import type { JournalEntry, OwnLog, Sink } from '../../component/index.ts';
import { rejectedError } from '../../component/index.ts';
import { type Clock, Severity, systemClock } from '../../record/index.ts';
import { ChildEnded, StoreProcess } from '../../store/index.ts';
import type { StoreSinkOptions } from './options.ts';

/** How often the store is looked after, also when nothing is written. */
const CARE_MILLIS = 10_000;
/** An entry that was written alone when the process ended is guilty the second time. */
const GUILTY_ENDS = 2;

/** What the sink works with, beside its options. */
export interface StoreSinkTools {
  readonly log: OwnLog;
  /** Where the compiled `store/store-program` is; without it the sink cannot be opened. */
  readonly program: URL | undefined;
  /** 32 hex digits. */
  readonly journal: string;
  /** Whether entries have the indexes that they had in a journal of this id. */
  readonly continues: (journal: string) => boolean;
  readonly clock?: Clock | undefined;
}

/** Entries that were not taken. */
interface Bad {
  readonly indexes: number[];
  cause: 'malformed' | 'crashed';
  message: string;
}

/**
 * Writes records to a store, in a process of its own.
 *
 * Exactly once over any end of the daemon or of that process: each transaction has the records and the index of the entry
 * that comes next; what comes again is known by its index. Dead letters that are replayed have no such order: they come
 * twice if the daemon is killed meanwhile.
 *
 * If the process ends while it writes, the entries are written again in halves. An entry that ends it twice when it is
 * written alone becomes a dead letter, unless the process cannot write anything else either. The runner's own search for
 * such entries (`CrashRecovery`) is about ends of the whole daemon, over restarts; here the daemon is there to see it.
 */
export class StoreSink implements Sink {
  readonly #tools: StoreSinkTools;
  readonly #clock: Clock;
  readonly #process: StoreProcess;
  /** The entry of the journal that the store wants next; 0: it has none of this journal. */
  #next = 0;
  #turn: Promise<unknown> = Promise.resolve();
  #cancelCare = () => {};
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
    this.#careLater();
  }

  async write(entries: readonly JournalEntry[], signal: AbortSignal): Promise<undefined> {
    const bad: Bad = { indexes: [], cause: 'malformed', message: '' };
    await this.#inTurn(() => this.#writeAll(entries, bad, signal));
    if (bad.indexes.length > 0) throw rejectedError(bad.cause, bad.message, bad.indexes);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#cancelCare();
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

  /** For tests that end it. */
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
        if (suspect.ends < GUILTY_ENDS) groups.unshift(group);
        else await this.#condemn(index, bad);
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

  /** @throws if the process cannot write at all: then the entry is not the cause */
  async #condemn(index: number, bad: Bad): Promise<void> {
    await this.#begin();
    await this.#process.probe();
    bad.indexes.push(index);
    bad.cause = 'crashed';
    bad.message = 'the process of the store ended twice while it was written alone';
  }

  #careLater(): void {
    this.#cancelCare();
    if (this.#isClosed) return;
    this.#cancelCare = this.#clock.after(CARE_MILLIS, () => {
      void this.#inTurn(() => this.#care()).finally(() => this.#careLater());
    });
  }

  async #care(): Promise<void> {
    if (this.#isClosed || !this.#process.isRunning) return;
    await this.#process.care().catch((error: unknown) => {
      this.#tools.log.emit(Severity.WARN, `store sink: old records could not be removed: ${error}`);
    });
  }

  /** The process takes one order at a time. */
  async #inTurn<T>(call: () => Promise<T>): Promise<T> {
    const turn = this.#turn.then(call);
    this.#turn = turn.catch(() => {});
    return await turn;
  }
}
