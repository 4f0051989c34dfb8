import type { ByCause, JournalEntry, OwnLog, ProcessorStats, RejectedEntry } from '../component/index.ts';
import { rejectedError } from '../component/index.ts';
import { problemText, Severity } from '../record/index.ts';
import { ChildEnded, type ChildOptions, ProcessError, ProcessorChild } from './processor-child.ts';

/** A processor of the configuration. */
export interface ProcessorOptions extends ChildOptions {
  readonly onError: 'deadLetter' | 'pass';
}

/** Entries as the rules get them. */
export interface ProcessedEntries {
  /** An entry of which nothing is left is missing. */
  readonly entries: readonly JournalEntry[];
  /** Records that processors dropped, by processor. */
  readonly filtered: ByCause;
  readonly rejected: readonly RejectedEntry[];
}

/** What became of one entry. */
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

/** The cause of dead letters that a processor failed for. */
const CAUSE = 'processor';
/** An entry for which a process has ended so often is rejected. */
const FATAL_ENDS = 2;
const MAX_CACHED_BYTES = 16 * 1_048_576;
/** What an entry takes beside its body. */
const ENTRY_BYTES = 512;

/**
 * What the processors of a configuration make of the journal's entries, one processor after the other. An entry is
 * processed once for all sinks that are at the same place: the results of the last ones are kept, 16 MiB of them.
 *
 * What a processor throws for is rejected at once, what ends its process the second time; until then the sink tries
 * again. With `onError: pass` the entry goes on as it was.
 */
export class ProcessorChain {
  readonly #processors: readonly Processor[];
  readonly #log: OwnLog;
  readonly #cached = new Map<number, Cached>();
  /** By index: how often its process ended for an entry. */
  readonly #ends = new Map<number, number>();
  #bytes = 0;
  #runs = 0;
  /** Calls of `process` under way. */
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
   * @param isReplay the entries are dead letters: those that were processed before are not processed again
   * @throws (rejects) if a processor cannot work now, or the signal is aborted
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

  /** For a test of rules. @returns undefined: the processors drop it @throws (rejects) if it cannot be processed */
  async processAlone(entry: JournalEntry): Promise<JournalEntry | undefined> {
    const outcome = await this.#run(entry);
    if (outcome.rejected !== undefined) throw outcome.rejected.error;
    return outcome.entry;
  }

  stats(): readonly ProcessorStats[] {
    return this.#processors.map(({ stats }) => ({ ...stats }));
  }

  /** Ends the processes as soon as the calls that are under way are done. No further call may come. */
  retire(): void {
    this.#isRetired = true;
    if (this.#calls === 0) this.close().catch(() => {});
  }

  /** Ends the processes at once. */
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

  /** The same for every sink, unless it failed. */
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
          this.#log.emit(Severity.WARN, `${message}; a batch of ${now.records} records was passed as it was`);
          continue;
        }
        if (!this.#isGuilty(entry, error)) throw new Error(message);
        const rejection = {
          entry: { ...entry, isUnprocessed: true },
          error: rejectedError(CAUSE, message),
        } as const;
        return { entry: undefined, filtered: new Map(), rejected: rejection };
      }
    }
    return { entry: now, filtered };
  }

  /** Whether it is the entry, and not the processor, that does not work. */
  #isGuilty({ index }: JournalEntry, error: unknown): boolean {
    if (error instanceof ProcessError) return true;
    if (!(error instanceof ChildEnded)) return false;
    const ends = (this.#ends.get(index) ?? 0) + 1;
    this.#ends.delete(index);
    if (ends >= FATAL_ENDS) return true;
    this.#ends.set(index, ends);
    // Of the sinks' next entries, so there are few.
    for (const oldest of this.#ends.keys()) if (this.#ends.size > 1_000) this.#ends.delete(oldest);
    return false;
  }
}
