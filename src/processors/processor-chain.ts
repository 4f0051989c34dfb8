import type { ByCause, JournalEntry, OwnLog, ProcessorStats, RejectedEntry } from '../component/index.ts';
import { rejectedError } from '../component/index.ts';
import { problemText, Severity } from '../record/index.ts';
import { ChildEnded, type ChildOptions, ProcessError, ProcessorChild } from './processor-child.ts';

/** A configured processor. */
export interface ProcessorOptions extends ChildOptions {
  readonly onError: 'deadLetter' | 'pass';
}

/** Entries for the rules. */
export interface ProcessedEntries {
  /** Entries without remaining records are omitted. */
  readonly entries: readonly JournalEntry[];
  /** Records that processors dropped, by processor. */
  readonly filtered: ByCause;
  readonly rejected: readonly RejectedEntry[];
}

/** The result for one entry. */
interface Outcome {
  readonly entry: JournalEntry | undefined;
  readonly filtered: ReadonlyMap<string, number>;
  readonly rejected?: RejectedEntry | undefined;
}

interface Cached {
  readonly outcome: Promise<Outcome>;
  bytes: number;
}

interface Processor {
  readonly child: ProcessorChild;
  readonly passes: boolean;
  readonly stats: { -readonly [K in keyof ProcessorStats]: ProcessorStats[K] };
}

/** The cause of dead letters from failed processors. */
const CAUSE = 'processor';
/** An entry is rejected when the process has ended this many times for it. */
const FATAL_ENDS = 2;
const MAX_CACHED_BYTES = 16 * 1_048_576;
/** The memory of a cached entry in addition to its body. */
const ENTRY_BYTES = 512;

/**
 * Applies the processors of a configuration to entries of the journal, one processor after the other. An
 * entry is processed once for all sinks at the same position: the most recent results are cached, up to 16
 * MiB.
 *
 * An entry for which a processor throws is rejected at once. An entry that ends the process is rejected the
 * second time; until then the sink retries. With `onError: pass` the entry is passed on unchanged.
 */
export class ProcessorChain {
  readonly #processors: readonly Processor[];
  readonly #log: OwnLog;
  readonly #cached = new Map<number, Cached>();
  /** By index: how often the process ended for an entry. */
  readonly #ends = new Map<number, number>();
  #bytes = 0;
  #runs = 0;
  /** Number of running calls of `process`. */
  #calls = 0;
  #isRetired = false;
  #isClosed = false;

