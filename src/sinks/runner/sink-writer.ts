import type { JournalEntry, ViewedEntries } from '../../component/index.ts';
import { asRejected } from '../../component/index.ts';
import { Severity } from '../../record/index.ts';
import type { DeadLetterBox } from '../dead-letters/index.ts';
import type { CrashRecovery } from './crash-recovery.ts';
import { stateProblem, type UnfinishedRun } from './cursor-file.ts';
import type { EntryReader } from './entry-reader.ts';
import type { Progress } from './progress.ts';
import { Rejections } from './rejections.ts';
import type { RunControl } from './run-control.ts';
import type { ResolvedRunnerOptions } from './runner-options.ts';
import type { SinkHealth } from './sink-health.ts';
import type { SinkCounters } from './sink-stats.ts';
import type { Skipping } from './skipping.ts';

/** The objects that the parts of a runner share. */
export interface RunnerParts {
  readonly options: ResolvedRunnerOptions;
  readonly control: RunControl;
  readonly progress: Progress;
  readonly letters: DeadLetterBox;
  readonly counters: SinkCounters;
  readonly health: SinkHealth;
}

/**
 * Calls `write` of the sink, keeps rejected entries as dead letters, and stores the cursor. One call at a
 * time.
 *
 * The cursor and the dead letters must be on disk before the next step, so storing them is retried until it
 * succeeds or the runner is aborted.
 */
export class SinkWriter {
  readonly #parts: RunnerParts;
  readonly #progress: Progress;
  readonly #reader: EntryReader;
  readonly #skipping: Skipping;
  readonly #recovery: CrashRecovery;
  readonly #rejections: Rejections;

  constructor(parts: RunnerParts, reader: EntryReader, skipping: Skipping, recovery: CrashRecovery) {
    const { options, progress, letters, counters, health } = parts;
    this.#parts = parts;
    this.#progress = progress;
    this.#reader = reader;
    this.#skipping = skipping;
    this.#recovery = recovery;
    this.#rejections = new Rejections(options, letters, counters, health);
  }

  /**
   * Writes entries and moves the position after them. @returns why they must be retried; undefined if they
   * are done
   */
  async attempt(entries: readonly JournalEntry[]): Promise<{ readonly error: unknown } | undefined> {
    const next = entries.at(-1)!.index + 1;
    let viewed: ViewedEntries | undefined;
    let written: readonly JournalEntry[];
    let state: unknown;
    try {
      viewed = await this.#viewed(entries, false);
      written = viewed.entries;
      state = written.length === 0 ? this.#progress.state : await this.#write(written);
    } catch (error) {
      const rejected = asRejected(error);
      if (rejected === undefined || viewed === undefined) return { error };
      const all = viewed.entries;
      const bad = new Set(rejected.indexes ?? all.map(({ index }) => index));
      await this.keepAsDeadLetters(
        all.filter(({ index }) => bad.has(index)),
        error,
      );
      written = all.filter(({ index }) => !bad.has(index));
      state = this.#stateAfter(rejected.state);
    }
    await this.#keepRejectedEntries(viewed);
    await this.moveTo(Math.max(next, this.#skipping.to), state);
    this.#parts.counters.addViewed(viewed);
    this.#count(written);
    this.#parts.control.succeeded();
    return undefined;
  }

  /**
   * Writes dead letters. The position does not change; the sink's state is stored. @throws if they must be
   * retried
   */
  async rewrite(letters: readonly JournalEntry[]): Promise<void> {
    this.#parts.control.throwIfAborted();
    const viewed = await this.#viewed(letters, true);
    await this.#keepRejectedEntries(viewed);
    this.#parts.counters.addViewed(viewed);
    const { entries } = viewed;
    if (entries.length === 0) return;
    let state: unknown;
    try {
      state = await this.#write(entries.map((entry) => ({ ...entry, isReplay: true })));
    } catch (error) {
      const rejected = asRejected(error);
      if (rejected === undefined) throw error;
      const { indexes } = rejected;
      await this.keepAsDeadLetters(
        indexes === undefined ? entries : entries.filter((each) => indexes.includes(each.index)),
        error,
      );
      state = this.#stateAfter(rejected.state);
    }
    await this.moveTo(this.#progress.position, state);
  }

  /** Stores the cursor. @throws when the runner is stopped */
  async moveTo(position: number, state: unknown = this.#progress.state): Promise<void> {
    const place = { position, records: this.#reader.recordsBefore(position) };
    const run = this.#recovery.runAt(position);
    await this.#stored(() => this.#progress.moveTo(place, state, run));
    this.#reader.movedTo(position);
  }

  /** Stores a note about this run, in case it does not end cleanly. @throws when the runner is stopped */
  async note(run: UnfinishedRun): Promise<void> {
    await this.#stored(() => this.#progress.note(run));
  }

  /** Keeps entries as dead letters. @throws when the runner is stopped */
  async keepAsDeadLetters(entries: readonly JournalEntry[], error: unknown): Promise<void> {
    const { control } = this.#parts;
    await control.untilDone(
      'dead letters cannot be stored',
      this.#rejections.keepAsDeadLetters(entries, error),
    );
  }

  /** Keeps entries that were rejected before they reached the sink. */
  async #keepRejectedEntries({ rejected = [] }: ViewedEntries): Promise<void> {
    for (const { entry, error } of rejected) await this.keepAsDeadLetters([entry], error);
  }

  /** What the sink gets of the entries. */
  async #viewed(entries: readonly JournalEntry[], isReplay: boolean): Promise<ViewedEntries> {
    const { control, options } = this.#parts;
    const { view } = options;
    if (view === undefined) return { entries, filtered: {}, redacted: {} };
    return await control.call((signal) => view.view(entries, signal, isReplay));
  }

  async #write(entries: readonly JournalEntry[]): Promise<unknown> {
    const { control, options } = this.#parts;
    const { sink } = options;
    if (sink.prepare !== undefined) {
      const prepare = sink.prepare.bind(sink);
      const state = await control.call((signal) => prepare(signal));
      if (state !== undefined) await this.moveTo(this.#progress.position, this.#storable(state));
    }
    return this.#storable(await control.call((signal) => sink.write(entries, signal)));
  }

  #count(entries: readonly JournalEntry[]): void {
    const { written } = this.#parts.counters;
    for (const { records, body } of entries) {
      written.batches += 1;
      written.records += records;
      written.bytes += body.length;
    }
  }

  async #stored(store: () => Promise<void>): Promise<void> {
    await this.#parts.control.untilDone('the cursor cannot be stored', store);
  }

  /** The state after a rejection: the one from the error, or the previous one. */
  #stateAfter(state: unknown): unknown {
    return state === undefined ? this.#progress.state : this.#storable(state);
  }

  /**
   * Returns the state if it can be stored. Otherwise no state is kept: an old one would undo what was
   * written.
   */
  #storable(state: unknown): unknown {
    const problem = stateProblem(state);
    if (problem === undefined) return state;
    const { health } = this.#parts;
    health.remember(`a state ${problem}`);
    health.log(Severity.ERROR, `the sink returned a state ${problem}; the state was not stored`);
    return undefined;
  }
}
