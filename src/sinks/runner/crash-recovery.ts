import type { JournalEntry } from '../../component/index.ts';
import type { UnfinishedRun } from './cursor-file.ts';

/**
 * The number of groups into which suspect entries are split: each one costs two more writes of the cursor.
 */
const GROUPS = 64;
/**
 * An entry is the cause if the process ends this many times in a row while it is written alone. Once is not
 * enough: something else may have ended the process.
 */
const MAX_ENDS = 2;

/**
 * Finds the entry that ended the process, if one did, after a run that did not end cleanly.
 *
 * All entries that a sink may have been writing are suspects. They are written in small groups, each while
 * nothing else in the process writes (see {@link WriteTurns}), and the cursor contains which group. If the
 * process ends again, only that group is suspect at the next start. An entry that was written alone when the
 * process ended twice in a row is rejected and not written again. Of 64 suspects it is found by the third
 * end, of 4,096 by the fourth. If something else ends the process repeatedly, no entry is rejected as long as
 * the sink makes progress. Before the second attempt alone there is a delay, because a process that is ended
 * repeatedly is often ended at its start.
 *
 * A run without suspects has no extra cost.
 */
export class CrashRecovery {
  readonly #position: number;
  readonly #suspectsTo: number;
  /** How often the process ended while the first entry was written alone. */
  readonly #ends: number;
  #bytesLeft: number;

  /**
   * @param run the previous run if it did not end cleanly
   * @param position the first entry that is not written
   * @param next the index after the journal's last entry: later entries are not suspects
   * @param maxBytes how much one call of a sink can have received
   */
  constructor(
    run: UnfinishedRun | undefined,
    { position, next, maxBytes }: { position: number; next: number; maxBytes: number },
  ) {
    this.#suspectsTo = run === undefined ? 0 : Math.min(run.tryingTo ?? run.suspectsTo ?? next, next);
    this.#bytesLeft = maxBytes;
    this.#position = position;
    this.#ends = run?.tryingTo === position + 1 ? (run.ends ?? 0) + 1 : 0;
  }

  /** Whether the process ended while the first entry was written alone. */
  get hasFirstEnded(): boolean {
    return this.#ends > 0;
  }

  /** Whether the first entry must not be written again. */
  get isFirstRejected(): boolean {
    return this.#ends >= MAX_ENDS;
  }

  /**
   * The content of the cursor before anything is tried. If another sink ends the process before this one has
   * its turn, the first entry stays as suspect as it is now; otherwise two sinks could clear each other
   * forever.
   */
  get runAtStart(): UnfinishedRun {
    const run = this.runAt(this.#position);
    return this.#ends > 0 ? { ...run, tryingTo: this.#position + 1, ends: this.#ends - 1 } : run;
  }

  /** The content of the cursor while no suspect is written. */
  runAt(position: number): UnfinishedRun {
    return this.isSuspect(position) ? { suspectsTo: this.#suspectsTo } : {};
  }

  /** The content of the cursor while the entries from `position` to `tryingTo` are written. */
  tryingAt(position: number, tryingTo: number): UnfinishedRun {
    const run = { ...this.runAt(position), tryingTo };
    return position === this.#position && this.#ends > 0 ? { ...run, ends: this.#ends } : run;
  }

  isSuspect(index: number): boolean {
    return index < this.#suspectsTo && this.#bytesLeft > 0;
  }

  /** Splits entries into groups that may be written together. */
  *groups(entries: readonly JournalEntry[]): Generator<readonly JournalEntry[]> {
    const suspects = entries.filter(({ index }) => index < this.#suspectsTo).length;
    const size = Math.ceil(suspects / GROUPS);
    let from = 0;
    while (from < suspects && this.#bytesLeft > 0) {
      const group = entries.slice(from, Math.min(from + size, suspects));
      yield group;
      for (const { body } of group) this.#bytesLeft -= body.length;
      from += group.length;
    }
    if (from < entries.length) yield entries.slice(from);
  }
}
