import type { JournalEntry } from '../../component/index.ts';
import type { UnfinishedRun } from './cursor-file.ts';

/** So many groups are made of the suspects: each one costs two more stores of the cursor. */
const GROUPS = 64;
/**
 * An entry that was written alone when the process ended is innocent if somebody else ended it. Not twice in
 * a row.
 */
const GUILTY_ENDS = 2;

/**
 * After an end of the process that was not clean: finds the entry that ended it, if one did.
 *
 * All entries that a sink may have been writing are suspects. They are written in small groups, each alone in
 * the whole process (see {@link WriteTurns}), and the cursor says before which one. If the process ends
 * again, only that group is suspect at the next start. An entry that was written alone at two ends in a row
 * is guilty, and not written again. Of 64 suspects it is found by the third end, of 4,096 by the fourth;
 * processes that others end bury nothing as long as they make progress. Between the start and the second
 * attempt alone there is a wait: whoever ends a process again and again often does it at its start.
 *
 * A run that finds no suspects pays nothing for this.
 */
export class CrashRecovery {
  readonly #position: number;
  readonly #suspectsTo: number;
  /** How often the process ended while the first entry was written alone. */
  readonly #ends: number;
  #bytesLeft: number;

  /**
   * @param run the run that did not end cleanly; undefined: it did
   * @param position the first entry that is not written
   * @param next the index behind the journal's last entry now: entries that come later are not suspect
   * @param maxBytes how much one call of a sink can have got
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

  /** The process ended while the first entry was written alone. */
  get hasFirstEnded(): boolean {
    return this.#ends > 0;
  }

  /** The first entry must not be written again. */
  get isFirstGuilty(): boolean {
    return this.#ends >= GUILTY_ENDS;
  }

  /**
   * What the cursor says before anything is tried. If another sink ends the process before this one has its
   * turn, the first entry is as suspect at the next start as it is now: else two sinks could clear each other
   * forever.
   */
  get runAtStart(): UnfinishedRun {
    const run = this.runAt(this.#position);
    return this.#ends > 0 ? { ...run, tryingTo: this.#position + 1, ends: this.#ends - 1 } : run;
  }

  /** What the cursor says while nothing is being tried. */
  runAt(position: number): UnfinishedRun {
    return this.isSuspect(position) ? { suspectsTo: this.#suspectsTo } : {};
  }

  /** What the cursor says while the entries from the position up to this one are being written. */
  tryingAt(position: number, tryingTo: number): UnfinishedRun {
    const run = { ...this.runAt(position), tryingTo };
    return position === this.#position && this.#ends > 0 ? { ...run, ends: this.#ends } : run;
  }

  isSuspect(index: number): boolean {
    return index < this.#suspectsTo && this.#bytesLeft > 0;
  }

  /** Cuts entries into what may be written together. */
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
