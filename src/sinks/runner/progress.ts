import type { JournalView } from '../../component/index.ts';
import { Severity } from '../../record/index.ts';
import { CursorFile, type StoredCursor, type UnfinishedRun } from './cursor-file.ts';

/** Where a sink is in the journal. */
export interface Place {
  /** The first entry that it has not written. */
  readonly position: number;
  /** How many records were written to the journal before it, ever; undefined: not known. */
  readonly records: number | undefined;
}

/** Where a sink begins, and what the operator should know about it. */
interface StartingPlace extends Place {
  readonly state: unknown;
  readonly note?: Note;
}

interface Note {
  readonly severity: number;
  readonly message: string;
}

/**
 * How far a sink has come, in memory and in its cursor file. Everything here moves only when it is on the
 * disk.
 */
export class Progress {
  readonly #journal: JournalView;
  readonly #journalId: string;
  readonly #cursor: CursorFile;
  readonly #start: 'oldest' | 'now';
  #place: Place = { position: 1, records: undefined };
  #state: unknown;
  #run: UnfinishedRun | undefined;

  /** @param start where it begins without a cursor */
  constructor(journal: JournalView, cursorFile: string, start: 'oldest' | 'now') {
    this.#start = start;
    this.#journal = journal;
    this.#journalId = Buffer.from(journal.id).toString('hex');
    this.#cursor = new CursorFile(cursorFile);
  }

  get place(): Place {
    return this.#place;
  }

  /** The first entry that the sink has not written. */
  get position(): number {
    return this.#place.position;
  }

  /** What the sink's last `write` returned. */
  get state(): unknown {
    return this.#state;
  }

  /**
   * Reads the cursor.
   * @returns what the operator should know; and the run before this one, if it did not end cleanly
   * @throws if the cursor cannot be opened or was written by a newer version
   */
  async load(): Promise<{ readonly note: Note | undefined; readonly unfinished: UnfinishedRun | undefined }> {
    const found = await this.#cursor.open();
    const { position, records, state, note } = startingPlace(this.#journal, found, this.#start);
    this.#place = { position, records };
    this.#state = state;
    const isSamePlace = found.cursor?.position === position;
    return { note, unfinished: isSamePlace ? found.cursor?.run : undefined };
  }

  /**
   * Moves.
   * @param run what is noted of this run; entries that are being tried stay so until the position is behind
   *   them
   * @throws if it cannot be stored: then nothing has changed
   */
  async moveTo(place: Place, state: unknown, run: UnfinishedRun): Promise<void> {
    const trying = this.#run?.tryingTo;
    const isOver = trying === undefined || place.position >= trying;
    await this.#store(place, state, isOver ? run : this.#run);
  }

  /** Notes what this run does, for the case that it does not end cleanly. @throws if it cannot be stored */
  async note(run: UnfinishedRun): Promise<void> {
    await this.#store(this.#place, this.#state, run);
  }

  /** Notes that this run ended cleanly, and closes the file. @throws if that cannot be stored */
  async end(): Promise<void> {
    try {
      if (this.#run !== undefined) await this.#store(this.#place, this.#state, undefined);
    } finally {
      await this.#cursor.close();
    }
  }

  async #store(place: Place, state: unknown, run: UnfinishedRun | undefined): Promise<void> {
    await this.#cursor.store({ journal: this.#journalId, ...place, state, run });
    this.#place = place;
    this.#state = state;
    this.#run = run;
  }
}

/**
 * Where a sink begins: at its cursor if that belongs to this journal, else at the journal's first entry. Then
 * without its old state too: what lies beyond that cannot be written again, so the sink must not undo it.
 */
function startingPlace(
  journal: JournalView,
  { cursor, damaged }: { readonly cursor: StoredCursor | undefined; readonly damaged: boolean },
  start: 'oldest' | 'now',
): StartingPlace {
  const { first, next } = journal;
  const atFirst = (severity: number, what: string): StartingPlace => ({
    position: first,
    records: undefined,
    state: undefined,
    note: { severity, message: `${what}; it begins at the journal's entry ${first}` },
  });
  if (damaged) return atFirst(Severity.ERROR, 'its cursor cannot be read');
  if (cursor === undefined) return withoutCursor(journal, start);
  if (!journal.continues(cursor.journal))
    return atFirst(Severity.WARN, 'its cursor belongs to another journal');
  const { position, records, state } = cursor;
  if (position <= next) return { position, records, state };
  const message = `it has written up to entry ${position - 1}, but the journal ends at ${next - 1}; it continues there`;
  return { position: next, records: undefined, state, note: { severity: Severity.ERROR, message } };
}

function withoutCursor(journal: JournalView, start: 'oldest' | 'now'): StartingPlace {
  const { first, next } = journal;
  const place = { position: start === 'now' ? next : first, records: undefined, state: undefined };
  const { batches, records } = journal.behind(first);
  if (batches === 0) return place;
  const what = `${batches} batches with ${records} records`;
  const message =
    start === 'now'
      ? `it has no position yet and begins now (start: now); the journal holds ${what} that it will not write`
      : `it has no position yet and begins at the oldest entry, ${first}, with ${what} (start: oldest)`;
  return { ...place, note: { severity: Severity.INFO, message } };
}