  constructor(processors: readonly ProcessorOptions[], log: OwnLog) {
    this.#processors = processors.map((options) => ({
      child: new ProcessorChild(options),
      passes: options.onError === 'pass',
      stats: { name: options.name, type: options.type, batches: 0, records: 0, failures: 0 },
    }));
    this.#log = log;
  }

  /**
   * @param isReplay whether the entries are dead letters, which are not processed twice
   * @throws (rejects) if a processor cannot work at the moment, or the signal is aborted
   */
  async process(
    entries: readonly JournalEntry[],
    signal: AbortSignal,
    isReplay: boolean,
  ): Promise<ProcessedEntries> {
    if (this.#processors.length === 0) return { entries, filtered: {}, rejected: [] };
    this.#calls += 1;
    try {
      return await this.#process(entries, signal, isReplay);
    } finally {
      this.#calls -= 1;
      if (this.#isRetired) this.retire();
    }
  }

  /**
   * Processes an entry for a test of rules. @returns undefined if the processors drop it
   * @throws (rejects) if it cannot be processed
   */
  async processAlone(entry: JournalEntry): Promise<JournalEntry | undefined> {
    const outcome = await this.#run(entry);
    if (outcome.rejected !== undefined) throw outcome.rejected.error;
    return outcome.entry;
  }

  stats(): readonly ProcessorStats[] {
    return this.#processors.map(({ stats }) => ({ ...stats }));
  }

  /** Stops the processes when the running calls have completed. No further calls are allowed. */
  retire(): void {
    this.#isRetired = true;
    if (this.#calls === 0) this.close().catch(() => {});
  }

  /** Stops the processes at once. */
  async close(): Promise<void> {
    this.#isClosed = true;
    await Promise.all(this.#processors.map(({ child }) => child.close()));
  }

  async #process(
    entries: readonly JournalEntry[],
    signal: AbortSignal,
    isReplay: boolean,
  ): Promise<ProcessedEntries> {
    const processed: JournalEntry[] = [];
    const filtered = new Map<string, number>();
    const rejected: RejectedEntry[] = [];
    for (const entry of entries) {
      signal.throwIfAborted();
      const outcome = isReplay ? await this.#again(entry) : await this.#once(entry);
      if (outcome.entry !== undefined) processed.push(outcome.entry);
      if (outcome.rejected !== undefined) rejected.push(outcome.rejected);
      for (const [name, count] of outcome.filtered) filtered.set(name, (filtered.get(name) ?? 0) + count);
    }
    return { entries: processed, filtered: Object.fromEntries(filtered), rejected };
  }

  async #again(entry: JournalEntry): Promise<Outcome> {
    if (entry.isUnprocessed !== true) return { entry, filtered: new Map() };
    const { isUnprocessed, ...rest } = entry;
    return await this.#run(rest);
  }

  /** Returns the cached result, which is shared by all sinks unless it failed. */
  #once(entry: JournalEntry): Promise<Outcome> {
    const known = this.#cached.get(entry.index);
    if (known !== undefined) return known.outcome;
    const cached: Cached = { outcome: this.#run(entry), bytes: 0 };
    this.#cached.set(entry.index, cached);
    cached.outcome.then(
      ({ entry: result, rejected }) =>
        this.#keep(cached, ENTRY_BYTES + ((result ?? rejected?.entry)?.body.length ?? 0)),
      () => this.#cached.delete(entry.index),
    );
    return cached.outcome;
  }

  #keep(cached: Cached, bytes: number): void {
    cached.bytes = bytes;
    this.#bytes += bytes;
    for (const [index, oldest] of this.#cached) {
      if (this.#bytes <= MAX_CACHED_BYTES) return;
      if (oldest.bytes === 0) continue;
      this.#cached.delete(index);
      this.#bytes -= oldest.bytes;
    }
  }

  async #run(entry: JournalEntry): Promise<Outcome> {
    const filtered = new Map<string, number>();
    let now = entry;
    for (const { child, passes, stats } of this.#processors) {
      try {
        const { body, records } = await child.process(now.body);
        stats.batches += 1;
        stats.records += records;
        if (records < now.records) filtered.set(child.name, now.records - records);
        if (records === 0) return { entry: undefined, filtered };
        this.#runs += 1;
        now = { ...now, body, records, processing: this.#runs };
      } catch (error) {
        const message = `processor ${child.name}: ${problemText(error)}`;
        if (this.#isClosed) throw new Error(message);
        stats.failures += 1;
        if (passes) {
          this.#log.emit(
            Severity.WARN,
            `${message}; a batch of ${now.records} records was passed on unchanged`,
          );
          continue;
        }
        if (!this.#isCause(entry, error)) throw new Error(message);
        const rejection = {
          entry: { ...entry, isUnprocessed: true },
          error: rejectedError(CAUSE, message),
        } as const;
        return { entry: undefined, filtered: new Map(), rejected: rejection };
      }
    }
    return { entry: now, filtered };
  }

  /** Whether the entry, rather than the processor, causes the failure. */
  #isCause({ index }: JournalEntry, error: unknown): boolean {
    if (error instanceof ProcessError) return true;
    if (!(error instanceof ChildEnded)) return false;
    const ends = (this.#ends.get(index) ?? 0) + 1;
    this.#ends.delete(index);
    if (ends >= FATAL_ENDS) return true;
    this.#ends.set(index, ends);
    // Only the next entries of the sinks are in the map, so it stays small.
    for (const oldest of this.#ends.keys()) if (this.#ends.size > 1_000) this.#ends.delete(oldest);
    return false;
  }
}
